"""Files to import, for tests."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from accounts.audit.rules import SYSTEM
from consent.ledger.transfer.actions import Counts, import_consents
from consent.ledger.transfer.lines import Format
from consent.ledger.transfer.refusals import Refusal
from consent.policies.models import Controller

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CLAIMED = "2025-06-01T08:00:00+08:00"


def line(**changes: Any) -> dict[str, Any]:
    """A yes to the policy as a whole."""
    usual = {"subject": "c-1", "policy": "privacy", "version": 1, "purpose": "", "status": "given", "at": CLAIMED}
    return usual | changes


def ndjson(lines: Iterable[Mapping[str, Any]]) -> bytes:
    """The lines as a file."""
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in lines)


def run(
    controller: Controller, content: bytes, form: Format = Format.NDJSON, *, at: datetime = AT
) -> tuple[Counts, list[Refusal]]:
    """Import the file to its end."""
    counts, refusals = Counts(), list[Refusal]()
    for batch in import_consents(BytesIO(content), form, controller.pk, actor=SYSTEM, at=at):
        counts = batch.so_far
        refusals += batch.refusals
    return counts, refusals


def told(refusals: Iterable[Refusal]) -> list[tuple[int, str, str]]:
    """Line, code and field of each."""
    return [(refusal.line, str(refusal.reason), refusal.field) for refusal in refusals]
