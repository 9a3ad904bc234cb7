"""Asking what may be done, now and of the past."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from consent.api.v1.tests.conftest import Caller, problem
from consent.ledger.models import ConsentEvent


def test_a_yes_allows_and_names_the_act_that_decided(caller: Caller) -> None:
    event = caller.consent().json()["events"][0]["id"]

    decided = caller.post("decisions", {"subject": "customer-1", "purpose": "ads"}).json()

    assert (decided["allowed"], decided["reason"], decided["event"]) == (True, "allowed_by_consent", event)
    assert (decided["policy"], decided["version"]) == ("privacy", 1)
    assert decided["cache_until"] > datetime.now(UTC).isoformat()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"subject": "nobody"}, "unknown_subject"),
        ({"purpose": "unheard"}, "unknown_purpose"),
        ({"item": "iris"}, "unknown_item"),
        ({"recipient": "broker"}, "unknown_recipient"),
        ({"purpose": "location"}, "not_answered"),
    ],
)
def test_what_nothing_allows_is_denied_with_a_reason(caller: Caller, asked: dict[str, str], reason: str) -> None:
    caller.consent()

    response = caller.post("decisions", {"subject": "customer-1", "purpose": "ads"} | asked)

    assert response.status_code == 200
    assert (response.json()["allowed"], response.json()["reason"]) == (False, reason)


def test_the_sentence_is_in_the_callers_language(caller: Caller) -> None:
    asked = {"subject": "nobody", "purpose": "ads"}

    said = {Caller(caller.key, language).post("decisions", asked).json()["sentence"] for language in ("en", "zh-CN")}

    assert len(said) == 2


def test_a_decision_takes_one_statement(caller: Caller, django_assert_num_queries: Any) -> None:
    caller.consent()
    caller.post("decisions", {"subject": "customer-1", "purpose": "ads"})

    with django_assert_num_queries(1):
        caller.post("decisions", {"subject": "customer-1", "purpose": "ads"})


def test_many_questions_take_one_statement_and_keep_their_order(caller: Caller, django_assert_num_queries: Any) -> None:
    caller.consent("customer-1")
    caller.consent("customer-2", "refused")
    questions = [{"subject": f"customer-{n}", "purpose": "ads"} for n in (2, 1, 3)]
    caller.post("decisions/batch", {"questions": questions})

    with django_assert_num_queries(1):
        response = caller.post("decisions/batch", {"questions": questions})

    assert [each["reason"] for each in response.json()["decisions"]] == [
        "refused",
        "allowed_by_consent",
        "unknown_subject",
    ]


@pytest.mark.parametrize("questions", [0, 501])
def test_between_one_and_five_hundred_questions_are_answered(caller: Caller, questions: int) -> None:
    asked = [{"subject": "customer-1", "purpose": "ads"}] * questions

    response = caller.post("decisions/batch", {"questions": asked})

    assert problem(response) == (422, "invalid")
    assert response.json()["errors"][0]["pointer"] == "/questions"


def test_an_instant_out_of_reach_is_named_by_its_place(caller: Caller) -> None:
    asked = {"subject": "customer-1", "purpose": "ads"}

    response = caller.post("decisions/batch", {"questions": [asked, asked | {"at": "9999-12-31T23:59:59-12:00"}]})

    assert problem(response) == (422, "invalid")
    assert response.json()["errors"][0]["pointer"] == "/questions/1/at"


def test_the_past_is_answered_as_it_was(caller: Caller) -> None:
    caller.consent()
    between = datetime.now(UTC)
    caller.consent(status="refused")
    asked = {"subject": "customer-1", "purpose": "ads"}

    then = caller.post("decisions", asked | {"at": between.isoformat()}).json()

    assert (then["allowed"], caller.post("decisions", asked).json()["allowed"]) == (True, False)


def test_what_a_person_had_agreed_to_is_told_with_what_they_were_shown(caller: Caller) -> None:
    caller.consent()
    between = datetime.now(UTC)
    caller.consent(status="refused")

    then = caller.get(f"subjects/customer-1/as-of?at={quote(between.isoformat())}").json()

    (policy,) = then["policies"]
    ads = next(answer for answer in policy["answers"] if answer["purpose"] == "ads")
    event = ConsentEvent.objects.order_by("at")[0]
    assert (policy["policy"], policy["version"], ads["status"], ads["in_force"]) == ("privacy", 1, "given", True)
    assert (ads["event"], ads["shown_sha256"]) == (str(event.id), bytes(event.shown_sha256).hex())


@pytest.mark.parametrize("at", ["", "yesterday", "2026-03-02", "2026-03-02T09:00:00", "9999-12-31T23:59:59Z"])
def test_an_instant_that_cannot_be_read_is_named(caller: Caller, at: str) -> None:
    caller.consent()

    response = caller.get(f"subjects/customer-1/as-of?at={at}")

    assert problem(response) == (422, "invalid")
    assert response.json()["errors"][0]["pointer"] == "?at"


def test_a_plus_that_was_not_encoded_is_understood(caller: Caller) -> None:
    caller.consent()
    at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()

    assert caller.get(f"subjects/customer-1/as-of?at={at}").status_code == 200
