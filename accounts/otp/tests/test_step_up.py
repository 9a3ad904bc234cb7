"""A sensitive act needs a proof of its own: bound to person, act, parameters and session, for minutes, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.test import Client
from django.urls import include, path
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

import portal.urls
from accounts.conftest import PostOffice
from accounts.models import Authenticator, Challenge, RecoveryCode, User
from accounts.otp.rules import OWN_DEVICES, WayKind
from accounts.otp.selectors import missing_proofs, ways_for
from accounts.otp.step_up import Act, step_up
from accounts.otp.tests.factories import LONG_AGO, make_authenticator, prove, token_of

DONE: list[QueryDict] = []
MOVE, LEAVE = "/move/", "/leave/"
TO_PARIS = Act("thing.move", "move the thing to Paris", {"to": "Paris"})
TO_LEAVE = Act("thing.leave", "leave", proofs=2)
ENTER = Act("thing.enter", "enter", ways=OWN_DEVICES)


def move_act(request: HttpRequest) -> Act | None:
    """Only moving something needs a proof."""
    if request.method != "POST":
        return None
    to = request.POST["to"]
    return Act("thing.move", f"move the thing to {to}", {"to": to})


@step_up(move_act)
def move(request: HttpRequest) -> HttpResponse:
    """Refuses to move anything to nowhere."""
    if request.method != "POST" or request.POST["to"] == "nowhere":
        return HttpResponse("a form")
    if request.POST["to"] == "broken":
        raise RuntimeError("broken")
    DONE.append(request.POST)
    return redirect("/moved/")


@step_up(lambda _request: TO_LEAVE)
def leave(request: HttpRequest) -> HttpResponse:
    """Needs two proofs to be seen."""
    return redirect("/left/") if request.method == "POST" else HttpResponse("leave")


@step_up(lambda _request: ENTER)
def enter(_request: HttpRequest) -> HttpResponse:
    """For devices of one's own alone."""
    return HttpResponse("in")


