"""A record's words are held against the entry of the log and what opens it: what people read is what was sealed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from consent.ledger.log.rules.leaves import private_part
from consent.ledger.models import ConsentKind, Surface
from consent.ledger.receipts.agreement import says_what_is_opened, says_what_its_entry_says
from consent.ledger.receipts.selectors import event_row
from consent.ledger.receipts.tests.factories import fixed_event, fixed_record
from consent.policies.rules.register import WHOLE_POLICY

Change = Callable[[dict[str, Any]], Any]
EVENTS: list[dict[str, Any]] = [
    {},
    {"recipient": "bank"},
    {"purpose": WHOLE_POLICY, "kind": ConsentKind.IMPLIED, "actor": "system"},
    {"purpose": WHOLE_POLICY, "recipient": "bank"},
    {"surface": Surface.IMPORT, "claimed_at": datetime(2020, 5, 4, tzinfo=UTC), "actor": "client:3"},
    {"language": "en"},
]


@pytest.mark.parametrize("changes", EVENTS)
def test_a_record_of_ours_agrees_with_its_entry_and_with_what_opens_it(changes: dict[str, Any]) -> None:
    event = fixed_event(**changes)

    record = fixed_record(event)

    assert says_what_its_entry_says(record)
    assert says_what_is_opened(record, private_part(event_row(event)))


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["header"].update(record_id="00000000-0000-8000-8000-000000000000"),
        lambda r: r["receipt"].update(receipt_id="urn:uuid:00000000-0000-8000-8000-000000000000"),
        lambda r: r["events"][0].update(event_time="2026-03-02T01:00:00.123457Z"),
        lambda r: r["events"][0].update(event_state="dpv:ConsentRefused"),
        lambda r: r["events"][0].update(event_type="dpv:ImpliedConsent"),
        lambda r: r["events"][0].update(consent_kind="explicit"),
        lambda r: r["events"][0].update(surface="flow"),
        lambda r: r["events"][0].update(imported=True),
        lambda r: r["events"].append(r["events"][0]),
        lambda r: r["processing"]["privacy_notice"].update(shown_sha256="00" * 32),
        lambda r: r["processing"].update(language="en"),
        lambda r: r["processing"]["purposes"][0].update(purpose_code="ads"),
        lambda r: r["processing"]["purposes"][0].update(collection_method="flow"),
        lambda r: r["processing"]["purposes"][0].update(pii_controllers=["controller:2"]),
        lambda r: r["processing"]["purposes"][0].update(recipient_third_parties=["others", "bank"]),
        lambda r: r["processing"]["purposes"].clear(),
        lambda r: r["parties"][0].update(party_id="controller:2"),
        lambda r: r["log_entry"].update(at=2**60),
        lambda r: r.pop("log_entry"),
    ],
)
def test_a_word_that_is_not_that_of_the_entry_is_found(change: Change) -> None:
    record = fixed_record(fixed_event(recipient="bank"))

    change(record)

    assert not says_what_its_entry_says(record)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["events"][0].update(claimed_time="2020-01-01T00:00:00.000000Z"),
        lambda r: r["events"][0].update(entity_id="controller:1"),
        lambda r: r["events"].clear(),
    ],
)
def test_a_word_that_is_not_what_is_opened_is_found(change: Change) -> None:
    event = fixed_event()
    record = fixed_record(event)

    change(record)

    assert not says_what_is_opened(record, private_part(event_row(event)))


@pytest.mark.parametrize("private", [[], [1] * 6, ["subject:17", "", 2**70, "", "", 7], ["subject:17"] * 7])
def test_what_cannot_open_an_entry_agrees_with_nothing(private: list[Any]) -> None:
    assert not says_what_is_opened(fixed_record(), private)
