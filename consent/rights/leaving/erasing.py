"""The end of a cancellation: one job of several steps, which may be killed in each, run twice, and at the same time.

A step and its mark are one transaction under a lock on the cancellation's row. What a step does outside the database
comes first and bears a repetition. Nothing starts before the journal and the vault are known to be there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential, WebAuthnUserHandle

from accounts.audit.actions import record_audit
from accounts.audit.rules import SYSTEM
from accounts.models import (
    Authenticator,
    Browser,
    Challenge,
    ContactChange,
    ExternalCheck,
    LockNotice,
    MarketingChoice,
    Notice,
    PersonSearch,
    ProfileChange,
    ProfileItem,
    ProfileLabel,
    RecoveryCode,
    SignIn,
    User,
)
from accounts.notices.actions import tell
from consent.rights.export.models import Export
from consent.rights.leaving import vault
from consent.rights.leaving.actions import contacts_to_tell
from consent.rights.leaving.errors import NoVault
from consent.rights.leaving.holdings import content_of
from consent.rights.leaving.journal import journal_path, note_erasure
from consent.rights.leaving.ledger import close_subjects
from consent.rights.leaving.models import Leaving, LeavingReceipt, LeavingStep
from consent.rights.leaving.rules import Fate, FateKind
from consent.rights.leaving.selectors import fates_of, unmet
from consent.rights.requests.models import ENDED, RequestDocument, RightsRequest, Status
from consent.rights.requests.wiping import wipe
from consent.rights.retention.models import LegalHold

Step = Callable[[Leaving, User, datetime], None]
OPENS_THE_ACCOUNT: tuple[type[Model], ...] = (
    Authenticator,
    RecoveryCode,
    WebAuthnCredential,
    WebAuthnUserHandle,
    Challenge,
)
PERSONAL: tuple[type[Model], ...] = (
    ProfileItem,
    ProfileChange,
    ProfileLabel,
    LockNotice,
    ExternalCheck,
    MarketingChoice,
    PersonSearch,
    ContactChange,
    SignIn,
    Browser,
    Export,
    EmailAddress,
)


def finish_leaving(leaving_id: int, *, at: datetime) -> bool:
    """Erase who has left, from wherever the last try ended; False where it must not start yet or was undone.

    at: aware UTC instant. Raises NoJournal, NoVault (500): then nothing is erased. Source: K98, K99, K100; PIPL 47.
    """
    if not _start(leaving_id, at):
        return False
    for name, step in STEPS:
        with transaction.atomic():
            leaving, user = _locked(leaving_id)
            if not LeavingStep.objects.filter(leaving=leaving, name=name).exists():
                step(leaving, user, at)
                LeavingStep.objects.create(leaving=leaving, name=name, done_at=at)
    return True


@transaction.atomic
def _start(leaving_id: int, at: datetime) -> bool:
    """The point of no return: the plan is made, and from now on nobody gets in."""
    leaving, user = _locked(leaving_id)
    if leaving.started_at:
        return True
    if leaving.undone_at or leaving.due_at > at or (unmet(user) and not leaving.replayed):
        return False
    # A replayed erasure keeps the terms of the day on which the person left.
    closed_on = timezone.localdate(leaving.due_at if leaving.replayed else at)
    leaving.plan = [line.fate.as_json() for line in fates_of(user, closed_on)]
    journal_path()
    if _kept(leaving) and not vault.is_reachable():
        raise NoVault
    leaving.started_at = at
    leaving.save(update_fields=["plan", "started_at"])
    _shut_the_door(user, at)
    record_audit("leaving.started", actor=SYSTEM, target=f"user:{user.pk}", at=at, details={"leaving": leaving.pk})
    return True


def _locked(leaving_id: int) -> tuple[Leaving, User]:
    """The person before the cancellation, as everywhere: so nobody waits in a circle, and whoever writes meanwhile has
    done so before, or finds the account closed."""
    user_id = Leaving.objects.values_list("user_id", flat=True).get(pk=leaving_id)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    return Leaving.objects.select_for_update().get(pk=leaving_id), user


def _shut_the_door(user: User, at: datetime) -> None:
    keys = SignIn.objects.filter(user=user).exclude(session_key="").values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()
    for model in OPENS_THE_ACCOUNT:
        model._default_manager.filter(user=user).delete()
    reach = [contact.index for contact in user.contacts]
    Challenge.objects.filter(user=None, destination_index__in=reach).delete()
    user.is_active = False
    user.leaving_at = user.leaving_at or at
    user.set_unusable_password()  # a session that is not on the list ends by this
    user.save(update_fields=["is_active", "leaving_at", "password"])


def _kept(leaving: Leaving) -> list[Fate]:
    return [fate for fate in map(Fate.from_json, leaving.plan) if fate.fate is FateKind.KEPT]


def _note(leaving: Leaving, _user: User, at: datetime) -> None:
    note_erasure(bytes(leaving.mark), at=leaving.due_at if leaving.replayed else at)


def _fill_vault(leaving: Leaving, user: User, at: datetime) -> None:
    closed_on = timezone.localdate(leaving.due_at if leaving.replayed else leaving.started_at)
    number = ProfileItem.objects.filter(user=user, field="id-number").first()
    names = (("email", user.email), ("phone", user.phone), ("id-number", number.value if number else ""))
    kept = [
        vault.ToKeep(bytes(leaving.mark), fate.code, fate.rule, closed_on, fate.until, content, names)
        for fate in _kept(leaving)
        if fate.until and (content := content_of(user, fate.code)) is not None
    ]
    if kept:
        vault.store(kept, at=at)


def _close_ledger(_leaving: Leaving, user: User, at: datetime) -> None:
    close_subjects(user, at=at)


def _wipe_records(leaving: Leaving, user: User, at: datetime) -> None:
    """After the account is closed, as whoever writes under accounts.users.locking sees: so nothing comes after this."""
    for model in (*PERSONAL, *OPENS_THE_ACCOUNT):
        model._default_manager.filter(user=user).delete()
    _wipe_requests(leaving, user, at)
    LegalHold.objects.filter(user=user).update(reason="", lift_reason="")


def _wipe_requests(_leaving: Leaving, user: User, at: datetime) -> None:
    """Numbers, kinds and dates stay: that a request was answered, and when, is the company's to prove. What is still
    open ends, because nobody could answer it any more."""
    mine = RightsRequest.objects.filter(user=user)
    mine.exclude(status__in=ENDED).update(status=Status.WITHDRAWN, ended_at=at, claimed_by=None, claimed_at=None)
    RequestDocument.objects.filter(request__in=mine, destroyed_at=None).update(content=None, destroyed_at=at)
    wipe(mine, at=at)


def _say_farewell(leaving: Leaving, user: User, at: datetime) -> None:
    """The last message and the end of its destination are one transaction: it goes out, and not twice."""
    Notice.objects.filter(user_id=user.pk).delete()
    if not leaving.replayed:  # they were told when they left
        token = secrets.token_urlsafe(32)
        LeavingReceipt.objects.create(token_digest=sha256(token.encode()).digest(), closed_at=at, fates=leaving.plan)
        url = f"{settings.BASE_URL}{reverse('leaving:receipt', args=[token])}"
        tell(user, "leaving_closed", {"url": url}, contacts=contacts_to_tell(user, at), at=at)
    _anonymise(user, at)


def _end(leaving: Leaving, user: User, at: datetime) -> None:
    leaving.finished_at = at
    leaving.save(update_fields=["finished_at"])
    record_audit("account.closed", actor=SYSTEM, target=f"user:{user.pk}", at=at, details={"leaving": leaving.pk})


def _anonymise(user: User, at: datetime) -> None:
    emptied = {
        **dict.fromkeys(("email", "phone", "name", "theme"), ""),
        **dict.fromkeys(("email_verified_at", "email_bounced_at", "phone_verified_at", "phone_bounced_at")),
        **dict.fromkeys(("findable_by_email", "findable_by_phone", "allows_profiling"), False),
        **dict.fromkeys(("contacts_confirmed_at", "contacts_ask_after")),
        "last_login": None,
        "leaving_at": None,
        "closed_at": at,
    }
    for field, value in emptied.items():
        setattr(user, field, value)
    user.save(update_fields=[*emptied, "email_index", "phone_index"])


# The journal before anything is gone, the vault next; the receipt while there are contacts to send it to.
STEPS: tuple[tuple[str, Step], ...] = (
    ("journal", _note),
    ("vault", _fill_vault),
    ("ledger", _close_ledger),
    ("requests", _wipe_requests),
    ("farewell", _say_farewell),
    ("records", _wipe_records),
    ("end", _end),
)
