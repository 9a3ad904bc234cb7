"""What is unusual about a sign-in, how much care that takes, and who is told."""

from datetime import timedelta
from itertools import combinations

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.audit.rules import SYSTEM
from accounts.conftest import PostOffice
from accounts.devices.actions import disown, record_wrong_code
from accounts.devices.rules import MANY, Attempt, Level, Past, Risk, level_of, risks_of, whom_to_tell
from accounts.devices.selectors import past_of
from accounts.devices.tests.conftest import ELSEWHERE, SAFARI, ComeIn
from accounts.devices.traces import COOKIE, Trace
from accounts.models import Browser, Notice, SignIn, User
from accounts.notices.tasks import send_due
from accounts.otp.rules import WayKind
from accounts.otp.step_up import Act
from accounts.otp.tests.factories import prove
from accounts.users.rules import Contact, ContactKind
from conftest import NOW

PROVE = "/account/sign-ins/again/prove/"
AT_HOME = Attempt(is_known_browser=True, network="203.0.113.0/24", place="Shanghai, CN")
BEFORE = Past(is_first=False, networks=frozenset({AT_HOME.network}), places=frozenset({AT_HOME.place}))
EMAIL = Contact(ContactKind.EMAIL, "alice@people.example", is_proven=True)
PHONE = Contact(ContactKind.PHONE, "+8613900139000", is_proven=True)


@pytest.fixture
def reachable(alice: User) -> User:
    """Alice, with a number beside her address."""
    alice.phone, alice.phone_verified_at, alice.language = PHONE.value, NOW, "en"
    alice.save()
    return alice


@pytest.mark.parametrize(
    ("attempt", "past", "found"),
    [
        (AT_HOME, BEFORE, []),
        (Attempt(False, AT_HOME.network, AT_HOME.place), BEFORE, [Risk.NEW_BROWSER]),
        (Attempt(True, "198.51.100.0/24", AT_HOME.place), BEFORE, [Risk.NEW_NETWORK]),
        (Attempt(True, AT_HOME.network, "Oslo, NO"), BEFORE, [Risk.NEW_PLACE]),
        (Attempt(True, "", ""), BEFORE, []),
        (Attempt(False, "198.51.100.0/24", "Oslo, NO"), Past(is_first=True, failures=MANY), []),
        (AT_HOME, Past(is_first=False), []),
        (AT_HOME, Past(is_first=False, failures=MANY), [Risk.MANY_FAILURES]),
        (AT_HOME, Past(is_first=False, failures=MANY - 1), []),
        (AT_HOME, Past(is_first=False, was_disowned=True), [Risk.DISOWNED_BEFORE]),
    ],
)
def test_only_what_differs_from_what_is_known_is_unusual(attempt: Attempt, past: Past, found: list[Risk]) -> None:
    assert risks_of(attempt, past) == found


@pytest.mark.parametrize(
    ("risks", "level"),
    [
        ([], Level.USUAL),
        ([Risk.NEW_NETWORK], Level.TOLD),
        ([Risk.NEW_BROWSER], Level.TOLD),
        ([Risk.NEW_PLACE], Level.TOLD),
        ([Risk.MANY_FAILURES], Level.ASKED),
        ([Risk.DISOWNED_BEFORE], Level.ASKED),
    ],
)
def test_each_risk_has_its_level(risks: list[Risk], level: Level) -> None:
    assert level_of(risks) == level


@pytest.mark.parametrize("pair", list(combinations(Risk, 2)), ids=str)
def test_two_at_once_are_asked_about(pair: tuple[Risk, Risk]) -> None:
    assert level_of(pair) == Level.ASKED


@pytest.mark.parametrize(
    ("contacts", "way", "told"),
    [
        ([EMAIL, PHONE], "email", [PHONE]),
        ([EMAIL, PHONE], "phone", [EMAIL]),
        ([EMAIL], "email", [EMAIL]),
        ([EMAIL, Contact(ContactKind.PHONE, PHONE.value)], "email", [EMAIL]),
    ],
)
def test_the_other_contact_is_told_where_there_is_one(contacts: list[Contact], way: str, told: list[Contact]) -> None:
    assert whom_to_tell(contacts, way) == told


def test_the_first_sign_in_of_all_tells_nobody(reachable: User, come_in: ComeIn) -> None:
    come_in(reachable)

    assert not Notice.objects.exists()
    sign_in = SignIn.objects.get()
    assert (sign_in.risks, sign_in.level) == ([], Level.USUAL)


def test_the_same_browser_at_the_same_place_tells_nobody(reachable: User, come_in: ComeIn) -> None:
    browser = come_in(reachable).browser
    browser.post("/account/logout/")

    come_in(reachable, browser)

    assert not Notice.objects.exists()
    assert Browser.objects.count() == 1


def test_a_new_browser_is_told_by_the_other_contact(reachable: User, come_in: ComeIn, post_office: PostOffice) -> None:
    come_in(reachable)
    come_in(reachable, agent=SAFARI)
    mails = len(post_office.mails)

    send_due()

    sign_in = SignIn.objects.latest("pk")
    text = post_office.texts[-1]["text"]
    assert (sign_in.risks, sign_in.level) == (["new_browser"], Level.TOLD)
    assert post_office.texts[-1]["phone"] == PHONE.value
    assert "Safari on iOS 17" in text
    assert ": Safari on iOS 17 (new browser)." in text
    assert reverse("sign_ins:not_me", args=[sign_in.pk]) in text
    assert len(post_office.mails) == mails


