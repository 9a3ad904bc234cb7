"""An account comes into being when a contact is proven, and not before (K14)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.conftest import PostOffice
from accounts.models import Challenge, User
from accounts.otp.errors import CodeRejected
from accounts.users.actions import enter, send_entrance_code
from accounts.users.rules import ContactKind, Entrance, parse_contact
from accounts.users.tests.conftest import CODE_PAGE, Visitor


@pytest.mark.parametrize(
    ("typed", "email", "phone"),
    [("New@People.Example", "new@people.example", ""), ("0086-139 0013 9000", "", "+8613900139000")],
)
def test_the_code_proves_the_contact_opens_the_account_and_signs_in(
    typed: str, email: str, phone: str, visitor: Visitor
) -> None:
    asked = visitor.sign_up(typed)
    assert (asked.status_code, asked["Location"]) == (302, CODE_PAGE)
    assert not User.objects.exists()

    entered = visitor.type_code()

    user = User.objects.get()
    assert (entered.status_code, entered["Location"]) == (302, "/")
    assert (user.email, user.phone, user.language) == (email, phone, "en")
    assert (user.email_verified_at is not None, user.phone_verified_at is not None) == (bool(email), bool(phone))
    assert visitor.user_id == user.pk
    assert not user.has_usable_password()


def test_the_trail_says_that_an_account_was_opened_and_not_whose(visitor: Visitor) -> None:
    visitor.sign_up("new@people.example")
    visitor.type_code()

    entry, user = AuditEntry.objects.get(), User.objects.get()
    assert (entry.act, entry.actor, entry.target) == ("account.opened", f"subject:{user.pk}", f"user:{user.pk}")
    assert entry.details == {"by": "email"}


@pytest.mark.parametrize(
    ("browser", "language", "words"), [("zh-CN,zh;q=0.9", "zh-hans", "验证码"), ("en-GB", "en", "Your code")]
)
def test_the_browsers_language_is_kept_and_spoken(browser: str, language: str, words: str, visitor: Visitor) -> None:
    visitor.language = browser

    visitor.sign_up("new@people.example")
    assert words in visitor.post_office.last_text()

    visitor.type_code()
    assert User.objects.get().language == language


def test_nobody_has_a_session_before_the_code_is_right(visitor: Visitor) -> None:
    visitor.sign_up("new@people.example")
    visitor.type_wrong_code()

    assert visitor.user_id is None
    assert visitor.browser.get("/account/").status_code == 302
    assert not User.objects.exists()


def test_an_unproven_contact_of_somebody_else_goes_to_whoever_proves_it(
    make_user: Callable[..., User], visitor: Visitor
) -> None:
    other = make_user(phone="+8613900139000")
    other.email = "new@people.example"
    other.save()

    visitor.sign_up("new@people.example")
    visitor.type_code()

    other.refresh_from_db()
    owner = User.objects.naming(parse_contact("new@people.example")).get()
    assert (other.email, visitor.user_id) == ("", owner.pk)


def test_two_browsers_that_prove_one_contact_open_one_account(transactional_db: None, post_office: PostOffice) -> None:
    contact = parse_contact("new@people.example")
    challenge = send_entrance_code(contact, Entrance.SIGN_UP, language="en", at=timezone.now())
    code = post_office.last_code()

    def submit(_: int) -> int | None:
        try:
            return enter(challenge.pk, contact, Entrance.SIGN_UP, code, language="en", at=timezone.now()).pk
        except CodeRejected:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(submit, range(4)))

    assert sorted(answers, key=str) == [User.objects.get().pk, None, None, None]


@pytest.mark.usefixtures("servers_away")
@pytest.mark.parametrize("login", ["new@people.example", "13900139000"])
def test_a_server_that_is_away_is_admitted_and_leaves_nothing_half_made(login: str, visitor: Visitor) -> None:
    response = visitor.sign_up(login)

    page = response.content.decode()
    assert response.status_code == 503
    assert "We could not send the message just now" in page
    assert 'role="alert"' in page
    assert f'value="{login}"' in page
    assert not User.objects.exists()
    assert not Challenge.objects.exists()


@pytest.mark.parametrize(
    ("login", "complaint"),
    [("1380013800", "has 11 digits, this one has 10"), ("", "Enter your mobile number"), ("a@b", "not an e-mail")],
)
def test_a_mistake_is_listed_on_top_and_explained_at_the_field(login: str, complaint: str, visitor: Visitor) -> None:
    response = visitor.sign_up(login)

    page = response.content.decode()
    assert response.status_code == 200
    assert page.count(complaint) == 2
    assert '<a href="#id_login">' in page
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_login_error"' in page
    assert visitor.post_office.count == 0


def test_contacts_are_compared_without_their_proof() -> None:
    assert parse_contact("a@people.example").kind is ContactKind.EMAIL
    assert str(parse_contact("alice@people.example")) == "a***e@people.example"
