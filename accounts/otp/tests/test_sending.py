"""Where a code goes, what the message says, how often one may ask, and what happens if it cannot be sent."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import translation
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.conftest import PostOffice
from accounts.models import Challenge, User
from accounts.otp.actions import issue_challenge, verify_challenge
from accounts.otp.errors import NoProvenContact, SendingFailed, TooSoon
from accounts.otp.rules import PERSON
from accounts.otp.selectors import open_challenge
from conftest import NOW

ACT, OBJECT = "policy.publish", {"version": "17"}


def issue(user: User, *, label: str = "publish version 17", after: timedelta = timedelta()) -> Challenge:
    """A code for user."""
    return issue_challenge(user, ACT, OBJECT, act_label=label, at=NOW + after)


def test_a_proven_address_gets_a_mail_that_names_the_act(dave: User, post_office: PostOffice) -> None:
    with translation.override("en"):
        challenge = issue(dave)

    (mail,) = post_office.mails
    assert mail["To"] == "dave@controller.example"
    assert mail["Subject"] == "Assent: your code to publish version 17"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "en")
    assert "publish version 17" in post_office.last_text()
    assert "10 minutes" in post_office.last_text()
    assert (challenge.channel, challenge.destination) == ("email", "d***e@controller.example")


def test_the_code_is_not_in_the_subject_and_is_in_both_bodies(dave: User, post_office: PostOffice) -> None:
    issue(dave)

    (mail,) = post_office.mails
    page = mail.get_body(("html",))
    assert page is not None
    assert post_office.last_code() in page.get_content()
    assert post_office.last_code() not in mail["Subject"]


def test_words_from_outside_do_no_harm_in_a_mail(dave: User, post_office: PostOffice) -> None:
    issue(dave, label="publish <b>A & B</b>\nBcc: mallory@people.example")

    (mail,) = post_office.mails
    page = mail.get_body(("html",))
    assert page is not None
    assert "Bcc" not in mail
    assert "publish &lt;b&gt;A &amp; B&lt;/b&gt;" in page.get_content()
    assert "publish <b>A & B</b>" in post_office.last_text()


def test_a_number_gets_a_text_with_template_parameters_and_signature(bob: User, post_office: PostOffice) -> None:
    with translation.override("zh-hans"):
        challenge = issue(bob, label="发布第 17 版")

    (text,) = post_office.texts
    assert (text["phone"], text["template"]) == ("+8613800138000", "code")
    assert text["parameters"] == {"code": post_office.last_code(), "act": "发布第 17 版", "minutes": "10"}
    assert text["text"].startswith("【Assent】")
    assert "发布第 17 版" in text["text"]
    assert len(text["id"]) == 32
    assert (challenge.channel, challenge.destination) == ("sms", "138 **** 8000")


@pytest.mark.parametrize(("language", "words"), [("en", "is your code to"), ("zh-hans", "验证码")])
def test_the_code_speaks_the_language_of_the_page(
    language: str, words: str, bob: User, post_office: PostOffice
) -> None:
    with translation.override(language):
        issue(bob)

    assert words in post_office.last_text()


def test_an_unproven_contact_gets_nothing(make_user: Callable[..., User], post_office: PostOffice) -> None:
    newcomer = make_user(email="new@people.example")
    newcomer.email_verified_at = None

    with pytest.raises(NoProvenContact):
        issue(newcomer)
    assert post_office.count == 0


def test_the_number_is_used_where_the_address_is_unproven(
    make_user: Callable[..., User], post_office: PostOffice
) -> None:
    user = make_user(email="new@people.example", phone="+8613900139000")
    user.email_verified_at = None

    assert issue(user).channel == "sms"


@pytest.mark.parametrize("persona", ["dave", "bob"])
@pytest.mark.usefixtures("servers_away")
def test_a_server_that_is_away_leaves_no_code_open_and_one_may_ask_again_at_once(
    persona: str, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(persona)

    for _ in range(2):
        with pytest.raises(SendingFailed):
            issue(user)

    assert not Challenge.objects.exists()


@pytest.mark.parametrize(("persona", "answer"), [("dave", "busy"), ("bob", "blacklisted"), ("bob", "garbage")])
def test_a_refusal_counts_as_not_sent(
    persona: str, answer: str, request: pytest.FixtureRequest, post_office: PostOffice
) -> None:
    post_office.refuses = answer

    with pytest.raises(SendingFailed):
        issue(request.getfixturevalue(persona))
    assert not Challenge.objects.exists()


def test_a_gateway_that_answers_404_counts_as_not_sent(bob: User, post_office: PostOffice, settings: Settings) -> None:
    settings.SMS_GATEWAY_URL += "/nowhere"

    with pytest.raises(SendingFailed):
        issue(bob)


def test_no_log_line_holds_a_code_or_a_contact(
    dave: User, bob: User, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    issue(dave)
    codes = [post_office.last_code()]
    issue(bob)
    codes.append(post_office.last_code())
    post_office.refuses = "blacklisted"
    with pytest.raises(SendingFailed):
        issue(bob, after=timedelta(minutes=5))

    sinks = ("mail.log", "asyncio")  # aiosmtpd, which plays the mail server here
    lines = "\n".join(record.getMessage() for record in caplog.records if record.name not in sinks)
    assert "refused" in lines
    for secret in (*codes, dave.email, "13800138000"):
        assert secret not in lines


def test_the_pause_doubles_until_a_code_is_used(dave: User, post_office: PostOffice) -> None:
    issue(dave)
    with pytest.raises(TooSoon) as caught:
        issue(dave, after=timedelta(seconds=29))
    assert caught.value.retry_at == NOW + timedelta(seconds=30)
    assert open_challenge(dave, ACT, OBJECT, at=NOW + timedelta(seconds=29)) is not None

    issue(dave, after=timedelta(seconds=30))
    with pytest.raises(TooSoon) as caught:
        issue(dave, after=timedelta(seconds=60))
    assert caught.value.retry_at == NOW + timedelta(seconds=90)

    verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=NOW + timedelta(seconds=61))
    issue(dave, after=timedelta(seconds=62))
    assert post_office.count == 3


def test_twenty_codes_without_success_are_enough_for_a_day() -> None:
    asked_at = [NOW + timedelta(hours=hour) for hour in reversed(range(20))]

    assert PERSON.next_at(asked_at) == NOW + timedelta(days=1)
    assert PERSON.next_at(asked_at[:19]) == asked_at[0] + timedelta(hours=1)
    assert PERSON.next_at([]) is None


def test_issuing_costs_a_fixed_number_of_queries(
    dave: User, post_office: PostOffice, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(7):  # savepoint, lock, history, replace, sweep, insert, release
        issue(dave)
    with django_assert_num_queries(5):  # find, savepoint, count the try, release, use
        verify_challenge(dave, ACT, OBJECT, post_office.last_code(), at=NOW)