urlpatterns = [
    path("move/", move),
    path("leave/", leave),
    path("enter/", enter),
    path("", include(portal.urls)),
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    DONE.clear()


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    """Alice's, in English."""
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return client


def show(browser: Client, code: str, **more: str) -> HttpResponse:
    """Type code on the verify page."""
    token = browser.session["step_up_pending"]["token"]
    response = browser.post("/account/verify/", {"for": token, "code": code, **more})
    assert isinstance(response, HttpResponse)
    return response


def choose(browser: Client, kind: WayKind) -> None:
    """Choose a way."""
    token = browser.session["step_up_pending"]["token"]
    assert browser.post("/account/verify/", {"for": token, "way": kind}).status_code == 302


def test_a_form_waits_for_the_code_and_is_then_sent_by_one_button(browser: Client, post_office: PostOffice) -> None:
    asked = browser.post(MOVE, {"to": "Paris <b>", "also": ["1", "2"]})
    choose(browser, WayKind.EMAIL)
    typed = show(browser, post_office.last_code())
    page = browser.get("/account/verify/go-on/").content.decode()

    assert (asked.headers["Location"], typed.headers["Location"]) == ("/account/verify/", "/account/verify/")
    assert "move the thing to Paris <b>" in post_office.last_text()
    assert 'action="/move/"' in page
    assert 'name="to" value="Paris &lt;b&gt;"' in page
    assert DONE == []
    assert browser.post(MOVE, {"to": "Paris <b>", "also": ["1", "2"]}).headers["Location"] == "/moved/"
    assert len(DONE) == 1


def test_the_proof_is_spent_by_the_act(browser: Client, alice: User) -> None:
    prove(browser, alice, TO_PARIS)
    browser.post(MOVE, {"to": "Paris"})

    again = browser.post(MOVE, {"to": "Paris"})

    assert again.headers["Location"] == "/account/verify/"
    assert len(DONE) == 1


def test_an_act_that_was_refused_does_not_spend_the_proof(browser: Client, alice: User) -> None:
    prove(browser, alice, Act("thing.move", "", {"to": "nowhere"}))

    answers = [browser.post(MOVE, {"to": "nowhere"}).content for _ in range(2)]

    assert answers == [b"a form", b"a form"]


def test_an_act_that_broke_does_not_spend_the_proof(browser: Client, alice: User) -> None:
    browser.raise_request_exception = False
    prove(browser, alice, Act("thing.move", "", {"to": "broken"}))

    statuses = [browser.post(MOVE, {"to": "broken"}).status_code for _ in range(2)]

    assert statuses == [500, 500]


@pytest.mark.parametrize(
    "other",
    [Act("thing.move", "", {"to": "Rome"}), Act("thing.sell", "", {"to": "Paris"}), Act("thing.move", "", {})],
    ids=["another value", "another act", "no value"],
)
def test_a_proof_is_for_this_act_and_these_parameters(browser: Client, alice: User, other: Act) -> None:
    prove(browser, alice, other)

    assert browser.post(MOVE, {"to": "Paris"}).headers["Location"] == "/account/verify/"
    assert DONE == []


def test_a_proof_is_the_persons_own_and_of_this_session(browser: Client, alice: User, bob: User) -> None:
    prove(browser, bob, TO_PARIS)
    elsewhere = Client()
    elsewhere.force_login(alice)
    prove(elsewhere, alice, TO_PARIS)

    assert browser.post(MOVE, {"to": "Paris"}).headers["Location"] == "/account/verify/"
    assert DONE == []


@pytest.mark.parametrize(("minutes", "is_done"), [(4, True), (5, False)])
def test_a_proof_is_good_for_five_minutes(browser: Client, alice: User, minutes: int, is_done: bool) -> None:
    prove(browser, alice, TO_PARIS, at=timezone.now() - timedelta(minutes=minutes, seconds=1))

    browser.post(MOVE, {"to": "Paris"})

    assert bool(DONE) is is_done


def test_two_proofs_are_of_two_kinds(browser: Client, alice: User) -> None:
    act = TO_LEAVE
    prove(browser, alice, act, kinds=(WayKind.EMAIL, WayKind.EMAIL))
    assert browser.get(LEAVE).headers["Location"] == "/account/verify/"

    RecoveryCode.objects.create(user=alice, digest=bytes(32), made_at=LONG_AGO)
    prove(browser, alice, act, kinds=(WayKind.RECOVERY,))

    assert browser.get(LEAVE).content == b"leave"
    assert browser.post(LEAVE).headers["Location"] == "/left/"
    assert browser.post(LEAVE).headers["Location"] == "/account/verify/"


def test_the_second_proof_cannot_be_the_first_kind_again(browser: Client, alice: User, post_office: PostOffice) -> None:
    make_authenticator(alice)
    browser.get(LEAVE)
    choose(browser, WayKind.EMAIL)
    show(browser, post_office.last_code())
    page = browser.get("/account/verify/").content.decode()
    assert 'value="totp"' in page
    assert 'value="email"' not in page

    choose(browser, WayKind.EMAIL)  # a forged form
    assert post_office.count == 1
    choose(browser, WayKind.TOTP)
    show(browser, token_of(Authenticator.objects.get()))

    assert browser.get("/account/verify/go-on/").headers["Location"] == LEAVE
    assert browser.get(LEAVE).content == b"leave"


def test_who_has_one_kind_only_is_told_what_to_do(browser: Client) -> None:
    browser.get(LEAVE)

    page = browser.get("/account/verify/").content.decode()

    assert "This needs 2 different proofs that it is you, and you have 1." in page
    assert 'name="way"' not in page


def test_a_way_added_a_moment_ago_is_no_second_proof(browser: Client, alice: User) -> None:
    make_authenticator(alice, added_at=timezone.now() - timedelta(hours=71))
    browser.get(LEAVE)
    prove(browser, alice, TO_LEAVE)

    page = browser.get("/account/verify/").content.decode()

    assert browser.get(LEAVE).headers["Location"] == "/account/verify/"
    assert browser.post(LEAVE).headers["Location"] == "/account/verify/"
    assert "What you added lately counts as one of them from" in page
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
        prove(browser, alice, TO_LEAVE)
        assert browser.post(LEAVE).headers["Location"] == "/left/"


@pytest.mark.parametrize("kind", [WayKind.SMS, WayKind.TOTP, WayKind.RECOVERY])
def test_whatever_was_added_lately_counts_for_one_proof_and_not_for_two(
    alice: User, kind: WayKind, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    User.objects.filter(pk=alice.pk).update(phone="+8613900139009", phone_verified_at=now)
    make_authenticator(alice, added_at=now)
    RecoveryCode.objects.create(user=alice, digest=bytes(32), made_at=now)
    alice.refresh_from_db()

    with django_assert_num_queries(3):
        counting = {way.kind for way in ways_for(alice, TO_LEAVE, at=now)}

    assert kind not in counting
    assert kind in {way.kind for way in ways_for(alice, TO_PARIS, at=now)}
    assert kind in {way.kind for way in ways_for(alice, TO_LEAVE, at=now + timedelta(hours=72))}


def test_the_persons_own_ways_decide_when_enough_of_them_count(alice: User) -> None:
    now = timezone.now()
    with translation.override("en"):
        alone = missing_proofs(alice, TO_LEAVE, at=now)
    app = make_authenticator(alice, added_at=now)

    young = missing_proofs(alice, TO_LEAVE, at=now)

    assert "you have 1" in (alone or "")
    assert timezone.localtime(app.created_at + timedelta(hours=72)).strftime("%Y-%m-%d %H:%M") in (young or "")
    assert missing_proofs(alice, TO_LEAVE, at=now + timedelta(hours=72)) is None
    assert missing_proofs(alice, TO_PARIS, at=now) is None


def test_a_page_of_one_act_does_not_prove_another_that_was_begun_meanwhile(
    browser: Client, alice: User, post_office: PostOffice
) -> None:
    make_authenticator(alice)
    browser.post(MOVE, {"to": "Paris"})
    token = browser.session["step_up_pending"]["token"]
    browser.get(LEAVE)
    choose(browser, WayKind.TOTP)

    response = browser.post("/account/verify/", {"for": token, "code": token_of(Authenticator.objects.get())})

    assert response.headers["Location"] == "/account/verify/"
    assert "something else in another window" in browser.get("/account/verify/").content.decode()
    assert not Challenge.objects.exclude(used_at=None).exists()


def test_a_wrong_code_says_how_many_tries_are_left_and_five_end_it(browser: Client, post_office: PostOffice) -> None:
    browser.post(MOVE, {"to": "Paris"})
    choose(browser, WayKind.EMAIL)
    wrong = f"{(int(post_office.last_code()) + 1) % 10**6:06d}"

    pages = [show(browser, wrong) for _ in range(5)]

    assert [page.status_code for page in pages] == [422] * 5
    assert "You can try 4 more times" in pages[0].content.decode()
    assert "that was the last try" in pages[4].content.decode()
    assert show(browser, post_office.last_code()).status_code == 422
    assert browser.get("/account/verify/go-on/").headers["Location"] == "/account/verify/"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "<script>", "１２３４５"])
