"""One page shows everything that is known about a person (K14-K16, K90, Y4, Y5, Y28, Y29)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import SYSTEM, Actor, ActorKind
from accounts.models import PersonalRead, SignIn, User
from accounts.profile.actions import record_check, write_items
from accounts.profile.models import ProfileItem, Source
from conftest import NOW
from consent.ledger.models import ConsentStatus, DataSubject
from consent.ledger.tests.factories import answer
from consent.policies.models import PolicyVersion
from consent.rights.me.selectors import sign_in_before
from consent.rights.me.tests.conftest import Browser
from consent.rights.requests.tests.factories import make_request

STAFF = Actor(ActorKind.STAFF, 1)
CARD = {"id-kind": "resident-card", "id-number": "11010519491231002X", "id-expiry": "2040-01-31"}


def _row(page: str, label: str) -> str:
    """The table row of a field."""
    rows = [row for row in page.split("<tr role=") if f">{label}" in " ".join(row.split()).replace("> ", ">")]
    assert len(rows) == 1, (label, len(rows))
    return " ".join(rows[0].split())


def test_a_stranger_is_sent_to_sign_in() -> None:
    assert Client().get("/account/")["Location"] == "/account/login/?next=/account/"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_value_stands_with_its_source_its_day_and_why_it_is_kept(
    alice: User, known: DataSubject, language: str
) -> None:
    write_items(alice, {"occupation": "Teacher"}, source=Source.IMPORT, actor=SYSTEM, at=NOW)

    page = Browser(alice, language).read("/account/")
    row = _row(page, "Occupation" if language == "en" else "职业")

    assert "Teacher" in row
    assert ("our earlier records" if language == "en" else "我们以前的记录") in row
    assert ("Purpose identity" if language == "en" else "用途 identity") in row
    assert ("Anti-Money Laundering Law" if language == "en" else "《反洗钱法》") in row
    assert ("required" if language == "en" else "必填") in row


def test_a_purpose_that_was_not_agreed_to_is_no_reason_to_keep_anything(
    alice: User, known: DataSubject, at_home: Browser
) -> None:
    version = PolicyVersion.objects.get()
    write_items(alice, {"occupation": "Teacher"}, source=Source.SUBJECT, actor=STAFF, at=NOW)
    answer(known, version, ConsentStatus.REFUSED, ["ads"])
    refused = _row(at_home.read("/account/"), "Occupation")

    answer(known, version, ConsentStatus.GIVEN, ["ads"])
    agreed = _row(at_home.read("/account/"), "Occupation")

    assert "Purpose ads" not in refused
    assert "Purpose ads" in agreed
    assert "your consent" in agreed


def test_sensitive_values_are_masked_and_contacts_say_whether_they_are_proven(
    make_user: Callable[..., User], known: DataSubject
) -> None:
    user = make_user(email="chen@people.example", phone="+8613800138000", name="陈一")
    User.objects.filter(pk=user.pk).update(phone_verified_at=None)
    write_items(user, {**CARD, "address": "南方市示例区示例路 8 号"}, source=Source.STAFF, actor=STAFF, at=NOW)

    page = Browser(user).read("/account/")

    assert "c***n@people.example" in page
    assert "138 **** 8000" in page
    assert page.count("Not verified") == 1
    assert "1101**********002X" in page
    for plain in ("chen@people.example", "13800138000", "11010519491231002X", "示例路"):
        assert plain not in page


def test_what_is_not_given_stands_together_with_what_asks_for_it_and_the_document_once(
    alice: User, known: DataSubject, at_home: Browser
) -> None:
    write_items(alice, {"occupation": "Teacher"}, source=Source.SUBJECT, actor=STAFF, at=NOW)

    page = at_home.read("/account/")
    missing = page[page.index("Not given yet") : page.index('id="settings"')]

    assert [f"/account/profile/{code}/" in missing for code in ("nationality", "sex", "address")] == [True] * 3
    assert missing.count("Purpose identity") == 1
    assert "/account/profile/occupation/" not in missing
    assert "Identity document" in missing
    assert "/account/profile/id-number/" not in missing
    assert "Nationality" not in page[: page.index("Not given yet")]


def test_it_begins_with_how_things_stand(alice: User, known: DataSubject, at_home: Browser) -> None:
    answer(known, PolicyVersion.objects.get(), ConsentStatus.GIVEN, ["ads"])
    make_request(alice)
    SignIn.objects.create(user=alice, at=NOW, result="entered", family="Firefox", system="Windows")
    SignIn.objects.create(user=alice, at=NOW + timedelta(days=1), result="wrong_code", family="Chrome")

    page = " ".join(at_home.read("/account/").split())
    overview = page[page.index("At a glance") : page.index("contacts-title")]

    for words in ("1 verified", "1 item", "1 agreed to", "1 open", "Firefox on Windows", "by nobody"):
        assert words in overview, words
    assert "Chrome" not in overview


def test_the_sign_in_that_opened_this_session_is_not_called_the_last(alice: User) -> None:
    rows = [SignIn(result="entered", session_key=key) for key in ("here", "there")]

    assert sign_in_before(rows, "here") is rows[1]
    assert sign_in_before(rows[:1], "here") is None


def test_long_lists_show_the_newest_and_lead_to_all(alice: User, carol: User, at_home: Browser) -> None:
    asked = [make_request(alice) for _each in range(4)]
    for hour in range(5):
        at = NOW + timedelta(hours=hour)
        SignIn.objects.create(user=alice, at=at, result="entered", family=f"Browser{hour}")
        PersonalRead.objects.create(at=at, staff_id=carol.pk, person_id=alice.pk, case=f"R-{hour}", what=["phone"])

    page = at_home.read("/account/")

    assert sum(request.number in page for request in asked) == 3
    assert "All 4 requests" in page
    assert [f"Browser{hour}" in page for hour in range(5)] == [False, False, True, True, True]
    assert [f"R-{hour}" in page for hour in range(5)] == [False, False, True, True, True]
    assert all(link in page for link in ('href="/account/requests/#reads"', 'href="/account/sign-ins/"'))


@pytest.mark.parametrize(
    "path",
    [
        *("/account/", "/account/ways/", "/account/sign-ins/", "/account/history/", "/account/settings/"),
        *("/account/export/", "/account/requests/", "/account/profile/name/", "/account/contacts/phone/"),
    ],
)
def test_every_page_of_the_account_leads_back_under_one_name_and_hides_the_name_of_the_person(
    alice: User, at_home: Browser, path: str
) -> None:
    page = " ".join(at_home.read(path).split())

    assert '<a href="/account/" aria-current="page">My information</a>' in page
    assert "My account<" not in page
    assert '<a href="/account/">A***</a>' in page
    assert "Alice" not in page
    if path != "/account/":
        assert page.count(">My information</a>") == 2


def test_an_enterprise_is_asked_for_its_code_and_contact_person_and_not_for_a_nationality(
    alice: User, at_home: Browser
) -> None:
    person = at_home.read("/account/")

    write_items(alice, {"account-holder": "enterprise"}, source=Source.STAFF, actor=STAFF, at=NOW)
    enterprise = at_home.read("/account/")

    assert "Nationality" in person
    assert "Unified social credit code" not in person
    assert "Unified social credit code" in enterprise
    assert "Contact person" in enterprise
    assert "Nationality" not in enterprise


def test_what_somebody_outside_confirmed_is_listed(alice: User, at_home: Browser) -> None:
    write_items(alice, {"nationality": "CN"}, source=Source.STAFF, actor=STAFF, at=NOW)

    record_check(alice, "nationality", checked_by="id-authority", result="match", actor=SYSTEM, at=NOW)
    page = at_home.read("/account/")

    assert "id-authority" in page
    assert "it agrees" in page
    assert "Verified" in _row(page, "Nationality")


def test_a_document_that_expires_within_six_months_is_announced_on_the_page(alice: User, at_home: Browser) -> None:
    soon = (timezone.localdate() + timedelta(days=150)).isoformat()
    write_items(alice, CARD, source=Source.STAFF, actor=STAFF, at=NOW)
    before = at_home.read("/account/")

    write_items(alice, {"id-expiry": soon}, source=Source.STAFF, actor=STAFF, at=NOW)

    assert "expires soon" not in before
    assert "expires soon" in at_home.read("/account/")


def test_who_among_staff_looked_and_for_which_case_stands_there(alice: User, carol: User, at_home: Browser) -> None:
    PersonalRead.objects.create(
        at=NOW, staff_id=carol.pk, person_id=alice.pk, case="R-2026-000123", what=["id-number"], reason="verify"
    )

    assert "R-2026-000123" in at_home.read("/account/")


def test_it_shows_nothing_of_another_person(alice: User, bob: User, known: DataSubject, at_home: Browser) -> None:
    write_items(bob, {"occupation": "Lighthouse keeper"}, source=Source.STAFF, actor=STAFF, at=NOW)

    page = at_home.read(f"/account/?user={bob.pk}&id={bob.pk}")

    assert "Lighthouse keeper" not in page
    assert "138 **** 8000" not in page


def test_it_is_never_cached(at_home: Browser) -> None:
    for path in ("/account/", "/account/history/", "/account/settings/", "/account/profile/name/"):
        assert "no-store" in at_home.get(path)["Cache-Control"]


def test_the_number_of_queries_does_not_grow_with_what_is_known(
    alice: User, known: DataSubject, at_home: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    at_home.read("/account/")  # the process meets the version
    with django_assert_num_queries(22):
        at_home.read("/account/")
    for field, value in (("occupation", "Teacher"), ("address", "8 Example Road, South City"), ("sex", "female")):
        ProfileItem.objects.create(user=alice, field=field, value=value, since_at=NOW)

    with django_assert_num_queries(22):
        at_home.read("/account/")
