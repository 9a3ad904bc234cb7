"""How often codes may be asked for and tried, by destination and by network (NIST SP 800-63B)."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Challenge, User
from accounts.users.rules import parse_contact
from accounts.users.tests.conftest import CODE_PAGE, Visitor

START = timezone.now()


def test_the_limits_are_kept_in_postgresql(visitor: Visitor) -> None:
    visitor.sign_in("alice@people.example")

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rate_limit")
        assert cursor.fetchone()[0] > 0
    assert bytes(Challenge.objects.get().destination_index or b"") == parse_contact("alice@people.example").index


@pytest.mark.parametrize("login", ["alice@people.example", "nobody@people.example"])
def test_the_fifth_code_to_one_contact_from_one_network_has_to_wait_in_any_browser(
    login: str, alice: User, visitor: Visitor
) -> None:
    answers = [Visitor(visitor.post_office).sign_in(login) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 302, 429]
    assert 590 < int(answers[4]["Retry-After"]) <= 600
    assert visitor.post_office.count == 4
    assert visitor.sign_in("bob@people.example").status_code == 302


def from_network(visitor: Visitor, number: int) -> Visitor:
    """A browser of another network."""
    return Visitor(visitor.post_office, browser=Client(REMOTE_ADDR=f"203.0.{number}.7"))


@pytest.mark.parametrize("login", ["alice@people.example", "nobody@people.example"])
def test_a_stranger_who_asks_for_codes_does_not_keep_another_network_out(
    login: str, alice: User, visitor: Visitor
) -> None:
    for _ in range(5):
        refused = from_network(visitor, 1).sign_in(login)

    assert refused.status_code == 429
    assert from_network(visitor, 2).sign_in(login).status_code == 302


def test_a_browser_that_signed_in_before_gets_in_however_many_strangers_ask(alice: User, visitor: Visitor) -> None:
    owner = from_network(visitor, 200)
    owner.sign_in(alice.email)
    owner.type_code()
    owner.post("/account/logout/")
    statuses = [from_network(visitor, number).sign_in(alice.email).status_code for number in range(17)]

    asked = owner.sign_in(alice.email)
    owner.type_code()

    assert statuses == [302] * 16 + [429]
    assert asked.status_code == 302
    assert owner.user_id == alice.pk


def test_a_browser_known_to_somebody_else_has_no_allowance_of_its_own(alice: User, bob: User, visitor: Visitor) -> None:
    visitor.sign_in(bob.phone)
    visitor.type_code()
    visitor.post("/account/logout/")
    for _ in range(4):
        visitor.sign_in(alice.email)

    assert visitor.sign_in(alice.email).status_code == 429


def test_the_pause_grows_and_eight_codes_a_day_are_all_that_one_network_gets(alice: User, visitor: Visitor) -> None:
    sent_at: list[int] = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for minute in range(0, 24 * 60, 5):
            clock.move_to(START + timedelta(minutes=minute, seconds=1))
            if visitor.sign_in(alice.email).status_code == 302:
                sent_at.append(minute)

    assert sent_at == [0, 5, 10, 15, 25, 45, 85, 165]


def test_signing_in_starts_the_count_anew(alice: User, visitor: Visitor) -> None:
    for _ in range(4):
        visitor.sign_in(alice.email)
    visitor.type_code()
    visitor.post("/account/logout/")

    assert Visitor(visitor.post_office).sign_in(alice.email).status_code == 302


@pytest.mark.parametrize(("language", "words"), [("en", "Try again in 10 minutes."), ("zh-hans", "请 10 分钟后再试。")])
def test_the_refusal_says_what_to_do_in_both_languages(language: str, words: str, visitor: Visitor) -> None:
    visitor.language = language

    answers = [visitor.sign_in("alice@people.example") for _ in range(5)]

    assert words in answers[4].content.decode()


def test_send_again_counts_too(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)

    statuses = [visitor.post(CODE_PAGE, again="1").status_code for _ in range(4)]

    assert statuses == [302, 302, 302, 429]


def test_after_the_time_one_may_ask_again(alice: User, visitor: Visitor) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            refused = visitor.sign_in(alice.email)
        clock.shift(timedelta(minutes=10, seconds=1))
        allowed = visitor.sign_in(alice.email)

    assert (refused.status_code, allowed.status_code) == (429, 302)


def test_the_way_of_writing_a_contact_does_not_help(bob: User, visitor: Visitor) -> None:
    spellings = ["13800138000", "+8613800138000", "0086 138 0013 8000", "１３８００１３８０００", "138-0013-8000"]

    assert [visitor.sign_in(spelling).status_code for spelling in spellings][-1] == 429


def test_one_network_asks_for_thirty_codes_a_minute(visitor: Visitor, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    statuses = [visitor.sign_in(f"person{number}@people.example").status_code for number in range(31)]

    assert statuses == [302] * 30 + [429]


def test_one_network_tries_sixty_codes_a_minute(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)

    statuses = [visitor.post(CODE_PAGE, code="123").status_code for _ in range(61)]

    assert statuses == [200] * 60 + [429]


def test_a_contact_is_not_in_the_counters_in_clear(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)

    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(rate_limit::text, '') FROM rate_limit")
        assert alice.email not in cursor.fetchone()[0]
    cache.clear()
