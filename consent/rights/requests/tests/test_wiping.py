"""What people without an account wrote is wiped when its term is over, day by day, with a report."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit.rules import SYSTEM
from accounts.models import Role, User
from accounts.users.rules import parse_contact
from conftest import NOW
from consent.rights.requests.actions import appeal, withdraw_request
from consent.rights.requests.errors import NotRefused
from consent.rights.requests.links import token_of
from consent.rights.requests.models import Channel, Decision, Kind, Refusal, RightsRequest, Status, Way
from consent.rights.requests.tests.factories import make_request, make_staff, person
from consent.rights.requests.wiping import EMPTY
from consent.rights.retention.actions import run_retention, set_rule

pytestmark = pytest.mark.django_db(databases=["default", "vault"])
STRANGER = parse_contact("somebody@elsewhere.example")
LAW = {
    "code": "answers",
    "title": {"en": "answers"},
    "citation": {"en": "a law"},
    "items": ["requests-without-account"],
    "months": 6,
    "valid_from": date(2020, 1, 1),
    "valid_until": None,
}


def strangers(**facts: Any) -> RightsRequest:
    """Somebody whom nobody knows wrote."""
    usual: dict[str, Any] = {
        "channel": Channel.FORM,
        "contact": STRANGER,
        "name": "Somebody",
        "details": "my words",
        "at": NOW,
    }
    return make_request(**usual | facts)


def refused() -> RightsRequest:
    """The same, which was answered."""
    request, (one, two, three) = strangers(), [make_staff(Role.REVIEWER).pk for _ in range(3)]
    RightsRequest.objects.filter(pk=request.pk).update(
        status=Status.CLOSED,
        verified_at=NOW,
        verified_way=Way.DOCUMENTS,
        verified_by_id=one,
        co_verified_by_id=two,
        barred=[one, two],
        decision=Decision.REFUSED,
        refusal=Refusal.ABUSE,
        answer="our words",
        decided_at=NOW,
        decided_by_id=three,
        ended_at=NOW,
    )
    request.refresh_from_db()
    return request


def is_empty(request: RightsRequest) -> bool:
    """Whether nothing of who asked and what was said is left."""
    request.refresh_from_db()
    return all(getattr(request, field) == nothing for field, nothing in EMPTY.items())


@pytest.mark.parametrize(("days", "is_gone"), [(29, False), (30, True)])
def test_where_no_law_keeps_it_an_ended_request_is_wiped_after_thirty_days(days: int, is_gone: bool) -> None:
    request = refused()

    run = run_retention(at=NOW + timedelta(days=days))

    assert (run.destroyed["requests"], is_empty(request)) == (int(is_gone), is_gone)
    assert (request.number, request.kind, request.ended_at) == (request.number, Kind.EXPLANATION, NOW)


@pytest.mark.parametrize(("days", "is_gone"), [(183, False), (184, True)])  # six months after 2 March
def test_a_law_keeps_what_was_answered(days: int, is_gone: bool) -> None:
    set_rule(LAW, actor=SYSTEM, at=NOW)
    set_rule(LAW | {"code": "former", "months": 60, "valid_until": date(2025, 1, 1)}, actor=SYSTEM, at=NOW)
    request = refused()

    run_retention(at=NOW + timedelta(days=days))

    assert is_empty(request) is is_gone


def test_a_law_does_not_keep_what_nobody_proved_to_have_asked() -> None:
    set_rule(LAW, actor=SYSTEM, at=NOW)
    request = strangers()
    withdraw_request(request, actor=SYSTEM, at=NOW)

    run_retention(at=NOW + timedelta(days=30))

    assert is_empty(request)


def test_an_open_request_one_under_appeal_and_that_of_somebody_with_an_account_stay(alice: User) -> None:
    still_open, answered, hers = strangers(), refused(), make_request(alice, details="hers", at=NOW)
    appeal(answered, "no", actor=SYSTEM, at=NOW)
    withdraw_request(hers, actor=person(alice), at=NOW)

    run = run_retention(at=NOW + timedelta(days=3650))

    assert run.destroyed["requests"] == 0
    assert not any(is_empty(request) for request in (still_open, answered, hers))


def test_a_second_run_finds_nothing_and_the_page_says_what_became_of_it(client: Client) -> None:
    request = refused()
    address = reverse("requests:by_link", args=[request.number, token_of(request.number)])
    run_retention(at=NOW + timedelta(days=30))

    again = run_retention(at=NOW + timedelta(days=31))

    page = client.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert again.destroyed["requests"] == 0
    assert "were destroyed on" in page
    assert 'value="appeal"' not in page
    with pytest.raises(NotRefused):
        appeal(RightsRequest.objects.get(pk=request.pk), "no", actor=SYSTEM, at=NOW)
