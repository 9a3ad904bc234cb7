"""Where a person stands, what they said, and what is known about them."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from accounts.models import AuditEntry
from consent.api.v1.tests.conftest import REGISTER, Caller, problem
from consent.ledger.models import DataSubject
from consent.policies.models import Controller, PolicyVersion
from consent.policies.tests.factories import make_policy, make_version


def line(response: Any, purpose: str = "ads") -> Any:
    """A question's line in the first policy."""
    return next(each for each in response.json()["policies"][0]["questions"] if each["purpose"] == purpose)


def test_the_state_tells_what_is_in_force_and_what_is_open(caller: Caller) -> None:
    caller.consent()

    state = caller.get("subjects/customer-1/consents")

    assert (line(state)["status"], line(state)["in_force"], line(state)["version"]) == ("given", True, 1)
    assert (line(state, "")["is_open"], line(state, "")["must_ask"]) == (True, True)
    assert line(state, "location")["needs_separate"]
    assert [each["purpose"] for each in state.json()["policies"][0]["questions"]] == ["", "ads", "location"]


def test_a_later_version_that_asks_anew_makes_a_yes_outdated(caller: Caller, version: PolicyVersion) -> None:
    caller.consent()
    make_version(version.policy, REGISTER, change_kinds=["M2"])

    state = caller.get("subjects/customer-1/consents")

    assert (line(state)["in_force"], line(state)["must_ask"], line(state)["outdated"]) == (False, True, 1)


def test_the_state_takes_one_statement(caller: Caller, company: Controller, django_assert_num_queries: Any) -> None:
    make_version(make_policy(company, "wallet"))
    caller.consent()

    with django_assert_num_queries(1):
        state = caller.get("subjects/customer-1/consents")

    assert [policy["policy"] for policy in state.json()["policies"]] == ["privacy", "wallet"]


def test_one_policy_may_be_asked_for(caller: Caller, company: Controller) -> None:
    make_version(make_policy(company, "wallet"))
    caller.consent()

    state = caller.get("subjects/customer-1/consents?policy=wallet")

    assert [policy["policy"] for policy in state.json()["policies"]] == ["wallet"]
    assert problem(caller.get("subjects/customer-1/consents?policy=none")) == (404, "not_found")


def test_what_the_caller_holds_is_not_sent_again_until_it_changes(caller: Caller) -> None:
    caller.consent()
    for path in ("subjects/customer-1/consents", "subjects/customer-1/history", "subjects/customer-1", "policies"):
        first = caller.get(path)

        again = caller.get(path, if_none_match=first["ETag"])

        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    before = caller.get("subjects/customer-1/consents")["ETag"]
    caller.consent(status="refused")
    assert caller.get("subjects/customer-1/consents", if_none_match=before).status_code == 200


@pytest.mark.parametrize("reference", ["客户 7", "a/b=+&?#%", "x" * 200, "../etc", "o'Neill", "a\\b"])
def test_a_name_of_printable_characters_works_in_bodies_and_addresses(caller: Caller, reference: str) -> None:
    recorded = caller.consent(reference)

    state = caller.get(f"subjects/{quote(reference, safe='')}/consents")
    history = caller.get(f"subjects/{quote(reference, safe='')}/history")

    assert recorded.status_code == 201
    assert state.json()["subject"] == reference
    assert len(history.json()["events"]) == 1


def test_names_that_differ_in_anything_are_different_people(caller: Caller) -> None:
    caller.consent("customer-1")

    assert problem(caller.get("subjects/Customer-1/consents")) == (404, "not_found")


def test_pages_of_history_stay_whole_while_events_arrive(caller: Caller) -> None:
    recorded = [caller.consent(status=status).json()["events"][0]["id"] for status in ("given", "refused") * 3]
    first = caller.get("subjects/customer-1/history?limit=2")
    caller.consent()

    pages, response = [first.json()["events"]], first
    while following := response.json()["next"]:
        assert response["Link"] == f'<{following}>; rel="next"'
        response = caller.get(following.partition("/api/v1/")[2])
        pages.append(response.json()["events"])

    assert [event["id"] for page in pages for event in page] == recorded[::-1]
    assert "Link" not in response


def test_history_takes_three_queries_however_long_it_is(caller: Caller, django_assert_num_queries: Any) -> None:
    for status in ("given", "refused") * 3:
        caller.consent(status=status)

    with django_assert_num_queries(3):
        response = caller.get("subjects/customer-1/history")

    event = response.json()["events"][0]
    assert (event["policy"], event["version"], event["purpose"], event["status"]) == ("privacy", 1, "ads", "refused")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=٣", "cursor=x", "cursor=", "cursor=////"])
def test_a_parameter_that_cannot_be_read_is_named(caller: Caller, query: str) -> None:
    caller.consent()

    response = caller.get(f"subjects/customer-1/history?{query}")

    assert problem(response) == (422, "invalid")
    assert response.json()["errors"][0]["pointer"] == f"?{query.partition('=')[0]}"


def test_what_is_told_about_a_person_is_kept_and_audited_without_it(caller: Caller) -> None:
    body = {"adult_on": "2030-05-01", "guardian_confirmed_at": "2026-03-02T09:00:00+08:00"}

    told = caller.call("PUT", "subjects/customer-1", body)
    again = caller.call("PUT", "subjects/customer-1", body)

    assert told.json() == again.json() == caller.get("subjects/customer-1").json()
    assert told.json()["guardian_confirmed_at"] == "2026-03-02T01:00:00Z"
    entry = AuditEntry.objects.get(act="subject.described")
    assert entry.details == {"changed": ["adult_on", "guardian_confirmed_at"]}
    assert entry.actor.startswith("client:")


def test_both_facts_are_told_at_once(caller: Caller) -> None:
    response = caller.call("PUT", "subjects/customer-1", {"adult_on": None})

    assert problem(response) == (422, "invalid")
    assert response.json()["errors"][0]["pointer"] == "/guardian_confirmed_at"
    assert not DataSubject.objects.exists()


def test_nothing_is_told_about_somebody_who_left(caller: Caller) -> None:
    caller.consent()
    DataSubject.objects.update(closed_at=datetime.now(UTC))

    response = caller.call("PUT", "subjects/customer-1", {"adult_on": None, "guardian_confirmed_at": None})

    assert problem(response) == (409, "subject_closed")