def test_the_mail_also_leads_to_the_lock(reachable: User, come_in: ComeIn, post_office: PostOffice) -> None:
    come_in(reachable, contact=PHONE.value)
    come_in(reachable, agent=SAFARI, contact=PHONE.value)

    send_due()

    assert post_office.mails[-1]["To"] == reachable.email
    body = post_office.mails[-1].get_body(("plain",))
    assert body is not None
    assert "/account/compromised/" in body.get_content()


def test_a_forged_cookie_makes_no_browser_known(alice: User, come_in: ComeIn) -> None:
    come_in(alice)
    forger = Client()
    forger.cookies[COOKIE] = signing.Signer(key="another key", salt="any").sign("token")

    come_in(alice, forger)

    assert SignIn.objects.latest("pk").risks == ["new_browser"]


def test_two_people_of_one_browser_are_not_told_apart_by_anybody_else(alice: User, bob: User) -> None:
    trace = Trace("token", "Firefox", "Android 15", "", "")

    assert trace.digest(alice) != trace.digest(bob)


def test_the_cookie_is_out_of_reach_of_scripts_and_signed(alice: User, come_in: ComeIn) -> None:
    cookie = come_in(alice).browser.cookies[COOKIE]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert bytes(Browser.objects.get().token_digest) not in cookie.value.encode()
    assert cookie.value.count(":") == 2


def test_an_unusual_sign_in_is_asked_again_before_any_page_opens(reachable: User, come_in: ComeIn) -> None:
    come_in(reachable)
    person = come_in(reachable, agent=SAFARI, ip=ELSEWHERE)

    for path in ("/account/", "/consents/", reverse("sign_ins:list")):
        assert person.look(path)["Location"] == "/account/sign-ins/again/"
    page = person.read("/account/sign-ins/again/")
    assert "new browser, new network" in page
    assert 'action="/account/logout/"' in page
    assert person.look(PROVE)["Location"] == "/account/verify/"
    assert person.look("/policies/").status_code == 200
    assert person.look("/account/compromised/").status_code == 200
    assert person.post(reverse("sign_ins:end_others"))["Location"] == "/account/sign-ins/again/"


def test_once_proven_the_pages_open_and_it_is_noted(reachable: User, come_in: ComeIn) -> None:
    come_in(reachable)
    person = come_in(reachable, agent=SAFARI, ip=ELSEWHERE)
    sign_in = SignIn.objects.latest("pk")
    act = Act("account.enter", "", {"sign_in": str(sign_in.pk)})
    prove(person.browser, reachable, act, kinds=(WayKind.SMS,))

    response = person.look(PROVE)

    assert response["Location"] == "/"
    assert person.look(reverse("sign_ins:list")).status_code == 200
    sign_in.refresh_from_db()
    assert sign_in.proven_again_at is not None


def test_the_code_that_opened_the_door_does_not_count_twice(reachable: User, come_in: ComeIn) -> None:
    come_in(reachable)
    person = come_in(reachable, agent=SAFARI, ip=ELSEWHERE)
    act = Act("account.enter", "", {"sign_in": str(SignIn.objects.latest("pk").pk)})
    prove(person.browser, reachable, act)  # by e-mail

    assert person.look(PROVE)["Location"] == "/account/verify/"


def test_whoever_is_in_already_is_not_asked(alice: User, come_in: ComeIn) -> None:
    person = come_in(alice)

    for path in ("/account/sign-ins/again/", PROVE):
        assert person.look(path)["Location"] == "/account/sign-ins/"


def test_after_many_wrong_codes_the_right_one_is_asked_about(alice: User, come_in: ComeIn) -> None:
    browser = come_in(alice).browser
    for _ in range(MANY):
        record_wrong_code(alice.contacts[0], _trace(), at=NOW + timedelta(minutes=1))
    browser.post("/account/logout/")

    come_in(alice, browser)

    assert SignIn.objects.latest("pk").risks == ["many_failures"]


def test_failures_before_the_last_success_do_not_count(alice: User, come_in: ComeIn) -> None:
    for _ in range(MANY):
        record_wrong_code(alice.contacts[0], _trace(), at=NOW - timedelta(minutes=1))

    come_in(alice)

    alice.refresh_from_db()
    assert past_of(alice, at=NOW).failures == 0


def test_what_was_disowned_makes_the_next_sign_ins_asked_about_and_nothing_known(alice: User, come_in: ComeIn) -> None:
    come_in(alice)
    come_in(alice, agent=SAFARI, ip=ELSEWHERE)
    disown(SignIn.objects.latest("pk"), actor=SYSTEM, at=NOW)

    come_in(alice, ip=ELSEWHERE)

    assert SignIn.objects.latest("pk").risks == ["new_browser", "new_network", "disowned_before"]


def test_the_place_counts_only_where_a_proxy_says_it(alice: User, come_in: ComeIn, settings: Settings) -> None:
    browser = Client(headers={"x-place": "Shanghai, CN"})
    come_in(alice, browser)
    assert SignIn.objects.get().place == ""

    settings.PLACE_HEADER = "X-Place"
    browser.post("/account/logout/")
    come_in(alice, browser)
    browser.post("/account/logout/")
    browser.defaults["HTTP_X_PLACE"] = "南京\r\n" + "x" * 100
    come_in(alice, browser)

    latest = SignIn.objects.latest("pk")
    assert latest.risks == ["new_place"]
    assert latest.place.startswith("南京x")
    assert len(latest.place) == 60


def _trace() -> Trace:
    return Trace("token", "Firefox", "Android 15", "203.0.113.0/24", "")
