"""Nothing tells whether a contact has an account: not the page, the status, the headers, the cookies, nor the time,
which is what is done for the answer: the queries, the digests, the messages."""

import re
import sys
from types import FrameType
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from accounts.models import Challenge, User
from accounts.otp.rules import fits
from accounts.users.tests.conftest import CODE_PAGE, Visitor

DOORS = ["account_login", "account_signup"]
PAIRS = [("alice@people.example", "other@people.example"), ("13800138000", "13900138000")]  # known, unknown
COSTLY = ("argon2", "cryptography", "django.contrib.auth.hashers", "django.utils.crypto", "hmac")


@pytest.fixture(autouse=True)
def _known(alice: User, bob: User) -> None:
    """alice@people.example and 13800138000 have accounts."""


def seen(response: HttpResponse) -> dict[str, Any]:
    """All that the other side can tell from an answer, without what differs from one request to the next anyway."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    page = re.sub(r"(valid until |value=\")\S+", "", page.replace("o***r@", "a***e@").replace("139 ****", "138 ****"))
    cookies = {
        name: {key: value for key, value in morsel.items() if key != "expires"}
        for name, morsel in response.cookies.items()
    }
    headers = {key: value for key, value in response.headers.items() if key != "Expires"}
    return {"status": response.status_code, "page": page, "cookies": cookies, "headers": headers}


def walk(visitor: Visitor, door: str, login: str) -> list[dict[str, Any]]:
    """Ask, look, try wrongly, ask again, and try until the end; what was seen at each step."""
    steps = [visitor.ask(door, login), visitor.look(CODE_PAGE), visitor.type_wrong_code()]
    steps += [visitor.post(CODE_PAGE, again="1"), visitor.look(CODE_PAGE)]
    steps += [visitor.type_wrong_code() for _ in range(6)]
    steps += [visitor.post(CODE_PAGE, again="1"), visitor.look(CODE_PAGE)]
    return [seen(step) for step in steps]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("known", "unknown"), PAIRS)
def test_every_step_looks_the_same(known: str, unknown: str, door: str, visitor: Visitor) -> None:
    other = Visitor(visitor.post_office)

    for left, right in zip(walk(visitor, door, known), walk(other, door, unknown), strict=True):
        assert left == right


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("known", "unknown"), PAIRS)
def test_a_message_is_sent_in_either_case_and_at_every_repetition(
    known: str, unknown: str, door: str, visitor: Visitor
) -> None:
    for login in (known, unknown):
        before = visitor.post_office.count
        Visitor(visitor.post_office).ask(door, login)
        walker = Visitor(visitor.post_office)
        walker.ask(door, login)
        walker.post(CODE_PAGE, again="1")
        assert visitor.post_office.count == before + 3


@pytest.mark.parametrize(
    ("door", "login", "words", "link"),
    [
        ("account_signup", "alice@people.example", "You already have one.", "/account/login/"),
        ("account_signup", "13800138000", "You already have an account", "/account/login/"),
        ("account_login", "other@people.example", "There is no account with it.", "/account/signup/"),
        ("account_login", "13900138000", "There is no account", "/account/signup/"),
    ],
)
def test_the_message_shows_the_right_door_and_holds_no_code(
    door: str, login: str, words: str, link: str, visitor: Visitor
) -> None:
    visitor.ask(door, login)

    text = visitor.post_office.last_text()
    assert words in text
    assert link in text
    assert not re.search(r"\d{6}", text.replace("127.0.0.1", ""))


@pytest.mark.parametrize("door", DOORS)
def test_no_guess_fits_where_no_code_was_sent(door: str, visitor: Visitor) -> None:
    login = "alice@people.example" if door == "account_signup" else "other@people.example"
    visitor.ask(door, login)

    challenge = Challenge.objects.get()
    assert not any(fits(challenge.pk, f"{code:06d}", challenge.code_hmac) for code in range(0, 10**6, 997))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("known", "unknown"), PAIRS)
def test_the_same_queries_are_made(known: str, unknown: str, door: str, visitor: Visitor) -> None:
    def statements(login: str) -> list[str]:
        browser = Visitor(visitor.post_office)
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            browser.ask(door, login)
            browser.post(CODE_PAGE, again="1")
            browser.type_wrong_code()
        return [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in captured]

    assert statements(known) == statements(unknown)


def costly_calls(visitor: Visitor, door: str, login: str) -> list[str]:
    """What takes time beside queries and messages when a new browser is answered: digests and ciphers, in order."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, _arg: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith(COSTLY):
            calls.append(f"{module}.{frame.f_code.co_qualname}")

    cache.clear()
    Challenge.objects.all().delete()  # by which it is counted how often a contact was asked for
    browser = Visitor(visitor.post_office)
    sys.setprofile(note)
    try:
        browser.ask(door, login)
        browser.post(CODE_PAGE, again="1")
        browser.type_wrong_code()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("known", "unknown"), PAIRS)
def test_the_same_costly_work_is_done(known: str, unknown: str, door: str, visitor: Visitor) -> None:
    """With the same queries and as many messages there is nothing left that could take another time."""
    costly_calls(visitor, door, known)  # what a process does once is done

    left, right = costly_calls(visitor, door, known), costly_calls(visitor, door, unknown)

    assert left == right
    assert "django.utils.crypto.salted_hmac" in left
