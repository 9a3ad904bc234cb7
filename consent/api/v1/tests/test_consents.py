"""Recording consents and withdrawals."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection

from consent.api.v1.tests.conftest import Caller, problem
from consent.ledger.models import ConsentEvent, DataSubject
from consent.policies.models import PolicyVersion


def test_an_answer_is_recorded_with_its_circumstances(caller: Caller, version: PolicyVersion) -> None:
    response = caller.consent(
        network="203.0.113.77", agent="Mozilla/5.0 (Linux; Android 14) Chrome/120", surface="flow"
    )

    assert response.status_code == 201
    event = ConsentEvent.objects.get()
    assert (event.purpose, event.status, event.kind, event.surface) == ("ads", "given", "explicit", "flow")
    assert (event.network, event.agent) == ("203.0.113.0/24", "Chrome on Android")
    assert event.actor.startswith("client:")
    assert bytes(event.shown_sha256).hex() == version.texts.get(language="zh-hans").notice_sha256
    assert response.json()["events"][0]["id"] == str(event.id)


def test_a_known_persons_answers_take_one_statement(caller: Caller, django_assert_num_queries: Any) -> None:
    answers = [{"purpose": purpose, "status": "given", "kind": "separate"} for purpose in ("", "ads", "location")]
    caller.consent()

    with django_assert_num_queries(1):
        response = caller.consent(answers=answers)

    assert response.status_code == 201
    assert len(response.json()["events"]) == 3


def test_what_must_be_asked_apart_is_not_taken_with_the_rest(caller: Caller) -> None:
    response = caller.consent(
        answers=[{"purpose": "ads", "status": "given"}, {"purpose": "location", "status": "given"}]
    )

    assert problem(response) == (422, "separate_needed")
    assert not ConsentEvent.objects.exists()


def test_the_same_key_and_content_records_nothing_twice(caller: Caller) -> None:
    first = caller.consent(idempotency_key="one")

    again = caller.consent(idempotency_key="one")

    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    assert again.json() == first.json()
    assert ConsentEvent.objects.count() == 1


def test_the_same_key_with_other_content_is_a_conflict(caller: Caller) -> None:
    caller.consent(idempotency_key="one")

    response = caller.consent(idempotency_key="one", status="refused")

    assert problem(response) == (409, "idempotency_conflict")
    assert ConsentEvent.objects.get().status == "given"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_key_record_once(caller: Caller) -> None:
    start = threading.Barrier(4)

    def send(_worker: int) -> Any:
        try:
            start.wait(10)
            return Caller(caller.key).consent(idempotency_key="one")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(send, range(4)))

    assert sorted(response.status_code for response in responses) == [200, 200, 200, 201]
    assert len({response.content for response in responses}) == 1
    assert ConsentEvent.objects.count() == DataSubject.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "k" * 201, "钥匙", "a\tb"])
def test_without_a_usable_idempotency_key_nothing_is_recorded(caller: Caller, key: str) -> None:
    response = caller.consent(idempotency_key=key)

    assert problem(response) == (400, "idempotency_key")
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"subject": ""}, "/subject", "bounds"),
        ({"subject": "x" * 201}, "/subject", "bounds"),
        ({"subject": "a\u200bb"}, "/subject", "format"),
        ({"subject": "a/consents"}, "/subject", "format"),
        ({"subject": 7}, "/subject", "type"),
        ({"answers": []}, "/answers", "bounds"),
        ({"answers": [{"purpose": "ads"}]}, "/answers/0/status", "missing"),
        ({"answers": [{"purpose": "ads", "status": "withdrawn"}]}, "/answers/0/status", "choice"),
        ({"version": 0}, "/version", "bounds"),
        ({"shown_sha256": "xyz"}, "/shown_sha256", "format"),
        ({"language": "fr"}, "/language", "choice"),
        ({"claimed_at": "2026-03-02T09:00:00"}, "/claimed_at", "format"),
        ({"colour": "red"}, "/colour", "unknown"),
        ({"surface": "staff"}, "/surface", "choice"),
    ],
)
def test_what_is_wrong_is_named_in_both_languages(
    caller: Caller, changes: dict[str, Any], pointer: str, code: str
) -> None:
    said = []
    for language in ("zh-CN,zh;q=0.9", "en-GB"):
        caller.language = language
        response = caller.consent(**changes)
        assert problem(response) == (422, "invalid")
        (error,) = response.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
        said.append((response["Content-Language"], error["message"], response.json()["title"]))

    assert [language for language, *_sentences in said] == ["zh-Hans", "en"]
    assert all(chinese != english for chinese, english in zip(said[0], said[1], strict=True))


@pytest.mark.parametrize("body", [b" ", b"{", b"\xff", b'{"subject": "\\ud800"}', b"[" * 5000])
def test_what_is_no_json_is_refused(caller: Caller, body: bytes) -> None:
    assert problem(caller.post("consents", body)) in [(400, "unreadable"), (422, "invalid")]


def test_a_form_is_no_json(caller: Caller) -> None:
    response = caller.post("consents", b"a=b", content_type="application/x-www-form-urlencoded")

    assert problem(response) == (415, "unsupported_media_type")


def test_a_body_of_more_than_a_megabyte_is_not_read(caller: Caller) -> None:
    assert problem(caller.consent(agent="x" * 1024 * 1024)) == (413, "too_large")


@pytest.mark.parametrize(
    ("ago", "status"), [(timedelta(minutes=-6), 422), (timedelta(days=91), 422), (timedelta(1), 201)]
)
def test_the_clients_time_is_a_claim_within_bounds(caller: Caller, ago: timedelta, status: int) -> None:
    claimed = datetime.now(UTC) - ago

    response = caller.consent(claimed_at=claimed.isoformat())

    assert response.status_code == status
    if status == 201:
        event = ConsentEvent.objects.get()
        assert event.claimed_at == claimed
        assert event.at > claimed


def test_an_offset_that_postgresql_does_not_know_is_no_matter(caller: Caller) -> None:
    claimed = datetime.now(timezone(timedelta(hours=16, minutes=45)))

    assert caller.consent(claimed_at=claimed.isoformat()).status_code == 201
    assert caller.post("decisions", {"subject": "x", "purpose": "ads", "at": claimed.isoformat()}).status_code == 200
    assert ConsentEvent.objects.get().claimed_at == claimed


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"policy": "absent"}, (404, "not_found")),
        ({"version": 9}, (409, "version_not_published")),
        ({"answers": [{"purpose": "unheard", "status": "given"}]}, (422, "unknown_purpose")),
        ({"answers": [{"purpose": "kyc", "status": "given"}]}, (422, "not_askable")),
        ({"answers": [{"purpose": "ads", "status": "given", "kind": "implied"}]}, (422, "implied_not_allowed")),
        ({"answers": [{"purpose": "ads", "status": "given"}] * 2}, (400, "invalid_answers")),
    ],
)
def test_what_the_ledger_refuses_has_a_code(caller: Caller, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    assert problem(caller.consent(**changes)) == expected


def test_a_person_who_left_is_told_as_closed(caller: Caller) -> None:
    caller.consent()
    DataSubject.objects.update(closed_at=datetime.now(UTC))

    assert problem(caller.consent()) == (409, "subject_closed")


def test_a_withdrawal_ends_what_was_given_and_cannot_be_repeated(caller: Caller) -> None:
    body = {"subject": "customer-1", "policy": "privacy", "language": "en", "purpose": "ads"}
    caller.consent()

    first = caller.post("withdrawals", body, idempotency_key="w")
    replay = caller.post("withdrawals", body, idempotency_key="w")
    second = caller.post("withdrawals", body)

    assert (first.status_code, first.json()["events"][0]["status"]) == (201, "withdrawn")
    assert (replay.status_code, replay.json()) == (200, first.json())
    assert problem(second) == (409, "not_withdrawable")


def test_somebody_unknown_has_nothing_to_withdraw(caller: Caller) -> None:
    body = {"subject": "nobody", "policy": "privacy", "language": "en", "purpose": "ads"}

    assert problem(caller.post("withdrawals", body)) == (404, "not_found")
