"""A person adds, names and removes what they prove with; each change is told to them."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import SYSTEM
from accounts.conftest import PostOffice
from accounts.models import AuditEntry, Authenticator, Notice, RecoveryCode, User
from accounts.otp.enrolment import make_recovery_codes, rename_device
from accounts.otp.freshness import SIGNED_IN_AT
from accounts.otp.rules import WayKind
from accounts.otp.selectors import ways_of
from accounts.otp.step_up import Act
from accounts.otp.tests.factories import SECRET, make_authenticator, post_proven, prove, token_of
from accounts.users.tests.conftest import Visitor

WAYS, APP, CODES = "/account/ways/", "/account/ways/app/", "/account/ways/recovery-codes/"
VERIFY = "/account/verify/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    """Alice's, in English; she came in a moment ago."""
    return signed_in(client, alice)


def signed_in(client: Client, user: User, *, minutes_ago: int = 0) -> Client:
    """A browser of user."""
    client.force_login(user)
    session = client.session
    session[SIGNED_IN_AT] = (timezone.now() - timedelta(minutes=minutes_ago)).timestamp()
    session.save()
    client.cookies["django_language"] = "en"
    return client


def shown_token(browser: Client) -> str:
    """What an app shows that has just read the secret of the page."""
    return token_of(Authenticator(key=browser.session["new_app"]))


def test_the_first_app_is_added_by_its_secret_and_a_first_token(browser: Client, alice: User) -> None:
    page = browser.get(APP).content.decode()
    secret = browser.session["new_app"]

    added = browser.post(APP, {"code": shown_token(browser), "name": "my phone"})

    assert " ".join(secret[start : start + 4] for start in range(0, 32, 4)) in page
    assert added.headers["Location"] == WAYS
    (way, _mail) = ways_of(alice)
    assert (way.kind, way.label) == (WayKind.TOTP, "my phone")
    assert "my phone" in browser.get(WAYS).content.decode()
    assert "new_app" not in browser.session


def test_the_secret_is_a_picture_of_our_own_and_in_no_address(browser: Client) -> None:
    page = browser.get(APP)
    secret = browser.session["new_app"]

    picture = browser.get(f"{APP}picture.svg")

    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert b"<path" in picture.content
    assert "no-store" in picture.headers["Cache-Control"]
    assert f'src="{APP}picture.svg"' in page.content.decode()
    assert secret not in page.content.decode()  # there in groups of four alone
    assert "otpauth" not in page.content.decode()


def test_there_is_no_picture_unless_an_app_is_being_added(browser: Client) -> None:
    assert browser.get(f"{APP}picture.svg").status_code == 404


