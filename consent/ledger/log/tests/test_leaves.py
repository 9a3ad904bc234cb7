"""Leaves are canonical JSON, and hide what they must."""

import hmac
import json
from typing import Any

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.ledger.log.rules.leaves import (
    EventRow,
    commitment,
    leaf_bytes,
    leaf_object,
    opening_key,
    private_part,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
INTEGER = st.integers(-(2**53) + 1, 2**53 - 1)
ROW = EventRow(
    subject_id=41,
    id="018f0000-0000-8000-8000-000000000001",
    at=1_772_413_200_000_001,
    claimed_at=None,
    controller_id=1,
    policy_id=2,
    version_id=3,
    shown_sha256="ab" * 32,
    purpose="ads",
    recipient="",
    status="given",
    kind="explicit",
    surface="page",
    language="zh-hans",
    actor="subject:7",
    network="203.0.113.0/24",
    agent="Firefox on Linux",
    idempotency_key="key-1",
)
PRIVATE = {"subject_id", "claimed_at", "actor", "network", "agent", "idempotency_key"}


@settings(deadline=None)
@given(st.lists(TEXT, min_size=7, max_size=7), st.lists(INTEGER, min_size=4, max_size=4), st.none() | INTEGER)
def test_leaf_and_private_part_are_canonical_json_for_any_text(
    texts: list[str], numbers: list[int], claimed_at: int | None
) -> None:
    names = ("purpose", "recipient", "language", "actor", "network", "agent", "idempotency_key")
    values: dict[str, Any] = dict(zip(names, texts, strict=True))
    values |= dict(zip(("at", "subject_id", "policy_id", "version_id"), numbers, strict=True))
    row = ROW._replace(**values, claimed_at=claimed_at)
    key = b"k" * 32

    made = leaf_bytes(row, b"c" * 32)

    assert made == rfc8785.dumps(json.loads(made)) == rfc8785.dumps(leaf_object(row, b"c" * 32))
    assert commitment(key, row) == _hmac(key, rfc8785.dumps(private_part(row)))


def test_the_leaf_says_what_was_decided_and_nothing_about_whom() -> None:
    leaf = leaf_object(ROW, b"\1" * 32)

    assert leaf == {
        "at": 1_772_413_200_000_001,
        "commitment": "01" * 32,
        "controller": 1,
        "event": "018f0000-0000-8000-8000-000000000001",
        "kind": "explicit",
        "language": "zh-hans",
        "policy": 2,
        "purpose": "ads",
        "recipient": "",
        "shown_sha256": "ab" * 32,
        "status": "given",
        "surface": "page",
        "v": 1,
        "version": 3,
    }


def test_every_column_is_bound_by_the_leaf_or_by_the_commitment() -> None:
    key = b"k" * 32
    before = commitment(key, ROW)

    for name, value in ROW._asdict().items():
        other: Any = value + 1 if isinstance(value, int) else 5 if value is None else f"{value}x"
        changed = ROW._replace(**{name: other})

        assert (commitment(key, changed) != before) == (name in PRIVATE)
        assert (leaf_bytes(changed, before) != leaf_bytes(ROW, before)) == (name not in PRIVATE)


def test_the_opening_of_one_event_opens_no_other() -> None:
    one, other = (opening_key(b"s" * 32, event_id) for event_id in (ROW.id, ROW.id[:-1] + "2"))

    assert one == _hmac(b"s" * 32, b"opening:018f0000-0000-8000-8000-000000000001")
    assert one != other
    assert commitment(one, ROW) != commitment(other, ROW)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, "sha256").digest()
