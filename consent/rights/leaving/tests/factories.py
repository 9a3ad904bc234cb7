"""People with everything that the portal can know, for tests of its end."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.audit.rules import Actor, ActorKind
from accounts.models import (
    Browser,
    Challenge,
    ContactChange,
    ExternalCheck,
    LockNotice,
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
from accounts.otp.tests.factories import make_authenticator
from accounts.sealing.rules import seal_bytes
from consent.ledger.models import DataSubject
from consent.ledger.tests.factories import answer, make_subject
from consent.management.commands.load_retention_rules import rule_facts
from consent.policies.tests.factories import facts, make_policy, make_version
from consent.rights.disclosures.actions import Facts, note_disclosure
from consent.rights.leaving.actions import begin_leaving
from consent.rights.leaving.models import Leaving
from consent.rights.requests.models import RequestDocument, RightsRequest
from consent.rights.retention.models import RetentionRule
from portal import settings as portal_settings

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DUE = AT + timedelta(days=7)
SECRETS = (
    "alice@people.example",
    "+8613900139001",
    "Alice",
    "11010519491231002X",
    "8 Hidden Road",
    "widowed",
    "Zhang San",
)


def make_full_person(user: User) -> DataSubject:
    """Gives user a row in every table that can hold one, and consents to a policy."""
    user.phone, user.phone_verified_at = SECRETS[1], AT
    user.save(update_fields=["phone", "phone_index", "phone_verified_at"])
    ProfileItem.objects.create(user=user, field="id-number", value=SECRETS[3], since_at=AT)
    ProfileItem.objects.create(user=user, field="address", value=SECRETS[4], since_at=AT)
    ProfileChange.objects.create(user=user, field="address", after=SECRETS[4], at=AT, actor=f"subject:{user.pk}")
    ProfileLabel.objects.create(user=user, given_by="shibei", code="status", words={"en": SECRETS[5]}, at=AT)
    PersonSearch.objects.create(
        at=AT, searcher="client:1", company="shibei", system="app", kind="email", user=user, was_found=True
    )
    LockNotice.objects.create(user=user, field="id-number", shown_at=AT)
    ExternalCheck.objects.create(user=user, field="id-number", checked_by="id-authority", result="fits", at=AT)
    MarketingChoice.objects.create(user=user, channel="sms", topic="offers", is_on=True, at=AT)
    change = {"undo_until": AT + timedelta(days=3), "at": AT}
    ContactChange.objects.create(user=user, kind="email", before="old@people.example", after=user.email, **change)
    browser = Browser.objects.create(user=user, token_digest=bytes(32), first_seen_at=AT, last_seen_at=AT)
    SignIn.objects.create(user=user, at=AT, result="entered", browser=browser, network="203.0.113.0/24")
    RecoveryCode.objects.create(user=user, digest=bytes(32), made_at=AT)
    make_authenticator(user)
    Challenge.objects.create(
        user=user,
        act="x",
        parameters_digest=bytes(32),
        channel="email",
        code_hmac=bytes(32),
        created_at=AT,
        expires_at=AT,
    )
    Notice.objects.create(
        user_id=user.pk, event="code", kind="email", destination=user.email, parameters={}, language="en",
        created_at=AT, due_at=AT,
    )  # fmt: skip
    PersonalRead.objects.create(at=AT, staff_id=1, person_id=user.pk, case="R-2026-000001", what=["phone"])
    note_disclosure(
        UUID(int=user.pk),
        Facts("Example Police Office", "Anti-Money Laundering Law", "Letter 17", date(2026, 3, 1), ["sign-ins"]),
        user,
        staff_id=1,
        at=AT,
    )
    _make_request(user)
    version = make_version(make_policy(), [facts("ads", recipient_codes=["adco"]), "location"])
    subject = make_subject(user, version.policy.controller)
    answer(subject, version, purposes=["", "ads"])
    return subject


def _make_request(user: User) -> None:
    request = RightsRequest.objects.create(
        number=f"R-2026-{user.pk:06}",
        kind="access",
        channel="phone",
        status="withdrawn",
        user=user,
        contact_kind="email",
        contact_value=user.email,
        name=SECRETS[6],
        details=f"I live at {SECRETS[4]}",
        language="en",
        received_at=AT,
        due_on=AT.date(),
        ended_at=AT,
    )
    content = seal_bytes(b"picture", f"consent_requestdocument.content:{request.pk}")
    RequestDocument.objects.create(request=request, kind="identity", content=content, uploaded_at=AT)


def load_rules() -> list[RetentionRule]:
    """Those of the demonstration."""
    stored: list[dict[str, Any]] = json.loads((portal_settings.BASE_DIR / "demo" / "retention.json").read_text("utf-8"))
    return [RetentionRule.objects.create(**rule_facts(rule)) for rule in stored]


def themselves(user: User) -> Actor:
    """The person as the actor."""
    return Actor(ActorKind.SUBJECT, user.pk)


def begin(user: User, *, at: datetime = AT) -> Leaving:
    """The person has proven in two ways that they want to leave."""
    return begin_leaving(user, proofs=["email", "totp"], actor=themselves(user), at=at)