def test_the_secret_lies_sealed(browser: Client) -> None:
    browser.get(APP)
    secret = browser.session["new_app"]
    browser.post(APP, {"code": shown_token(browser), "name": "phone"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_authenticator::text FROM accounts_authenticator")
        assert secret not in cursor.fetchone()[0]
    assert Authenticator.objects.get().key == secret


def test_a_wrong_first_token_adds_nothing_and_keeps_the_secret(browser: Client) -> None:
    browser.get(APP)
    secret = browser.session["new_app"]
    wrong = f"{(int(shown_token(browser)) + 1) % 10**6:06d}"

    response = browser.post(APP, {"code": wrong, "name": "phone"})

    assert response.status_code == 422
    assert "not what the app should show now" in response.content.decode()
    assert browser.session["new_app"] == secret
    assert not Authenticator.objects.exists()


def test_the_token_that_added_an_app_proves_nothing_more(browser: Client, alice: User) -> None:
    browser.get(APP)
    token = shown_token(browser)
    browser.post(APP, {"code": token, "name": "phone"})

    assert Authenticator.objects.get().verify_token(token) is False


def test_a_second_submit_adds_no_second_app(browser: Client) -> None:
    browser.get(APP)
    form = {"code": shown_token(browser), "name": "phone"}
    browser.post(APP, form)
    prove_adding(browser, APP)
    browser.post(APP, form)

    assert Authenticator.objects.count() == 1


def prove_adding(browser: Client, path: str) -> None:
    """With the device there is, whoever that is."""
    user = User.objects.get(pk=browser.session["_auth_user_id"])
    prove(browser, user, Act("way.add", "", {"what": path}, ways=(WayKind.TOTP,)))


def test_ten_minutes_after_signing_in_the_first_device_needs_a_proof(client: Client, alice: User) -> None:
    browser = signed_in(client, alice, minutes_ago=10)

    assert browser.get(APP).headers["Location"] == VERIFY
    assert browser.post(CODES).headers["Location"] == VERIFY
    assert not RecoveryCode.objects.exists()


def test_a_session_that_never_noted_a_sign_in_is_not_fresh(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get(APP).headers["Location"] == VERIFY


def test_signing_in_by_code_is_fresh_enough_for_the_first_device(alice: User, post_office: PostOffice) -> None:
    visitor = Visitor(post_office)
    visitor.sign_in(alice.email)
    visitor.type_code()

    assert visitor.look(APP).status_code == 200


@pytest.mark.parametrize("path", [APP, CODES, "/account/ways/passkey/"])
def test_the_next_device_needs_another_one_and_not_a_mere_message(browser: Client, alice: User, path: str) -> None:
    make_authenticator(alice)

    asked = browser.get(path)

    assert asked.headers["Location"] == VERIFY
    page = browser.get(VERIFY).content.decode()
    assert 'value="totp"' in page
    assert 'value="email"' not in page


def test_a_proof_for_adding_an_app_adds_no_passkey(browser: Client, alice: User) -> None:
    make_authenticator(alice)
    prove_adding(browser, APP)

    assert browser.get(APP).status_code == 200
    assert browser.get("/account/ways/passkey/").headers["Location"] == VERIFY


def granted(contact: str, command: str = "grant_role", *more: str) -> str:
    """What an administrator reads."""
    said = StringIO()
    call_command(command, contact, *more, stdout=said)
    return said.getvalue()


@pytest.mark.parametrize("path", [APP, CODES, "/account/ways/passkey/"])
def test_a_mailbox_alone_adds_no_first_device_of_staff(client: Client, carol: User, path: str) -> None:
    Authenticator.objects.all().delete()
    browser = signed_in(client, carol)

    asked = browser.get(path)

    assert asked.headers["Location"] == VERIFY
    page = browser.get(VERIFY).content.decode()
    assert "with a code from an administrator" in page
    assert 'value="email"' not in page


def test_staff_add_their_first_device_with_the_code_that_an_administrator_hands_over(client: Client) -> None:
    code = granted("erin@controller.example", "grant_role", "auditor").split()[-1]
    again = granted("erin@controller.example", "grant_role", "approver")
    browser = signed_in(client, User.objects.get(email_verified_at=None))
    browser.get(APP)
    token = browser.session["step_up_pending"]["token"]
    browser.post(VERIFY, {"for": token, "way": "recovery"})

    browser.post(VERIFY, {"for": token, "code": code})
    browser.get(APP)
    added = browser.post(APP, {"code": shown_token(browser), "name": "phone"})

    assert added.headers["Location"] == WAYS
    assert Authenticator.objects.get().user.is_staff
    assert "forget_devices" in again  # the first code holds for both roles
    assert not RecoveryCode.objects.filter(used_at=None).exists()


def test_whose_devices_are_forgotten_gets_a_new_code_where_they_work_here(alice: User, carol: User) -> None:
    of_staff, of_anybody = (granted(user.email, "forget_devices") for user in (carol, alice))

    assert RecoveryCode.objects.get(used_at=None).user == carol
    assert "Hand this over yourself" in of_staff
    assert "Hand this over yourself" not in of_anybody


def test_ten_codes_are_shown_once_and_kept_as_digests(browser: Client, alice: User) -> None:
    response = browser.post(CODES)
    page = response.content.decode()

    codes = [line.split("</span>")[0] for line in page.split('<span class="mono">')[1:]]
    assert len(set(codes)) == 10
    assert "no-store" in response.headers["Cache-Control"]
    rows = str([bytes(row.digest) for row in RecoveryCode.objects.all()])
    assert not [code for code in codes if code in rows or code in browser.get(WAYS).content.decode()]
    assert ways_of(alice)[-1].left == 10
    assert browser.get(CODES).headers["Location"] == VERIFY  # from now on they are a device to prove with


def test_new_codes_kill_the_old_ones_and_spend_the_proof(browser: Client, alice: User) -> None:
    browser.post(CODES)
    old = {bytes(row.digest) for row in RecoveryCode.objects.all()}

    made = post_proven(browser, CODES)
    again = browser.post(CODES)

    assert made.status_code == 200
    assert again.headers["Location"] == VERIFY
    new = {bytes(row.digest) for row in RecoveryCode.objects.all()}
    assert (len(new), new & old) == (10, set())


def test_a_device_that_was_removed_meanwhile_is_not_renamed(alice: User) -> None:
    app = make_authenticator(alice)
    Authenticator.objects.filter(pk=app.pk).delete()

    rename_device(WayKind.TOTP, app, "phone")

    assert not Authenticator.objects.exists()


def test_a_device_is_renamed(browser: Client, alice: User) -> None:
    app = make_authenticator(alice)

    empty = browser.post(f"{WAYS}totp/{app.pk}/", {"name": ""})
    browser.post(f"{WAYS}totp/{app.pk}/", {"name": "<b>old phone</b>"})

    assert empty.status_code == 422
    assert "&lt;b&gt;old phone&lt;/b&gt;" in browser.get(WAYS).content.decode()


def test_a_device_is_removed_after_a_proof(browser: Client, alice: User) -> None:
    app = make_authenticator(alice)

    asked = browser.post(f"{WAYS}totp/{app.pk}/remove/")
    removed = post_proven(browser, f"{WAYS}totp/{app.pk}/remove/")

    assert asked.headers["Location"] == VERIFY
    assert removed.headers["Location"] == WAYS
    assert not Authenticator.objects.exists()
    assert browser.post(f"{WAYS}totp/{app.pk}/remove/").status_code == 404


def test_a_session_that_was_proven_with_a_removed_device_is_proven_no_more(client: Client, dave: User) -> None:
    client.force_login(dave)
    assert client.get("/desk/").status_code == 200

    Authenticator.objects.all().delete()

    assert client.get("/desk/").headers["Location"] == WAYS


@pytest.mark.parametrize("act", ["", "remove/"])
@pytest.mark.parametrize("kind", ["totp", "passkey", "recovery", "email", "nothing"])
def test_anothers_device_is_not_found(browser: Client, bob: User, kind: str, act: str) -> None:
    app = make_authenticator(bob)

    assert browser.post(f"{WAYS}{kind}/{app.pk}/{act}", {"name": "mine"}).status_code == 404
    assert Authenticator.objects.get().name == app.name


def test_each_change_is_told_at_every_contact_and_audited_without_names(browser: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="en")
    browser.get(APP)
    browser.post(APP, {"code": shown_token(browser), "name": "my phone"})
    app = Authenticator.objects.get()
    post_proven(browser, CODES)
    post_proven(browser, f"{WAYS}totp/{app.pk}/remove/")

    told = [notice.parameters["change"] for notice in Notice.objects.order_by("created_at")]
    assert told == [
        "authenticator app “my phone” was added.",
        "New recovery codes were made. Earlier ones no longer work.",
        "authenticator app “my phone” was removed.",
    ]
    assert {notice.destination for notice in Notice.objects.all()} == {alice.email}
    entries = AuditEntry.objects.filter(target=f"user:{alice.pk}").order_by("pk")
    acts = [(entry.act, entry.details) for entry in entries if "account" not in entry.act]
    assert acts == [
        ("authenticator.added", {"kind": "totp"}),
        ("recovery_codes.made", {"count": 10}),
        ("authenticator.removed", {"kind": "totp"}),
    ]


@pytest.mark.parametrize("path", [WAYS, APP, CODES, "/account/ways/passkey/", f"{APP}picture.svg"])
def test_a_stranger_is_sent_to_sign_in(client: Client, path: str) -> None:
    assert client.get(path).headers["Location"] == f"/account/login/?next={path}"


def test_a_form_without_its_token_is_refused(alice: User) -> None:
    browser = signed_in(Client(enforce_csrf_checks=True), alice)
    app = make_authenticator(alice)

    for path in (APP, CODES, "/account/ways/passkey/", f"{WAYS}totp/{app.pk}/", f"{WAYS}totp/{app.pk}/remove/"):
        assert browser.post(path).status_code == 403


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", "x", '{"id": 1}', '{"id":"a","rawId":"a","response":{}}'])
def test_a_passkey_answer_that_is_none_is_refused(browser: Client, answer: str) -> None:
    browser.get("/account/ways/passkey/")

    response = browser.post("/account/ways/passkey/", {"code": answer, "name": "key"})

    assert response.status_code == 422


def test_the_ways_page_costs_as_many_queries_for_many_as_for_one(
    browser: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_authenticator(alice, name=f"phone {number}")

    with django_assert_num_queries(5):  # session, user, passkeys, apps, recovery codes
        browser.get(WAYS)


def test_an_app_that_runs_late_is_still_understood(alice: User) -> None:
    app = make_authenticator(alice)
    with time_machine.travel(timezone.now() - timedelta(seconds=30)):
        token = token_of(app)

    assert app.verify_token(token)
    assert (app.key, app.drift) == (SECRET, -1)


def test_whoever_lost_everything_can_be_given_a_new_start(alice: User, bob: User) -> None:
    make_authenticator(alice)
    make_authenticator(bob)
    make_recovery_codes(alice, actor=SYSTEM, at=timezone.now())

    call_command("forget_devices", alice.email, stdout=StringIO())

    assert [way.kind for way in ways_of(alice)] == [WayKind.EMAIL]
    assert Authenticator.objects.get().user == bob
    assert Notice.objects.filter(user_id=alice.pk, event="ways_changed").count() == 2


@pytest.mark.parametrize("contact", ["nobody@people.example", "x"])
def test_the_command_finds_nobody_where_nobody_is(contact: str) -> None:
    with pytest.raises(CommandError):
        call_command("forget_devices", contact)


@pytest.mark.parametrize("page", ["account_login", "account_signup"])
def test_no_page_sets_or_takes_a_password(client: Client, page: str) -> None:
    assert 'type="password"' not in client.get(reverse(page)).content.decode()
    for name in ("account_set_password", "account_change_password", "account_reset_password"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


def test_an_answer_of_a_passkey_is_not_shown_again_and_a_name_is_asked_for_first(browser: Client, alice: User) -> None:
    browser.get("/account/ways/passkey/")

    nameless = browser.post("/account/ways/passkey/", {"code": "an old answer", "name": ""})

    assert list(nameless.context["form"].errors) == ["name"]
    assert "an old answer" not in nameless.content.decode()
