"""Keys, limits and errors, as every call meets them."""

import io
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError

from accounts.audit.rules import SYSTEM
from consent.api.calls import LARGEST_BODY
from consent.api.v1.tests.conftest import Caller, problem
from consent.clients import authentication, quotas
from consent.clients.actions import revoke_key
from consent.clients.models import ApiKey
from consent.clients.tests.factories import make_key
from consent.policies.models import Controller, PolicyVersion

FAST, FRAMED = "subjects/customer-1/consents", "policies"


@pytest.mark.parametrize("path", [FAST, FRAMED])
def test_every_answer_tells_what_is_left_of_the_minute(company: Controller, version: PolicyVersion, path: str) -> None:
    caller = Caller(make_key(company, requests_a_minute=2))

    with time_machine.travel(datetime(2026, 11, 22, 8, 0, 20, tzinfo=UTC), tick=False):
        answers = [caller.get(path) for _each in range(3)]

    assert [answer["RateLimit"] for answer in answers] == [f'"minute";r={left};t=40' for left in (1, 0, 0)]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"minute";q=2;w=60'}
    assert problem(answers[2]) == (429, "too_many_requests")
    assert answers[2]["Retry-After"] == "40"


def test_the_next_minute_is_a_new_one(company: Controller, version: PolicyVersion) -> None:
    caller = Caller(make_key(company, requests_a_minute=1))

    with time_machine.travel(datetime(2026, 11, 22, 8, 0, 59, tzinfo=UTC), tick=False) as clock:
        statuses = [caller.get("policies").status_code, caller.get("policies").status_code]
        clock.shift(timedelta(seconds=1))
        statuses.append(caller.get("policies").status_code)

    assert statuses == [200, 429, 200]


