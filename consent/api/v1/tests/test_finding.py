"""Who may be found by a contact, what is said of nobody, and that each search is counted and told (K26, K82)."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.finding.actions import sweep_searches
from accounts.finding.rules import SHOWN_FOR, WINDOW
from accounts.models import AuditEntry, PersonSearch, User
from conftest import NOW
from consent.api.v1.tests.conftest import Caller, problem
from consent.ledger.tests.factories import make_subject
from consent.policies.models import Controller

PHONE, EMAIL = "+8613800138000", "alice@people.example"
NOBODY = {"found": False, "person": None, "name": "", "contact": ""}


@pytest.fixture
def findable(alice: User) -> User:
    """Alice, with a proven number, who wants to be found by either."""
    alice.phone, alice.phone_verified_at = PHONE, NOW
    alice.findable_by_phone = alice.findable_by_email = True
    alice.save()
    return alice


def find(caller: Caller, contact: str = PHONE) -> Any:
    """The answer to a search."""
    return caller.post("people/find", {"contact": contact})


def test_who_wants_to_be_found_is_named_masked(caller: Caller, findable: User) -> None:
    by_phone, by_email = find(caller).json(), find(caller, EMAIL.upper()).json()

    assert (by_phone["found"], by_phone["name"], by_phone["contact"]) == (True, "A***", "138 **** 8000")
    assert (by_email["name"], by_email["contact"]) == ("A***", "a***e@people.example")
    assert by_phone["person"] == by_email["person"]


def test_nobody_is_findable_unless_they_said_so(caller: Caller, alice: User) -> None:
    assert find(caller, EMAIL).json() == NOBODY


CHANGES: dict[str, dict[str, Any]] = {
    "the other switch": {"findable_by_phone": False},
    "unproven": {"phone_verified_at": None},
    "locked": {"locked_at": NOW},
    "leaving": {"leaving_at": NOW},
    "closed": {"closed_at": NOW},
    "shut out": {"is_active": False},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_whoever_may_not_be_found_is_nobody_to_the_byte(
    caller: Caller, findable: User, changes: dict[str, Any]
) -> None:
    User.objects.filter(pk=findable.pk).update(**changes)

    answer, unknown = find(caller), find(caller, "13912345678")

    assert answer.json() == NOBODY
    assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content)
    assert answer.headers.keys() == unknown.headers.keys()


def test_whose_information_may_only_be_kept_is_nobody(caller: Caller, findable: User, company: Controller) -> None:
    subject = make_subject(findable, company)
    subject.restricted_at = NOW
    subject.save()

    assert find(caller).json() == NOBODY


def test_the_work_is_the_same_for_somebody_and_for_nobody(
    caller: Caller, findable: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    find(caller, "13912345670")  # the key itself is read once

    for contact in (PHONE, "13912345678"):
        with django_assert_num_queries(12):
            find(caller, contact)


def test_two_companies_cannot_compare_whom_they_found(caller: Caller, stranger: Caller, findable: User) -> None:
    assert find(caller).json()["person"] != find(stranger).json()["person"]


def test_each_search_is_in_the_trail_and_on_the_page_of_the_person_without_the_contact(
    caller: Caller, findable: User, company: Controller, client: Client
) -> None:
    find(caller)
    find(caller, "13912345678")
    User.objects.filter(pk=findable.pk).update(findable_by_phone=False)
    find(caller)

    trail = AuditEntry.objects.filter(act="person.searched").order_by("pk")
    assert [entry.target for entry in trail] == [
        f"user:{findable.pk}", f"company:{company.slug}", f"user:{findable.pk}"
    ]  # fmt: skip
    assert {str(entry.details) for entry in trail} == {"{'by': 'phone'}"}
    client.force_login(findable)
    page = client.get("/account/", headers={"accept-language": "en"}).content.decode()
    assert page.count("By your mobile number") == 2
    assert f"{company} · tests" in page
    assert "not found" in page


def test_a_key_searches_so_often_an_hour_and_no_more(caller: Caller, findable: User, settings: Any) -> None:
    settings.SEARCHES_PER_KEY_AND_HOUR = 2
    find(caller)
    find(caller, "13912345678")

    refused = find(caller, "13912345679")

    assert problem(refused) == (429, "searched_too_often")
    assert 3500 < int(refused["Retry-After"]) <= 3600
    assert PersonSearch.objects.count() == 2


def test_a_company_searches_for_one_contact_so_often_a_day_and_stands_in_nobody_elses_way(
    caller: Caller, stranger: Caller, findable: User, settings: Any
) -> None:
    settings.SEARCHES_PER_CONTACT_AND_DAY = 2
    for contact in (PHONE, "13912345678") * 2:
        find(caller, contact)

    known, unknown = find(caller, PHONE), find(caller, "13912345678")

    assert problem(known) == problem(unknown) == (429, "searched_too_often")
    assert find(caller, EMAIL).json()["found"]
    assert find(stranger, PHONE).json()["found"]


@pytest.mark.parametrize("contact", ["", "12", "nobody@", "x" * 300, "=cmd"])
def test_what_is_no_contact_is_told_and_searches_nothing(caller: Caller, contact: str) -> None:
    assert problem(find(caller, contact)) == (422, "invalid")
    assert not PersonSearch.objects.exists()


def test_after_a_day_nothing_tells_what_was_searched_for_and_after_half_a_year_nothing_at_all(
    caller: Caller, findable: User
) -> None:
    find(caller)
    find(caller, "13912345678")
    at = PersonSearch.objects.latest("at").at

    sweep_searches(at=at + WINDOW)
    left = list(PersonSearch.objects.values_list("user", "contact_index"))
    sweep_searches(at=at + SHOWN_FOR)

    assert left == [(findable.pk, None)]
    assert not PersonSearch.objects.exists()


def test_a_company_learns_what_to_call_its_own_customers_and_nobody_elses(
    caller: Caller, stranger: Caller, alice: User, company: Controller
) -> None:
    make_subject(alice, company)

    mine = caller.post("people/identify", {"contact": EMAIL}).json()["person"]
    theirs = stranger.post("people/identify", {"contact": EMAIL}).json()["person"]

    assert mine is not None
    assert theirs is None
    assert PersonSearch.objects.filter(user=alice).count() == 2
