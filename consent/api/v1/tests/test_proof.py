"""Receipts and the log."""

from base64 import urlsafe_b64decode
from json import loads
from uuid import uuid4

import pytest

from consent.api.v1.tests.conftest import Caller, problem
from consent.ledger.log.selectors import latest_checkpoint
from consent.ledger.log.tests.factories import seal_all
from consent.ledger.models import SubjectKey


@pytest.fixture
def event(caller: Caller) -> str:
    """Of a yes."""
    return str(caller.consent().json()["events"][0]["id"])


@pytest.mark.django_db(transaction=True)
def test_a_receipt_is_there_at_once_and_its_proof_once_the_log_has_it(caller: Caller, event: str) -> None:
    before = caller.get(f"receipts/{event}").json()
    seal_all()

    after = caller.get(f"receipts/{event}").json()

    assert before["proof"] is None
    assert (after["record"], after["proof"]["index"], after["proof"]["leaf"]["event"]) == (before["record"], 0, event)
    assert after["proof"]["opening"]["key"]


@pytest.mark.parametrize(
    ("form", "media", "begins"),
    [
        ("jws", "application/jose", b"eyJ"),
        ("pdf", "application/pdf", b"%PDF-"),
        ("kantara", "application/vnd.kantara.cr+json", b'{"version":"KI-CR-v1.1.0"'),
    ],
)
def test_a_receipt_comes_in_the_form_that_is_asked_for(
    caller: Caller, event: str, form: str, media: str, begins: bytes
) -> None:
    by_parameter = caller.get(f"receipts/{event}?format={form}")
    by_header = caller.get(f"receipts/{event}", accept=media)

    for response in (by_parameter, by_header):
        assert response["Content-Type"] == media
        assert response.content.startswith(begins)


def test_the_signature_is_over_the_record(caller: Caller, event: str) -> None:
    receipt = caller.get(f"receipts/{event}").json()
    payload = caller.get(f"receipts/{event}?format=jws").content.split(b".")[1]

    assert loads(urlsafe_b64decode(payload + b"==")) == receipt["record"]


def test_a_refusal_has_a_receipt_but_none_of_kantaras(caller: Caller) -> None:
    event = caller.consent(status="refused").json()["events"][0]["id"]

    assert caller.get(f"receipts/{event}").status_code == 200
    assert problem(caller.get(f"receipts/{event}?format=kantara")) == (404, "no_consent_to_state")


@pytest.mark.django_db(transaction=True)
def test_about_somebody_who_was_erased_nothing_is_issued(caller: Caller, event: str) -> None:
    seal_all()
    SubjectKey.objects.all().delete()

    assert problem(caller.get(f"receipts/{event}")) == (410, "person_erased")
    assert caller.get(f"log/proofs/{event}").status_code == 200


def test_an_event_is_not_in_the_log_before_it_was_sealed(caller: Caller, event: str) -> None:
    assert problem(caller.get(f"log/proofs/{event}")) == (404, "not_found")
    assert problem(caller.get("log/checkpoint")) == (404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_a_proof_leads_to_the_checkpoint(caller: Caller, event: str) -> None:
    seal_all()

    proof = caller.get(f"log/proofs/{event}").json()
    note = caller.get("log/checkpoint")

    latest = latest_checkpoint()
    assert latest is not None
    assert (note["Content-Type"], note.content.decode()) == ("text/plain; charset=utf-8", latest.note)
    assert (proof["checkpoint"], proof["size"], proof["path"]) == (latest.note, 1, [])


@pytest.mark.django_db(transaction=True)
def test_the_log_is_shown_to_have_only_grown(caller: Caller) -> None:
    for _each in range(3):
        caller.consent()
        seal_all()

    grown = caller.get("log/consistency?from=1&to=3")

    assert grown.json()["from"] == 1
    assert len(grown.json()["path"]) == 2
    assert caller.get("log/consistency?from=1&to=3", if_none_match=grown["ETag"]).status_code == 304


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from=1&to=9", (404, "not_found")),
        ("from=3&to=1", (404, "not_found")),
        ("from=1", (422, "invalid")),
        ("from=0&to=1", (422, "invalid")),
        ("from=-1&to=1", (422, "invalid")),
        (f"from=1&to={2**63}", (422, "invalid")),
    ],
)
def test_a_size_that_the_log_never_had_is_told(
    caller: Caller, event: str, query: str, expected: tuple[int, str]
) -> None:
    seal_all()

    assert problem(caller.get(f"log/consistency?{query}")) == expected


def test_an_event_that_is_not_there_has_no_receipt(caller: Caller, event: str) -> None:
    assert problem(caller.get(f"receipts/{uuid4()}")) == (404, "not_found")
