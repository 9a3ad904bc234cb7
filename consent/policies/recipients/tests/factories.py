"""Recipients on file, for tests."""

from datetime import UTC, date, datetime
from typing import Any

from accounts.audit.rules import SYSTEM
from consent.policies import schedule
from consent.policies.models import Controller
from consent.policies.recipients.actions import describe_recipient, record_agreement
from consent.policies.recipients.models import Recipient

ON_FILE = datetime(2025, 1, 1, tzinfo=UTC)


def description(**changes: Any) -> dict[str, Any]:
    """A third party that was assessed, as `describe_recipient` takes it."""
    return {
        "name": {"zh-hans": "示例银行", "en": "Example Bank"},
        "role": "third_party",
        "assessed_on": date(2024, 12, 1),
        "uses_for_own_marketing": False,
    } | changes


def make_recipient(
    controller: Controller, code: str = "bank", *, bound: bool = True, at: datetime = ON_FILE, **changes: Any
) -> Recipient:
    """On file since 2025. bound: by an agreement without end."""
    recipient = describe_recipient(controller, code, description(**changes), actor=SYSTEM, at=at)
    if bound:
        make_agreement(recipient, at=at)
    schedule.refresh()
    return recipient


def make_agreement(recipient: Recipient, *, at: datetime = ON_FILE, **changes: Any) -> Any:
    """One that keeps the information confidential, from the first day of 2025."""
    terms: dict[str, Any] = {
        "reference": "A-1",
        "confidentiality": True,
        "valid_from": date(2025, 1, 1),
        "valid_until": None,
    } | changes
    return record_agreement(recipient, **terms, actor=SYSTEM, at=at)