def test_what_cannot_be_a_code_costs_no_try(browser: Client, post_office: PostOffice, code: str) -> None:
    browser.post(MOVE, {"to": "Paris"})
    choose(browser, WayKind.EMAIL)

    assert show(browser, code).status_code == 422
    assert Challenge.objects.get().wrong_tries == 0


def test_a_second_code_too_soon_is_refused_with_the_reason(browser: Client, post_office: PostOffice) -> None:
    browser.post(MOVE, {"to": "Paris"})
    choose(browser, WayKind.EMAIL)
    token = browser.session["step_up_pending"]["token"]

    response = browser.post("/account/verify/", {"for": token, "way": "email"})

    assert response.status_code == 429
    assert "A new one can be sent in" in response.content.decode()
    assert post_office.count == 1


@pytest.mark.usefixtures("servers_away")
def test_where_no_message_leaves_the_person_is_told(browser: Client) -> None:
    browser.post(MOVE, {"to": "Paris"})
    token = browser.session["step_up_pending"]["token"]

    response = browser.post("/account/verify/", {"for": token, "way": "email"})

    assert response.status_code == 503
    assert "Nothing was changed" in response.content.decode()


@pytest.mark.parametrize("way", ["sms", "totp", "passkey", "recovery", "face", ""])
def test_a_way_that_one_has_not_is_not_offered_and_does_nothing(browser: Client, way: str) -> None:
    browser.post(MOVE, {"to": "Paris"})
    page = browser.get("/account/verify/").content.decode()
    token = browser.session["step_up_pending"]["token"]

    response = browser.post("/account/verify/", {"for": token, "way": way})

    assert f'value="{way}"' not in page or not way
    assert response.status_code == 302
    assert not Challenge.objects.exists()


