"""People edit their own information; what cannot be edited says so first, and where to ask (K90-K92, Y29)."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.audit.models import AuditEntry
from accounts.audit.rules import Actor, ActorKind
from accounts.models import LockNotice, MarketingChoice, ProfileChange, ProfileItem, User
from accounts.otp.step_up import Act
from accounts.otp.tests.factories import prove
from accounts.profile.actions import write_items
from accounts.profile.models import Source
from accounts.profile.rules import FIELDS
from conftest import NOW
from consent.ledger.models import ConsentStatus, DataSubject
from consent.ledger.tests.factories import answer, make_subject
from consent.policies.models import Policy, PolicyVersion
from consent.policies.tests.factories import facts, make_policy, make_version
from consent.rights.me.tests.conftest import IDENTITY, Browser

STAFF = Actor(ActorKind.STAFF, 1)
CARD = {"id-kind": "resident-card", "id-number": "11010519491231002X", "id-expiry": "2040-01-31"}
SETTINGS = {"language": "en", "theme": ""}


@pytest.mark.parametrize(
    "field", [code for code, spec in FIELDS.items() if not (code.startswith("id-") or spec.on_demand)]
)
def test_every_field_has_a_page_and_takes_a_value_that_fits(alice: User, at_home: Browser, field: str) -> None:
    value = {
        "account-holder": "person",
        "nationality": "CN",
        "sex": "female",
        "registration-number": "91350100M000100Y43",
        "address": "8 Example Road, South City",
    }.get(field, "Alice Smith")
    at_home.read(f"/account/profile/{field}/")

    response = at_home.post(f"/account/profile/{field}/", **{field: value})

    assert response["Location"] == "/account/#profile"
    assert ProfileItem.objects.get(user=alice).value == value


def test_a_document_is_entered_in_one_go_and_its_lock_was_announced_first(alice: User, at_home: Browser) -> None:
    page = at_home.read("/account/profile/id-number/")
    told = set(LockNotice.objects.filter(user=alice).values_list("field", flat=True))

    at_home.post("/account/profile/id-number/", **CARD)

    assert told == {"id-kind", "id-number"}
    assert "once saved, you cannot edit it here." in page
    assert "Before you enter it" in page
    assert {item.field: item.value for item in ProfileItem.objects.all()} == CARD


def test_a_form_that_was_never_shown_is_shown_before_it_is_taken(alice: User, at_home: Browser) -> None:
    first = at_home.post("/account/profile/name/", name="Alice Smith")

    second = at_home.post("/account/profile/name/", name="Alice Smith")

    assert (first.status_code, second.status_code) == (409, 302)
    assert "you cannot edit it here" in first.content.decode()


@pytest.mark.parametrize("field", FIELDS)
def test_the_lock_that_is_announced_does_not_speak_of_what_has_not_happened(at_home: Browser, field: str) -> None:
    page = at_home.read(f"/account/profile/{field}/")

    assert ("you cannot edit it here." in page) is bool(FIELDS[field].lock or field == "id-expiry")
    assert "It was compared" not in page


@pytest.mark.parametrize("field", FIELDS)
def test_an_empty_field_is_answered_by_what_to_enter_and_a_long_one_by_what_fits(at_home: Browser, field: str) -> None:
    at_home.read(f"/account/profile/{field}/")

    empty = at_home.post(f"/account/profile/{field}/").content.decode()
    long = at_home.post(f"/account/profile/{field}/", **{field: "x" * 3000}).content.decode()

    assert str(FIELDS[field].ask) in empty
    for page in (empty, long):
        assert 'role="alert"' in page
        assert "This field is required" not in page
        assert "Ensure this value" not in page


def test_a_mistake_is_told_beside_its_field_and_what_was_typed_stays(alice: User, at_home: Browser) -> None:
    at_home.read("/account/profile/id-number/")

    page = at_home.post("/account/profile/id-number/", **{**CARD, "id-number": "110105194912310021"})

    words = page.content.decode()
    assert page.status_code == 200
    assert "This identity number cannot be right" in words
    assert 'href="#id_id-number"' in words
    assert 'value="2040-01-31"' in words
    assert not ProfileItem.objects.exists()


def test_a_document_without_end_needs_no_date(alice: User, at_home: Browser) -> None:
    at_home.read("/account/profile/id-number/")

    at_home.post("/account/profile/id-number/", **{**CARD, "id-expiry": "", "endless": "on"})

    assert ProfileItem.objects.get(field="id-expiry").value == "long-term"
    assert "without end" in at_home.read("/account/")


def test_a_locked_field_says_why_on_which_ground_and_where_to_ask(
    alice: User, known: DataSubject, at_home: Browser
) -> None:
    version = make_version(Policy.objects.get(), [IDENTITY, facts("ads", items=["id-number!"])])
    answer(known, version, ConsentStatus.GIVEN, ["ads"])
    write_items(alice, CARD, source=Source.STAFF, actor=STAFF, at=NOW)

    page = at_home.read("/account/profile/id-number/")

    assert "/account/requests/new/?kind=correction&amp;field=id-number" in page
    assert "Ground: Anti-Money Laundering Law\n" in page
    assert 'name="id-number"' not in page
    assert 'name="id-expiry"' in page
    assert CARD["id-number"] not in page


def test_a_locked_field_is_not_written_whatever_is_sent(alice: User, at_home: Browser) -> None:
    write_items(alice, CARD, source=Source.STAFF, actor=STAFF, at=NOW)

    at_home.post("/account/profile/id-number/", **{**CARD, "id-number": "440106199003070011"})

    assert ProfileItem.objects.get(field="id-number").value == CARD["id-number"]


def test_why_it_is_asked_and_who_gets_it_stands_beside_the_form(
    alice: User, known: DataSubject, at_home: Browser
) -> None:
    page = at_home.read("/account/profile/id-number/")

    assert "Purpose identity" in page
    assert "12 months" in page


def test_the_full_value_is_shown_only_after_a_proof_and_that_is_in_the_trail(alice: User, at_home: Browser) -> None:
    write_items(alice, CARD, source=Source.STAFF, actor=STAFF, at=NOW)
    path = "/account/profile/id-number/show/"
    refused = at_home.get(path)

    prove(at_home.client, alice, Act("profile.show", "", {"field": "id-number"}))
    page = at_home.read(path)

    assert refused["Location"] == "/account/verify/"
    assert CARD["id-number"] in page
    assert AuditEntry.objects.get(act="profile.shown").details == {"field": "id-number"}
    assert at_home.get("/account/profile/address/show/")["Location"] == "/account/verify/"


def test_a_name_older_than_the_profile_can_be_shown_in_full_too(alice: User, at_home: Browser) -> None:
    prove(at_home.client, alice, Act("profile.show", "", {"field": "name"}))

    assert '<b class="open">Alice</b>' in at_home.read("/account/profile/name/show/")


def test_somebody_elses_value_is_not_shown_by_ones_own_proof(alice: User, bob: User, at_home: Browser) -> None:
    write_items(bob, CARD, source=Source.STAFF, actor=STAFF, at=NOW)
    prove(at_home.client, alice, Act("profile.show", "", {"field": "id-number"}))

    assert at_home.get("/account/profile/id-number/show/").status_code == 404


@pytest.mark.parametrize("path", ["/account/profile/shoe-size/", "/account/profile/shoe-size/show/"])
def test_a_field_that_does_not_exist_is_not_found(at_home: Browser, path: str) -> None:
    assert at_home.get(path).status_code == 404
    assert at_home.post("/account/profile/shoe-size/remove/").status_code == 404


def test_what_nothing_locks_can_be_removed(alice: User, at_home: Browser) -> None:
    write_items(alice, {"occupation": "Teacher"}, source=Source.SUBJECT, actor=STAFF, at=NOW)
    write_items(alice, CARD, source=Source.STAFF, actor=STAFF, at=NOW)

    at_home.post("/account/profile/occupation/remove/")
    at_home.post("/account/profile/id-number/remove/")

    assert set(ProfileItem.objects.values_list("field", flat=True)) == set(CARD)


def test_what_is_required_is_neither_offered_for_removal_nor_removed(
    alice: User, known: DataSubject, at_home: Browser
) -> None:
    write_items(alice, {"occupation": "Teacher"}, source=Source.SUBJECT, actor=STAFF, at=NOW)

    page = at_home.read("/account/profile/occupation/")
    at_home.post("/account/profile/occupation/remove/")

    assert "/remove/" not in page
    assert "It is required, so it cannot be removed" in page
    assert ProfileItem.objects.get().value == "Teacher"


def test_a_name_older_than_the_profile_can_be_removed_too(alice: User, at_home: Browser) -> None:
    offered = "/remove/" in at_home.read("/account/profile/name/")

    at_home.post("/account/profile/name/remove/")

    alice.refresh_from_db()
    assert (offered, alice.name) == (True, "")


def test_the_history_shows_who_changed_what_and_masks_it(alice: User, bob: User, at_home: Browser) -> None:
    write_items(alice, {"address": "8 Example Road, South City"}, source=Source.STAFF, actor=STAFF, at=NOW)
    write_items(bob, {"occupation": "Lighthouse keeper"}, source=Source.STAFF, actor=STAFF, at=NOW)

    page = at_home.read("/account/history/")

    assert "8 Exam****" in page
    assert "by our staff" in page
    assert "South City" not in page
    assert "Lighthouse keeper" not in page


def test_settings_are_kept_and_the_language_of_pages_follows(alice: User, at_home: Browser) -> None:
    response = at_home.post("/account/settings/", **SETTINGS, findable_by_phone="on", surveys_email="on")

    alice.refresh_from_db()
    assert (alice.findable_by_phone, alice.findable_by_email, alice.language) == (True, False, "en")
    assert MarketingChoice.objects.get(is_on=True).topic == "surveys"
    assert response["Location"] == "/language/en/?next=%2Faccount%2F%23settings"


@pytest.mark.parametrize("data", [{"language": "fr"}, {"language": "en", "theme": "blue"}, {}])
def test_a_setting_that_is_not_offered_is_refused(alice: User, at_home: Browser, data: dict[str, str]) -> None:
    page = at_home.post("/account/settings/", **data, allows_profiling="on").content.decode()

    alice.refresh_from_db()
    assert (alice.language, alice.allows_profiling) == ("zh-hans", False)
    assert 'role="alert"' in page


def test_service_notices_have_no_switch_and_say_why(at_home: Browser) -> None:
    page = at_home.read("/account/settings/")

    assert "They cannot be switched off" in page
    assert 'name="notices' not in page


def test_every_change_needs_a_token_against_forged_forms(alice: User) -> None:
    browser = Browser(alice)
    browser.client.handler.enforce_csrf_checks = True

    for path in ("settings/", "profile/name/", "profile/name/remove/", "contacts/phone/", "contacts/email/confirm/"):
        assert browser.post(f"/account/{path}").status_code == 403, path
    assert not ProfileChange.objects.exists()


@pytest.mark.parametrize(
    ("path", "queries"),
    # The first time that a lock is announced it is noted under the person's row, which costs four more.
    [("/account/profile/id-number/", 15), ("/account/history/", 6), ("/account/settings/", 4)],
)
def test_each_page_costs_a_fixed_number_of_queries(
    alice: User,
    known: DataSubject,
    at_home: Browser,
    django_assert_num_queries: DjangoAssertNumQueries,
    path: str,
    queries: int,
) -> None:
    at_home.read("/account/")
    with django_assert_num_queries(queries):
        at_home.read(path)


def test_pages_are_open_to_somebody_who_answers_no_policy(
    make_user: Callable[..., User], known: DataSubject
) -> None:  # Y28
    newcomer = Browser(make_user(email="new@people.example"))

    for path in ("/account/", "/account/settings/", "/account/history/", "/account/profile/name/"):
        assert newcomer.get(path).status_code == 200
    assert newcomer.get("/account/contacts/phone/").status_code == 200


CARD_PAGE = "/account/profile/card-number/"


def quick_pay(alice: User) -> tuple[DataSubject, PolicyVersion]:
    """A policy in effect with a purpose of which the bank card is part."""
    version = make_version(make_policy(), [facts("quick-pay", items=["card-number!"])])
    return make_subject(alice, version.policy.controller), version


def test_a_bank_card_is_asked_for_only_while_what_needs_it_was_agreed_to(alice: User, at_home: Browser) -> None:
    subject, version = quick_pay(alice)
    unasked = at_home.read("/account/") + at_home.read(CARD_PAGE)

    answer(subject, version, purposes=["quick-pay"])
    asked = at_home.read("/account/")
    saved = at_home.post(CARD_PAGE, **{"card-number": "6222 0202 0011 2233 446"})

    assert "Bank card number</a>" not in unasked
    assert "you have not agreed to it" in unasked
    assert "Purpose quick-pay" in unasked
    assert CARD_PAGE in asked
    assert saved["Location"] == "/account/#profile"


def test_what_is_not_asked_for_is_not_taken(alice: User, at_home: Browser) -> None:
    quick_pay(alice)

    refused = at_home.post(CARD_PAGE, **{"card-number": "6222020200112233446"})

    assert refused.status_code == 409
    assert not ProfileItem.objects.exists()


def test_no_lock_is_announced_for_what_is_not_asked_for(alice: User, at_home: Browser) -> None:
    make_version(make_policy(), [facts("quick-pay", items=["id-number!"])])

    page = at_home.read("/account/profile/id-number/")

    assert "We do not ask you for this" in page
    assert not LockNotice.objects.exists()


def test_after_a_withdrawal_what_is_known_still_stands_there_and_can_be_removed(alice: User, at_home: Browser) -> None:
    subject, version = quick_pay(alice)
    write_items(alice, {"card-number": "6222020200112233446"}, source=Source.STAFF, actor=STAFF, at=NOW)
    answer(subject, version, ConsentStatus.REFUSED, purposes=["quick-pay"])

    page = at_home.read("/account/")
    at_home.post(f"{CARD_PAGE}remove/")

    assert "No policy in effect needs it. You can remove it." in page
    assert not ProfileItem.objects.exists()


def test_what_no_register_names_and_only_features_need_is_not_asked_for(alice: User, at_home: Browser) -> None:
    assert CARD_PAGE not in at_home.read("/account/")
    assert "Nothing that we do needs it." in at_home.read(CARD_PAGE)