@pytest.mark.parametrize("path", [FAST, FRAMED])
def test_an_error_that_nobody_foresaw_is_a_problem_with_a_number(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    monkeypatch.setattr(quotas, "take", _fail(ZeroDivisionError("secret")))

    with caplog.at_level(logging.ERROR):
        response = caller.get(path)

    assert problem(response) == (500, "broken")
    number = response.json()["detail"].partition("E-")[2][:8]
    assert f"E-{number}" in caplog.text
    assert "customer-1" not in caplog.records[0].getMessage()
    assert b"secret" not in response.content


@pytest.mark.parametrize("path", [FAST, FRAMED])
def test_a_database_that_is_away_is_told_as_that(caller: Caller, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(authentication, "_read", _fail(OperationalError("gone")))

    response = caller.get(path)

    assert problem(response) == (503, "unavailable")
    assert response["Retry-After"] == "5"


@pytest.mark.parametrize("path", [FAST, "subjects/customer-1/history"])
def test_an_address_with_more_parameters_than_anybody_needs_is_the_callers_error(
    caller: Caller, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caller.consent()

    response = caller.get(f"{path}?{'a=1&' * 1001}policy=privacy")

    assert problem(response) == (400, "bad_request")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def _chunked(caller: Caller, body: bytes) -> Any:
    """As a server hands over a body in chunks, whose length nobody knows beforehand."""
    how: dict[str, Any] = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    headers = {"authorization": f"Bearer {caller.key}", "idempotency-key": "chunks"}
    return caller.client.post("/api/v1/consents", b"-", "application/json", headers=headers, **how)


def test_a_body_in_chunks_is_read_to_its_end(caller: Caller) -> None:
    answers = [{"purpose": "ads", "status": "given"}]
    body = {"subject": "customer-1", "policy": "privacy", "language": "en", "answers": answers}

    response = _chunked(caller, json.dumps(body).encode())

    assert response.status_code == 201


def test_a_body_in_chunks_is_read_no_further_than_any_other(caller: Caller) -> None:
    response = _chunked(caller, b" " * (LARGEST_BODY + 1))

    assert problem(response) == (413, "too_large")


def _fail(error: Exception) -> Any:
    def fail(*_arguments: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("", "没有 API 密钥"),
        ("zh", "没有 API 密钥"),
        ("en-US,en;q=0.5", "There is no API key"),
        ("xx", "没有 API 密钥"),
    ],
)
def test_problems_speak_the_callers_language_and_chinese_without_one(
    caller: Caller, language: str, sentence: str
) -> None:
    for path in (FAST, FRAMED, "nowhere"):
        response = Caller("", language).get(path)

        assert response["Content-Language"] == ("en" if sentence.startswith("There") else "zh-Hans")
        assert "Accept-Language" in response["Vary"]
        if path != "nowhere":
            assert response.json()["title"] == sentence


@pytest.mark.parametrize("path", [FAST, FRAMED])
def test_head_answers_as_get_without_a_body_and_options_is_no_method(caller: Caller, path: str) -> None:
    caller.consent()
    got, head = caller.get(path), caller.call("HEAD", path)

    assert (head.status_code, head.content, head["ETag"]) == (200, b"", got["ETag"])
    assert head["Content-Length"] == got["Content-Length"] == str(len(got.content))
    assert problem(caller.call("OPTIONS", path)) == (405, "method_not_allowed")
    assert caller.call("OPTIONS", path)["Allow"] == "GET, HEAD"


def test_the_type_of_a_problem_leads_to_its_explanation(caller: Caller) -> None:
    address = caller.get("nowhere").json()["type"]
    page = caller.client.get(address.partition("8000")[2].partition("#")[0], headers={"accept-language": "en"})

    assert page.status_code == 200
    assert f'id="{address.partition("#")[2]}"' in page.content.decode()


def test_calls_leave_no_cookie_and_open_nothing_to_other_sites(caller: Caller) -> None:
    for path in (FAST, FRAMED, "nowhere", "openapi.json"):
        response = caller.get(path, origin="https://elsewhere.example")

        assert not response.cookies
        assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_a_key_is_read_once_and_its_use_noted_once_a_minute(caller: Caller, django_assert_num_queries: Any) -> None:
    caller.get("policies")
    with django_assert_num_queries(2):  # of the policies alone
        caller.get("policies")
    noted = ApiKey.objects.get().last_used_at
    authentication.forget()
    with django_assert_num_queries(3):  # the key is read again, but its use is noted already
        caller.get("policies")

    assert ApiKey.objects.get().last_used_at == noted
    assert noted is not None
    authentication.forget()
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
        caller.get("policies")
    again = ApiKey.objects.get().last_used_at
    assert again is not None
    assert again > noted


def test_a_key_that_was_revoked_elsewhere_ends_within_five_seconds(caller: Caller, monkeypatch: Any) -> None:
    caller.get("policies")
    ApiKey.objects.update(revoked_at=datetime.now(UTC))  # by another process

    remembered = caller.get("policies").status_code
    later = time.monotonic() + 5.1
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert remembered == 200
    assert problem(caller.get("policies")) == (401, "key_revoked")


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_revoked_here_ends_at_once(caller: Caller) -> None:
    caller.get("policies")

    revoke_key(ApiKey.objects.get(), actor=SYSTEM, at=datetime.now(UTC))

    assert problem(caller.get("policies")) == (401, "key_revoked")


def test_a_key_ends_at_its_instant(company: Controller, version: PolicyVersion) -> None:
    end = datetime.now(UTC) + timedelta(seconds=2)
    caller = Caller(make_key(company, expires_at=end))
    caller.get("policies")

    with time_machine.travel(end, tick=False):
        assert problem(caller.get("policies")) == (401, "key_expired")


@pytest.mark.parametrize(
    "header", ["Basic abc", "Bearer", "Bearer x", "Bearer  assent_x", "assent_x", "Bearer " + "a" * 9000]
)
def test_what_is_no_key_is_refused_without_a_look(
    company: Controller, header: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        response = Caller("").get("policies", authorization=header)

    assert problem(response) == (401, "key_unknown")
