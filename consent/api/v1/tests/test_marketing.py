"""Advertising goes only to who switched it on, each message can be stopped by link or answer, and that works at once
(K39, K74)."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEntry, MarketingChoice, User
from conftest import NOW
from consent.api.v1.tests.conftest import Caller, problem
from consent.ledger.models import DataSubject
from consent.ledger.tests.factories import answer, make_subject
from consent.policies.models import Controller, PolicyVersion

EMAIL, PHONE = "alice@people.example", "+8613800138000"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def customer(alice: User, company: Controller) -> DataSubject:
    """Alice, whom the company knows, and who wants everything by every channel."""
    alice.phone, alice.phone_verified_at, alice.language = PHONE, NOW, "en"
    alice.save()
    for channel in MarketingChoice.Channel:
        for topic in MarketingChoice.Topic:
            MarketingChoice.objects.create(user=alice, channel=channel, topic=topic, is_on=True, at=NOW)
    return make_subject(alice, company)


def check(caller: Caller, contact: str = EMAIL, **more: str) -> Any:
    """What the company is told."""
    return caller.post("marketing/check", {"contact": contact, "topic": "offers"} | more).json()


def link(caller: Caller) -> str:
    """The path of the link in an e-mail."""
    return str(check(caller)["unsubscribe"]).partition("/unsubscribe/")[2].join(("/unsubscribe/", ""))


def test_an_email_comes_with_what_lets_a_mail_program_stop_it(caller: Caller, customer: DataSubject) -> None:
    said = check(caller)

    assert (said["allowed"], said["reason"]) == (True, "wanted")
    assert said["headers"] == {
        "List-Unsubscribe": f"<{said['unsubscribe']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert "alice" not in said["unsubscribe"]


def test_the_links_of_two_messages_cannot_be_compared(caller: Caller, customer: DataSubject, client: Client) -> None:
    links = [link(caller), link(caller)]

    pages = [client.get(each) for each in links]

    assert links[0] != links[1]
    assert [page.status_code for page in pages] == [200, 200]


def test_a_text_message_says_in_the_persons_language_how_to_stop_it(caller: Caller, customer: DataSubject) -> None:
    in_english = check(caller, PHONE)["opt_out"]
    User.objects.update(language="zh-hans")

    assert in_english == "Reply TD to stop"
    assert check(caller, PHONE)["opt_out"] == "退订回TD"


def test_a_no_is_the_same_for_whoever_does_not_want_it_and_for_nobody(
    caller: Caller, stranger: Caller, customer: DataSubject
) -> None:
    nobody = check(caller, "nobody@people.example")
    another_company = check(stranger)
    MarketingChoice.objects.filter(topic="offers").update(is_on=False)

    assert check(caller) == nobody == another_company
    assert (nobody["allowed"], nobody["reason"], nobody["unsubscribe"]) == (False, "not_wanted", "")


def test_whose_information_may_only_be_kept_is_sent_nothing(caller: Caller, customer: DataSubject) -> None:
    customer.restricted_at = NOW
    customer.save()

    assert not check(caller)["allowed"]


def test_with_a_purpose_the_decision_about_it_must_be_a_yes_too(
    caller: Caller, customer: DataSubject, version: PolicyVersion
) -> None:
    without = check(caller, purpose="ads")
    answer(customer, version, purposes=["", "ads"])

    assert (without["allowed"], without["reason"]) == (False, "not_answered")
    assert check(caller, purpose="ads")["allowed"]


@pytest.mark.parametrize(("more", "count"), [({}, 1), ({"purpose": "ads"}, 2)])
def test_it_takes_one_query_and_one_more_for_a_purpose(
    caller: Caller,
    customer: DataSubject,
    more: dict[str, str],
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    check(caller)

    with django_assert_num_queries(count):
        check(caller, **more)


def test_the_link_shows_first_and_switches_off_only_on_the_button(
    caller: Caller, customer: DataSubject, client: Client
) -> None:
    path = link(caller)

    page = client.get(path, headers={"accept-language": "en"})
    client.post(path)
    before = check(caller)["allowed"]
    done = client.post(path, ONE_CLICK, headers={"accept-language": "en"})

    assert b"You will get no more offers by e-mail." in page.content
    assert before
    assert b"It is switched off" in done.content
    assert not check(caller)["allowed"]
    assert check(caller, topic="news")["allowed"]
    assert check(caller, PHONE)["allowed"]


def test_a_mail_program_stops_it_without_cookies_and_is_not_redirected(caller: Caller, customer: DataSubject) -> None:
    program = Client(enforce_csrf_checks=True)

    response = program.post(link(caller), ONE_CLICK)

    assert response.status_code == 200
    assert not check(caller)["allowed"]


def test_a_second_time_changes_and_writes_nothing(caller: Caller, customer: DataSubject, client: Client) -> None:
    path = link(caller)

    first, second = client.post(path, ONE_CLICK), client.post(path, ONE_CLICK)

    assert first.status_code == second.status_code == 200
    entry = AuditEntry.objects.get(act="settings.changed")
    assert entry.details == {"offers.email": False, "how": "link"}
    assert entry.target == entry.actor.replace("subject", "user") == f"user:{customer.user_id}"


def test_after_somebody_left_their_link_says_the_same_and_changes_nothing(
    caller: Caller, customer: DataSubject, client: Client
) -> None:
    path = link(caller)
    User.objects.update(closed_at=NOW)

    page = client.post(path, ONE_CLICK, headers={"accept-language": "en"})

    assert b"It is switched off" in page.content
    assert not MarketingChoice.objects.filter(is_on=False).exists()
    assert not AuditEntry.objects.filter(act="settings.changed").exists()


@pytest.mark.parametrize("name", ["x", "A" * 40, "%00", "ünicode"])
def test_a_link_that_was_never_sent_is_not_found(db: None, client: Client, name: str) -> None:
    assert client.post(f"/unsubscribe/{name}/", ONE_CLICK).status_code == 404


@pytest.mark.parametrize("text", ["TD", "td", " T ", "退订", "ＴＤ。", "STOP!"])
def test_an_answer_stops_all_text_messages_and_no_email(caller: Caller, customer: DataSubject, text: str) -> None:
    said = caller.post("marketing/opt-outs", {"contact": "13800138000", "text": text}).json()

    on = MarketingChoice.objects.filter(is_on=True)
    assert said == {"understood": True}
    assert {choice.channel for choice in on} == {"email"}
    assert AuditEntry.objects.get(act="settings.changed").details["how"] == "message"


def test_another_answer_stops_nothing_and_an_unknown_number_is_not_told(caller: Caller, customer: DataSubject) -> None:
    chat = caller.post("marketing/opt-outs", {"contact": PHONE, "text": "thanks"})
    unknown = caller.post("marketing/opt-outs", {"contact": "13912345678", "text": "TD"})

    assert (chat.json(), unknown.json()) == ({"understood": False}, {"understood": True})
    assert MarketingChoice.objects.filter(is_on=True).count() == 6
    assert problem(caller.post("marketing/opt-outs", {"contact": EMAIL, "text": "TD"})) == (422, "invalid")


def test_the_person_sees_in_their_history_how_it_was_switched_off(
    caller: Caller, customer: DataSubject, client: Client
) -> None:
    client.post(link(caller), ONE_CLICK)
    client.force_login(User.objects.get())

    page = client.get("/account/history/", headers={"accept-language": "en"}).content.decode()

    assert "offers by e-mail" in page
    assert "by the link of a message" in page