def test_an_act_may_ask_for_devices_of_ones_own(browser: Client, alice: User) -> None:
    prove(browser, alice, ENTER, kinds=(WayKind.EMAIL,))
    assert browser.get("/enter/").headers["Location"] == "/account/verify/"
    assert 'value="email"' not in browser.get("/account/verify/").content.decode()

    prove(browser, alice, ENTER)

    assert browser.get("/enter/").content == b"in"


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    for path_ in (MOVE, "/account/verify/", "/account/verify/go-on/"):
        assert client.get(path_).headers["Location"].startswith("/account/login/?next=")


@pytest.mark.parametrize("page", ["/account/verify/", "/account/verify/go-on/"])
def test_with_nothing_to_prove_one_comes_home(browser: Client, page: str) -> None:
    assert browser.get(page).headers["Location"] == "/account/"


def test_after_half_an_hour_what_was_begun_is_forgotten(browser: Client) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=31)):
        browser.post(MOVE, {"to": "Paris"})

    assert browser.get("/account/verify/").headers["Location"] == "/account/"
    assert "step_up_pending" not in browser.session


@pytest.mark.parametrize(
    "evil", ["//evil.example/", "https://evil.example/", "/\\evil.example/", "javascript:alert(1)"]
)
def test_one_is_never_sent_elsewhere(browser: Client, alice: User, evil: str) -> None:
    browser.get(LEAVE)
    prove(browser, alice, TO_LEAVE)
    session = browser.session
    session["step_up_pending"] = session["step_up_pending"] | {"path": evil}
    session.save()

    assert browser.get("/account/verify/go-on/").headers["Location"] == "/account/"


def test_an_address_that_looks_like_another_host_stays_here(browser: Client, alice: User) -> None:
    asked = browser.get("//evil.example/../leave/")

    assert asked.status_code == 404
    assert "step_up_pending" not in browser.session


def test_a_form_too_large_for_a_session_is_refused(browser: Client) -> None:
    assert browser.post(MOVE, {"to": "x" * 70_000}).status_code == 400
    assert "step_up_pending" not in browser.session


def test_the_kept_form_does_not_lie_in_clear_in_the_database(browser: Client) -> None:
    browser.post(MOVE, {"to": "rue de la Paix"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(session_data, '') FROM django_session")
        assert "Paix" not in cursor.fetchone()[0]


def test_a_form_without_its_token_is_refused(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)

    assert browser.post("/account/verify/", {"way": "email"}).status_code == 403


def test_pages_that_prove_are_not_kept_by_anybody(browser: Client) -> None:
    browser.post(MOVE, {"to": "Paris"})

    assert "no-store" in browser.get("/account/verify/").headers["Cache-Control"]


def test_of_two_requests_at_once_one_does_the_act(transactional_db: None, make_user: Callable[..., User]) -> None:
    anna, browsers = make_user(email="anna@people.example"), [Client(), Client(), Client(), Client()]
    browsers[0].force_login(anna)
    prove(browsers[0], anna, TO_PARIS)
    for browser in browsers[1:]:
        browser.cookies = browsers[0].cookies

    def send(browser: Client) -> str:
        try:
            return str(browser.post(MOVE, {"to": "Paris"}).headers["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, browsers))

    assert sorted(answers) == ["/account/verify/"] * 3 + ["/moved/"]
    assert len(DONE) == 1


def test_the_verify_page_costs_a_fixed_number_of_queries(
    browser: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.post(MOVE, {"to": "Paris"})

    with django_assert_num_queries(6):  # session, user, challenge, passkeys, apps, recovery codes
        browser.get("/account/verify/")
