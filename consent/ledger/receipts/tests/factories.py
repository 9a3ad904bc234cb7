"""Receipts that always come out the same, and ones of real acts."""

import base64
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from consent.ledger.log.actions import seal
from consent.ledger.log.rules.leaves import commitment, leaf_object, opening_key
from consent.ledger.models import ConsentEvent, ConsentKind, ConsentStatus, Surface
from consent.ledger.receipts.record import VersionAsShown, record_of
from consent.ledger.receipts.selectors import Receipt, event_row, receipt_for
from consent.ledger.tests.factories import answer, make_subject
from consent.policies.models import PolicyVersion
from consent.policies.tests.factories import facts, make_policy, make_version

SECRET = bytes(range(32))
OLD_SEED, NEW_SEED = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
CONSENTS = "https://consent.example/consents/"
CONTROLLER = {
    "name": {"zh-hans": "示例支付有限公司", "en": "Example Pay Ltd"},
    "brand": {"zh-hans": "示例支付", "en": "Example Pay"},
    "address": {"zh-hans": "南方市示例区示例路 8 号", "en": "8 Example Road"},
    "phone": "400-000-1234",
    "hours": {"zh-hans": "每天 8:00–22:00", "en": "8 to 22 every day"},
    "email": "privacy@pay.example",
}


def fixed_event(**changes: Any) -> ConsentEvent:
    """An answer with every field set, not stored."""
    fields = {
        "subject_id": 7,
        "id": UUID("6f1e6a52-3c0f-8d6e-9a54-2b7c1d0e9f31"),
        "at": datetime(2026, 3, 2, 1, 0, 0, 123456, tzinfo=UTC),
        "claimed_at": None,
        "controller_id": 1,
        "policy_id": 2,
        "version_id": 3,
        "shown_sha256": bytes(range(32, 64)),
        "purpose": "card",
        "recipient": "",
        "status": ConsentStatus.GIVEN,
        "kind": ConsentKind.SEPARATE,
        "surface": Surface.PAGE,
        "language": "zh-hans",
        "actor": "subject:17",
        "network": "203.0.113.0/24",
        "agent": "Firefox, Android",
        "idempotency_key": "form-1",
    }
    return ConsentEvent(**fields | changes)


def fixed_version(**changes: Any) -> VersionAsShown:
    """A version with a sensitive purpose, and one that the law decides."""
    fields: dict[str, Any] = {
        "number": 4,
        "title": "示例支付隐私政策",
        "url": "https://consent.example/policies/privacy/versions/4/",
        "text_sha256": "ab" * 32,
        "published_at": datetime(2026, 1, 1, tzinfo=UTC),
        "effective_at": datetime(2026, 2, 1, tzinfo=UTC),
        "controller": CONTROLLER,
        "register": [
            facts("card", items=["number!", "phone"], recipients={"zh-hans": "示例银行", "en": "Example Bank"}),
            facts("law", lawful_basis="legal_duty", items=["identity"]),
        ],
        "refusal_consequence": {"zh-hans": "暂时不能开通账户。", "en": "No account can be opened for now."},
    }
    return VersionAsShown(**fields | changes)


def fixed_record(event: ConsentEvent | None = None, version: VersionAsShown | None = None) -> dict[str, Any]:
    """The record of an event, the fixed one where None."""
    event = event or fixed_event()
    row = event_row(event)
    leaf = leaf_object(row, commitment(opening_key(SECRET, row.id), row))
    return record_of(event, version or fixed_version(), secret=SECRET, leaf=leaf, consents_url=CONSENTS)


def make_act(
    user: User, status: ConsentStatus = ConsentStatus.GIVEN, purpose: str = "ads", version: PolicyVersion | None = None
) -> ConsentEvent:
    """A stored answer of the user's; a version is made where none is given."""
    version = version or make_version(make_policy())
    recorded = answer(make_subject(user, version.policy.controller), version, status, [purpose])
    return ConsentEvent.objects.get(id=recorded.events[0].id)


def make_sealed(user: User, others: int = 4, **act: Any) -> Receipt:
    """The receipt of an answer that the log has, among others. For tests that may commit."""
    event = make_act(user, **act)
    version = PolicyVersion.objects.get(pk=event.version_id)
    subject = make_subject(user, version.policy.controller)
    for _each in range(others):
        answer(subject, version, ConsentStatus.REFUSED, ["location"])
    seal_waiting(others + 1)
    return receipt_for(event)


def seal_waiting(count: int) -> None:
    """Seal so many events. It may take a moment: the log waits for transactions that began before, in any database."""
    end = time.monotonic() + 30
    while (count := count - seal()) > 0:
        assert time.monotonic() < end, f"{count} events were not sealed"
        time.sleep(0.02)
    assert count == 0
