"""Whether a record's own words, which people read, are those of the log's entry, which the log proves. Pure.

What else stands in a record (names, titles, addresses, retention) only its signature vouches for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.audit.rules import ActorKind
from consent.ledger.models import Surface
from consent.ledger.receipts.record import LANGUAGE_TAGS, instant
from consent.ledger.receipts.vocabulary import KIND, STATUS
from consent.policies.rules.register import WHOLE_POLICY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INCOMPLETE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


def says_what_its_entry_says(record: Mapping[str, Any]) -> bool:
    """Whether the words agree with the entry that the record names for the log. record: as `record_of` gives it."""
    try:
        entry, processing = record["log_entry"], record["processing"]
        [event], [purpose], [party] = record["events"], processing["purposes"], record["parties"]
        number, company = entry["event"], f"controller:{entry['controller']}"
        pairs = [
            ((record["header"]["record_id"], record["receipt"]["receipt_id"]), (number, f"urn:uuid:{number}")),
            (event["event_time"], _instant(entry["at"])),
            (event["event_state"], STATUS[entry["status"]]),
            ((event["event_type"], event["consent_kind"]), (KIND[entry["kind"]], entry["kind"])),
            ((event["surface"], purpose["collection_method"]), (entry["surface"], entry["surface"])),
            (event["imported"], entry["surface"] == Surface.IMPORT),
            (processing["privacy_notice"]["shown_sha256"], entry["shown_sha256"]),
            (processing["language"], LANGUAGE_TAGS.get(entry["language"], entry["language"])),
            (purpose.get("purpose_code", WHOLE_POLICY), entry["purpose"]),
            (entry["recipient"] in ("", *purpose["recipient_third_parties"][:1]), True),
            ((party["party_id"], purpose["pii_controllers"]), (company, [company])),
        ]
    except _INCOMPLETE:
        return False
    return all(said == logged for said, logged in pairs)


def says_what_is_opened(record: Mapping[str, Any], private: Sequence[Any]) -> bool:
    """Whether the words agree with what opens the entry. private: as `leaves.private_part` gives it."""
    try:
        [event], [party] = record["events"], record["parties"]
        actor, _agent, claimed, _key, _network, _subject = private
        by_person = actor.partition(":")[0] == ActorKind.SUBJECT
        entity = record["header"]["pii_principal_id"] if by_person else party["party_id"]
        claimed_time = None if claimed is None else _instant(claimed)
    except _INCOMPLETE:
        return False
    return (event.get("claimed_time"), event.get("entity_id")) == (claimed_time, entity)


def instant_of(microseconds: int) -> datetime:
    """Of microseconds since 1970, as an entry has it. Raises OverflowError."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _instant(microseconds: int) -> str:
    return instant(instant_of(microseconds))
