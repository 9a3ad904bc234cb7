"""The public check against a company that signs anew, or rewrites its tables: the receipt that somebody kept wins."""

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from consent.ledger.log.tests.conftest import tamper
from consent.ledger.models import ConsentEvent
from consent.ledger.receipts.keys import sign
from consent.ledger.receipts.record import canonical
from consent.ledger.receipts.selectors import Receipt, receipt_for
from consent.ledger.receipts.tests.factories import make_sealed, seal_waiting

__all__ = ["tamper"]

CHECK = "/check/"
NOT_GENUINE, KEEP_IT = "这张回执对不上", "请留好"
LATE = """
INSERT INTO consent_event (subject_id, id, at, controller_id, policy_id, version_id, shown_sha256, purpose, recipient,
                           status, kind, surface, language, actor, network, agent, idempotency_key)
SELECT subject_id, gen_random_uuid(), '2020-01-01T00:00Z', controller_id, policy_id, version_id, shown_sha256, purpose,
       recipient, status, kind, surface, language, actor, network, agent, 'late' FROM consent_event WHERE id = %s
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receipt(alice: User) -> Receipt:
    """A receipt that the log has."""
    return make_sealed(alice)


def _checked(client: Client, text: str) -> str:
    page: str = client.post(CHECK, {"receipt": text}).content.decode()
    return page


def _signed_again(change: Callable[[dict[str, Any]], Any], receipt: Receipt, *, with_proof: bool = False) -> str:
    bundle = json.loads(receipt.as_json())
    change(bundle["record"])
    bundle["jws"] = sign(canonical(bundle["record"]))
    return json.dumps(bundle if with_proof else bundle | {"proof": None})


def test_a_record_signed_again_against_the_log_is_found(client: Client, receipt: Receipt) -> None:
    def turn(record: dict[str, Any]) -> None:
        record["log_entry"]["status"] = "refused"
        record["events"][0]["event_state"] = "dpv:ConsentRefused"

    page = _checked(client, _signed_again(turn, receipt))

    assert NOT_GENUINE in page
    assert KEEP_IT in page


@pytest.mark.parametrize("with_proof", [True, False])
def test_a_record_whose_words_are_not_those_of_its_entry_is_found(
    with_proof: bool, client: Client, receipt: Receipt
) -> None:
    def date_back(record: dict[str, Any]) -> None:
        record["events"][0]["event_time"] = "2020-01-01T00:00:00.000000Z"

    page = _checked(client, _signed_again(date_back, receipt, with_proof=with_proof))

    assert NOT_GENUINE in page
    assert "另有说法" in page


def test_a_log_that_was_rewritten_by_its_owner_is_found(
    client: Client, receipt: Receipt, tamper: psycopg.Connection[Any]
) -> None:
    tamper.execute("UPDATE consent_event SET status = 'refused' WHERE id = %s", [receipt.event.id])

    page = _checked(client, receipt.as_json())

    assert NOT_GENUINE in page
    assert KEEP_IT in page


@pytest.mark.parametrize("gone", [["consent_event"], ["consent_event", "consent_leaf"]])
def test_an_entry_that_was_removed_from_the_log_is_found(
    gone: list[str], client: Client, receipt: Receipt, tamper: psycopg.Connection[Any]
) -> None:
    for table in gone:
        column = "id" if table == "consent_event" else "event_id"
        tamper.execute(f"DELETE FROM {table} WHERE {column} = %s", [receipt.event.id])  # noqa: S608

    page = _checked(client, receipt.as_json())

    assert NOT_GENUINE in page
    assert KEEP_IT in page


def test_a_log_that_was_made_anew_is_found_although_it_has_the_entry(
    client: Client, receipt: Receipt, tamper: psycopg.Connection[Any]
) -> None:
    for table in ("consent_leaf", "consent_tile", "consent_checkpoint"):
        tamper.execute(f"DELETE FROM {table}")  # noqa: S608
    tamper.execute("DELETE FROM consent_event WHERE id <> %s", [receipt.event.id])
    seal_waiting(1)

    page = _checked(client, receipt.as_json())

    assert NOT_GENUINE in page
    assert KEEP_IT in page


def test_an_answer_that_was_put_in_long_after_its_time_is_not_called_that_old(client: Client, receipt: Receipt) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LATE, [receipt.event.id])
    seal_waiting(1)
    late = receipt_for(ConsentEvent.objects.get(idempotency_key="late"))

    pages = [_checked(client, each.as_json()) for each in (late, receipt)]

    assert ["可能是那时才写的" in page for page in pages] == [True, False]


def test_a_printed_code_finds_a_rewritten_log_too(
    client: Client, receipt: Receipt, tamper: psycopg.Connection[Any]
) -> None:
    tamper.execute("UPDATE consent_event SET status = 'refused' WHERE id = %s", [receipt.event.id])

    page = client.get(f"{CHECK}{receipt.event.id}/").content.decode()

    assert KEEP_IT in page
