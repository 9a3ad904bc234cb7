"""Labels and checks come in over the API; the person sees them, and what they switch off is told (K16, K73)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import SYSTEM
from accounts.models import AuditEntry, ExternalCheck, ProfileItem, ProfileLabel, User
from accounts.profile.actions import write_items
from accounts.profile.models import Source
from conftest import NOW
from consent.api.v1.tests.conftest import Caller, problem
from consent.ledger.references import person_name
from consent.ledger.tests.factories import make_subject
from consent.policies.models import Controller
from consent.rights.requests.restriction import restrict

SINCE = "2026-03-02T01:00:00Z"
SETTINGS = {"language": "en", "theme": "", "allows_profiling": "on"}
CHECK = {"item": "nationality", "checked_by": "id-authority", "result": "match", "at": SINCE}


def label(code: str = "commuter", en: str = "Commuter", **more: Any) -> dict[str, Any]:
    """A label as a company sends it."""
    words = {"zh-hans": "通勤乘客", "en": en}
    return {"code": code, "words": words, "reason": {"zh-hans": "早晚乘车", "en": "Rides"}, "since": SINCE} | more


@pytest.fixture
def person(alice: User, company: Controller) -> str:
    """What the company calls Alice, who allows labels."""
    alice.allows_profiling = True
    alice.save()
    make_subject(alice, company)
    return person_name(company.pk, alice.pk)


def put(caller: Caller, person: str, *labels: dict[str, Any]) -> Any:
    """Replace all labels."""
    return caller.call("PUT", f"people/{person}/labels", {"labels": list(labels)})


def test_labels_are_replaced_and_the_same_again_writes_nothing(caller: Caller, person: str) -> None:
    put(caller, person, label(), label("night", "Night owl"))
    put(caller, person, label())

    again = put(caller, person, label())

    assert [each["code"] for each in again.json()["labels"]] == ["commuter"]
    assert again.json() == caller.get(f"people/{person}/labels").json()
    trail = AuditEntry.objects.filter(act="labels.put").order_by("pk")
    assert [(entry.details["written"], entry.details["removed"]) for entry in trail] == [(2, 0), (0, 1)]


def test_the_person_sees_each_label_and_what_they_switch_off_is_told_for_good(
    caller: Caller, person: str, alice: User, client: Client
) -> None:
    put(caller, person, label())
    client.force_login(alice)
    page = client.get("/account/settings/", headers={"accept-language": "en"}).content.decode()

    client.post("/account/settings/", SETTINGS | {"shown_label": ProfileLabel.objects.get().pk})
    put(caller, person)
    put(caller, person, label())

    told = caller.get(f"people/{person}/labels").json()["labels"]
    assert "Commuter" in page
    assert "Rides" in page
    assert [each["may_be_used"] for each in told] == [False]
    pk = ProfileLabel.objects.get().pk
    client.post("/account/settings/", SETTINGS | {"shown_label": pk, f"label_{pk}": "on"})
    assert caller.get(f"people/{person}/labels").json()["labels"][0]["may_be_used"]


def test_whose_information_may_only_be_kept_has_no_labels_that_may_be_used(
    caller: Caller, person: str, alice: User
) -> None:
    put(caller, person, label())
    restrict(alice, at=NOW)

    told, refused = caller.get(f"people/{person}/labels").json(), put(caller, person, label("night"))

    assert (told["allows_profiling"], [each["may_be_used"] for each in told["labels"]]) == (False, [False])
    assert problem(refused) == (409, "no_profiling")
    assert [each.code for each in ProfileLabel.objects.all()] == ["commuter"]


def test_a_label_that_came_in_after_the_page_was_opened_is_not_switched_off(
    caller: Caller, person: str, alice: User, client: Client
) -> None:
    client.force_login(alice)
    put(caller, person, label())

    client.post("/account/settings/", SETTINGS)

    assert ProfileLabel.objects.get().switched_off_at is None


def test_nobody_switches_the_label_of_another(caller: Caller, person: str, bob: User, client: Client) -> None:
    put(caller, person, label())
    client.force_login(bob)

    client.post("/account/settings/", SETTINGS | {"shown_label": ProfileLabel.objects.get().pk})

    assert ProfileLabel.objects.get().switched_off_at is None


def test_without_permission_no_label_is_taken_and_the_answer_says_so(caller: Caller, person: str) -> None:
    User.objects.update(allows_profiling=False)

    refused = put(caller, person, label())

    assert problem(refused) == (409, "no_profiling")
    assert caller.get(f"people/{person}/labels").json() == {
        "person": person, "allows_profiling": False, "labels": []
    }  # fmt: skip


def test_a_company_sees_its_own_labels_only_and_another_does_not_know_the_name(
    caller: Caller, stranger: Caller, person: str, alice: User
) -> None:
    put(caller, person, label())
    other = Controller.objects.exclude(slug="shibei").latest("pk")
    make_subject(alice, other)
    there = person_name(other.pk, alice.pk)

    assert problem(stranger.get(f"people/{person}/labels")) == (404, "not_found")
    assert stranger.get(f"people/{there}/labels").json()["labels"] == []
    put(stranger, there, label("theirs"))
    assert [each["code"] for each in caller.get(f"people/{person}/labels").json()["labels"]] == ["commuter"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "2190-01-01T00:00:00Z"},
        {"words": {"en": "Commuter"}},
        {"code": ""},
        {"words": {"zh-hans": "乘\u0000客", "en": "x"}},
    ],
    ids=["future", "one language", "no code", "control"],
)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(caller: Caller, person: str, wrong: dict[str, Any]) -> None:
    assert problem(put(caller, person, label(**wrong))) == (422, "invalid")
    assert problem(put(caller, person, label(), label())) == (422, "invalid")
    assert not ProfileLabel.objects.exists()


def test_labels_lie_sealed(caller: Caller, person: str) -> None:
    put(caller, person, label())

    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM accounts_profilelabel t")
        assert "ommuter" not in cursor.fetchone()[0]


def test_labels_cost_a_fixed_number_of_queries(
    caller: Caller, person: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    put(caller, person, *[label(f"group-{number}") for number in range(9)])

    with django_assert_num_queries(4):
        caller.get(f"people/{person}/labels")


def test_a_check_is_noted_once_shown_to_the_person_and_makes_a_value_verified(
    caller: Caller, person: str, alice: User, client: Client
) -> None:
    write_items(alice, {"nationality": "CN"}, source=Source.STAFF, actor=SYSTEM, at=NOW)

    first, second = (caller.post(f"people/{person}/checks", CHECK) for _time in range(2))

    assert first.status_code == 200
    assert first.json() == second.json()
    assert ExternalCheck.objects.count() == 1
    assert ProfileItem.objects.get().verified_at == datetime(2026, 3, 2, 1, tzinfo=UTC)
    client.force_login(alice)
    page = client.get("/account/", headers={"accept-language": "en"}).content.decode()
    assert "id-authority" in page
    assert "it agrees" in page


def test_a_value_that_was_changed_after_the_comparison_is_not_verified_by_it(
    caller: Caller, person: str, alice: User
) -> None:
    write_items(alice, {"nationality": "CN"}, source=Source.STAFF, actor=SYSTEM, at=NOW + timedelta(seconds=1))

    caller.post(f"people/{person}/checks", CHECK)

    assert ProfileItem.objects.get().verified_at is None


@pytest.mark.parametrize("wrong", [{"item": "shoe-size"}, {"result": "maybe"}, {"checked_by": "Bad Name"}])
def test_a_check_that_does_not_fit_is_refused(caller: Caller, person: str, wrong: dict[str, str]) -> None:
    assert problem(caller.post(f"people/{person}/checks", CHECK | wrong)) == (422, "invalid")
    assert not ExternalCheck.objects.exists()
