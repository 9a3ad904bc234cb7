"""Every kind of information that the portal holds about a person: how much of it, and how it is read for the vault.

Whoever adds a table with something personal adds it here and to `erasing`; a test finds a table that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_otp_webauthn.models import WebAuthnCredential

from accounts.models import (
    Authenticator,
    Browser,
    ContactChange,
    ExternalCheck,
    MarketingChoice,
    Notice,
    PersonalRead,
    PersonSearch,
    ProfileChange,
    ProfileItem,
    ProfileLabel,
    RecoveryCode,
    SignIn,
    User,
)
from accounts.profile.rules import FIELDS
from consent.ledger.models import ConsentEvent, DataSubject
from consent.rights.disclosures.selectors import disclosures_told
from consent.rights.export.models import Export
from consent.rights.leaving.rules import OnFile
from consent.rights.requests.models import RightsRequest

Rows = models.QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Holding:
    """label: for the person; for_staff: for everybody else, where label speaks to the person. rows: the person's.
    columns: what the vault keeps of each where a rule wants it kept; without any it cannot be kept. is_anonymised: it
    stays, cut loose from the person."""

    label: str | Promise
    rows: Callable[[User], Rows]
    columns: tuple[str, ...] = ()
    is_anonymised: bool = False
    for_staff: str | Promise = ""


def _by_user(model: type[models.Model]) -> Callable[[User], Rows]:
    return lambda user: model._default_manager.filter(user=user)


HOLDINGS: Mapping[str, Holding] = {
    "authenticators": Holding(_("Authenticator apps"), _by_user(Authenticator)),
    "passkeys": Holding(_("Passkeys"), _by_user(WebAuthnCredential)),
    "recovery-codes": Holding(_("Recovery codes"), _by_user(RecoveryCode)),
    "profile-history": Holding(
        _("Changes of your profile"),
        _by_user(ProfileChange),
        ("field", "before", "after", "at", "actor"),
        for_staff=_("Changes of the profile"),
    ),
    "contact-history": Holding(
        _("Changes of your address and number"),
        _by_user(ContactChange),
        ("kind", "before", "after", "at"),
        for_staff=_("Changes of the address and number"),
    ),
    "checks": Holding(
        _("Checks of your information by others"),
        _by_user(ExternalCheck),
        ("field", "checked_by", "result", "at"),
        for_staff=_("Checks of the information by others"),
    ),
    "sign-ins": Holding(
        _("Sign-in log"), _by_user(SignIn), ("at", "result", "way", "family", "system", "network", "place")
    ),
    "browsers": Holding(_("Browsers that are known"), _by_user(Browser)),
    "searches": Holding(_("Who searched for you"), _by_user(PersonSearch), for_staff=_("Who searched for the person")),
    "labels": Holding(_("Labels of groups"), _by_user(ProfileLabel)),
    "marketing": Holding(_("Choices about marketing"), _by_user(MarketingChoice)),
    "requests": Holding(
        _("Requests: their words and documents"),
        _by_user(RightsRequest),
        ("number", "kind", "received_at", "details", "wanted", "answer", "decision", "ended_at"),
    ),
    "notices": Holding(
        _("Messages to you"),
        lambda user: Notice.objects.filter(user_id=user.pk),
        for_staff=_("Messages to the person"),
    ),
    "exports": Holding(_("Exports that were made"), lambda user: Export.objects.filter(user=user, destroyed_at=None)),
    "consents": Holding(
        _("Your consents and refusals"),
        lambda user: ConsentEvent.objects.filter(
            subject_id__in=list(DataSubject.objects.filter(user=user).values_list("pk", flat=True))
        ),
        is_anonymised=True,
        for_staff=_("Consents and refusals"),
    ),
    "disclosures": Holding(
        _("What was given to authorities"),
        lambda user: disclosures_told(user, timezone.localdate()),
        is_anonymised=True,
    ),
    "reads": Holding(
        _("Who among staff looked at your information"),
        lambda user: PersonalRead.objects.filter(person_id=user.pk),
        is_anonymised=True,
        for_staff=_("Who among staff looked at the information"),
    ),
}
CONTACTS = "contacts"  # of the account itself, with its name
STRANGERS = "requests-without-account"  # of nobody who could leave: counted from the day on which a request ended
CODES = (CONTACTS, *FIELDS, *HOLDINGS)


def label_of(code: str) -> str:
    """What people are told that it is."""
    if code == CONTACTS:
        return str(_("E-mail address, mobile number and name"))
    if code == STRANGERS:
        return str(_("Requests of people without an account, from their end"))
    return str(FIELDS[code].label if code in FIELDS else HOLDINGS[code].label)


def label_for_staff(code: str) -> str:
    """The same for whoever it is not about."""
    return str(HOLDINGS[code].for_staff) or label_of(code) if code in HOLDINGS else label_of(code)


def on_file(user: User) -> list[OnFile]:
    """What is really there, in the order of CODES. As many queries as there are kinds, and one for the profile."""
    found = {CONTACTS: len(user.contacts) + bool(user.name)}
    fields = set(ProfileItem.objects.filter(user=user).values_list("field", flat=True))
    found |= {code: int(code in fields) for code in FIELDS}
    found |= {code: holding.rows(user).count() for code, holding in HOLDINGS.items()}
    return [
        OnFile(code, count, is_anonymised=code in HOLDINGS and HOLDINGS[code].is_anonymised)
        for code, count in found.items()
        if count
    ]


def content_of(user: User, code: str) -> Any:
    """The values of one kind, as the vault keeps them; None where there are none."""
    if code == CONTACTS:
        return {"email": user.email, "phone": user.phone, "name": user.name} if user.contacts else None
    if code in FIELDS:
        item = ProfileItem.objects.filter(user=user, field=code).first()
        return {"value": item.value, "source": item.source, "since_at": item.since_at} if item else None
    holding = HOLDINGS[code]
    rows = list(holding.rows(user).order_by("pk").values(*holding.columns)) if holding.columns else []
    return rows or None


def may_be_kept(code: str) -> bool:
    """Whether a retention rule may name it."""
    return code in (CONTACTS, STRANGERS) or code in FIELDS or bool(code in HOLDINGS and HOLDINGS[code].columns)
