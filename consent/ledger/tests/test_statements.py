"""Hot statements on a connection that may have gone away."""

import pytest
from django.db import OperationalError, connection, transaction

from conftest import connect_as
from consent.ledger.statements import event_ids, fetch_all

REF = bytes(32)


def _end_the_backend() -> None:
    with connect_as("default", autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_went_away_is_made_anew() -> None:
    connection.ensure_connection()
    _end_the_backend()

    rows = fetch_all("SELECT 1", ())

    assert rows == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_nothing_is_repeated() -> None:
    connection.ensure_connection()

    with pytest.raises(OperationalError), transaction.atomic():  # noqa: PT012 - what was before is lost with it
        _end_the_backend()
        fetch_all("SELECT 1", ())

    connection.close()


def test_ids_differ_by_controller_person_key_and_place() -> None:
    calls = [(1, REF, "k"), (2, REF, "k"), (1, bytes([1] * 32), "k"), (1, REF, "other")]

    ids = [event_id for call in calls for event_id in event_ids(*call, 3)]

    assert len(set(ids)) == 12
    assert {(event_id.version, event_id.variant) for event_id in ids} == {(8, "specified in RFC 4122")}
    assert event_ids(1, REF, "k", 2) == ids[:2]
