"""What is recorded, what is passed on, and what a worker that lost its shard can no longer do."""

from collections.abc import Callable

import pytest

from accounts.users.models import User
from accounts.users.rules import parse_contact
from consent.campaigns.completion import finish
from consent.campaigns.holds import claim, leave, mark_sending, renew
from consent.campaigns.models import Campaign, Channel, Delivery, Shard
from consent.campaigns.results import MOST_ATTEMPTS, Hold, Outcome, Result, one_line, record
from consent.campaigns.sql import fetch
from consent.campaigns.tests.factories import PUBLISHED, expand, make_campaign, make_subject, states
from consent.ledger.models import DataSubject

pytestmark = pytest.mark.django_db

Told = tuple[Campaign, DataSubject, DataSubject]
QUEUED, SENT, REFUSED = Delivery.State.QUEUED, Delivery.State.SENT, Delivery.State.REFUSED


@pytest.fixture
def told(make_user: Callable[..., User]) -> Told:
    """A campaign to somebody with an address and a number, and to somebody with an address only."""
    campaign = make_campaign()
    controller = campaign.version.policy.controller
    both = make_subject(controller, make_user(email="both@people.example", phone="+8613800000001"))
    mail = make_subject(controller, make_user(email="mail@people.example"))
    expand(campaign)
    return campaign, both, mail


def _hold(channel: Channel = Channel.EMAIL) -> Hold:
    """A hold of the shard with all its due deliveries marked."""
    hold = claim(channel)
    assert hold is not None
    mark_sending(hold, after=0, number=100)
    return hold


def _shard(channel: Channel) -> Shard:
    return Shard.objects.get(channel=channel)


def _lose(hold: Hold) -> None:
    """The lease ends, as if the worker had been silent."""
    Shard.objects.filter(pk=hold.shard).update(lease_until=PUBLISHED)


def test_a_refused_mail_is_marked_with_the_servers_words_and_followed_by_an_sms(told: Told) -> None:
    campaign, both, mail = told
    hold = _hold()

    record(hold, [Result(both.pk, Outcome.REFUSED, "550 5.1.1 no such user"), Result(mail.pk, Outcome.SENT, "250 ok")])

    assert states(campaign) == {
        (Channel.EMAIL, both.pk): (REFUSED, "550 5.1.1 no such user"),
        (Channel.EMAIL, mail.pk): (SENT, "250 ok"),
        (Channel.SMS, both.pk): (QUEUED, ""),
    }
    assert _shard(Channel.SMS).due_at is not None


def test_whoever_no_channel_reaches_is_told_by_the_announcement(told: Told) -> None:
    campaign, both, mail = told
    record(_hold(), [Result(each.pk, Outcome.REFUSED, "550") for each in (both, mail)])

    record(_hold(Channel.SMS), [Result(both.pk, Outcome.REFUSED, "MOBILE_NUMBER_ILLEGAL")])

    public = {key: state for key, state in states(campaign).items() if key[0] == Channel.PUBLIC}
    assert public == {(Channel.PUBLIC, each.pk): (SENT, "") for each in (both, mail)}
    assert (_shard(Channel.PUBLIC).total, _shard(Channel.PUBLIC).sent) == (2, 2)


def test_whoever_refuses_for_good_is_asked_about_and_nobody_else(told: Told) -> None:  # K119
    _campaign, both, mail = told

    record(_hold(), [Result(both.pk, Outcome.REFUSED, "550"), Result(mail.pk, Outcome.DEFERRED, "451")])
    record(_hold(Channel.SMS), [Result(both.pk, Outcome.REFUSED, "MOBILE_NUMBER_ILLEGAL")])

    subjects = DataSubject.objects.select_related("user").in_bulk([both.pk, mail.pk])
    refused, waiting = subjects[both.pk].user, subjects[mail.pk].user
    assert refused
    assert waiting
    assert refused.email_bounced_at
    assert refused.phone_bounced_at
    assert (waiting.email_bounced_at, waiting.phone_bounced_at) == (None, None)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("550 5.1.1 <wang@people.example>: no such user", "550 5.1.1 <…>: no such user"),
        ("NUMBER_ILLEGAL +8613800000001", "NUMBER_ILLEGAL …"),
        ("250 2.0.0\r\n queued as 4cXyZ12345678901", "250 2.0.0 queued as 4cXyZ12345678901"),
        ("x" * 300, "x" * 200),
    ],
)
def test_the_words_that_are_kept_name_nobody(words: str, kept: str) -> None:
    assert one_line(words) == kept


def test_recording_twice_counts_once(told: Told) -> None:
    _campaign, both, mail = told
    hold = _hold()
    results = [Result(both.pk, Outcome.SENT, "250"), Result(mail.pk, Outcome.REFUSED, "550")]

    record(hold, results)
    record(hold, results)

    shard = _shard(Channel.EMAIL)
    assert (shard.sent, shard.refused, shard.unknown) == (1, 1, 0)
    assert _shard(Channel.PUBLIC).total == 1


def test_a_worker_without_the_newest_token_may_not_mark(told: Told) -> None:
    stalled = _hold()
    _lose(stalled)
    newer = claim(Channel.EMAIL)

    assert newer is not None
    assert newer.token > stalled.token
    assert renew(newer)
    assert not renew(stalled)


def test_what_a_lost_worker_had_marked_is_unknown_until_it_reports(told: Told) -> None:
    campaign, both, mail = told
    stalled = _hold()
    _lose(stalled)
    claim(Channel.EMAIL)
    after_the_claim = {state for state, _words in states(campaign).values()}

    record(stalled, [Result(both.pk, Outcome.SENT, "250"), Result(mail.pk, Outcome.RETURNED)])

    assert after_the_claim == {Delivery.State.UNKNOWN}
    assert states(campaign) == {
        (Channel.EMAIL, both.pk): (SENT, "250"),
        (Channel.EMAIL, mail.pk): (QUEUED, ""),
    }
    assert _shard(Channel.EMAIL).unknown == 0


def test_a_report_under_a_foreign_token_changes_nothing(told: Told) -> None:
    campaign, both, _mail = told
    hold = _hold()
    before = states(campaign)

    record(hold._replace(token=hold.token - 1), [Result(both.pk, Outcome.SENT, "250")])

    assert states(campaign) == before
    assert _shard(Channel.EMAIL).sent == 0


def test_a_report_after_the_end_opens_the_campaign_again(told: Told) -> None:
    campaign, both, mail = told
    stalled = _hold()
    _lose(stalled)
    newer = claim(Channel.EMAIL)
    assert newer is not None
    leave(newer)
    assert finish(campaign.pk, askable=[])

    record(stalled, [Result(both.pk, Outcome.SENT, "250"), Result(mail.pk, Outcome.RETURNED)])

    campaign.refresh_from_db()
    assert (campaign.finished_at, campaign.seal) == (None, "")
    hold = claim(Channel.EMAIL)
    assert hold is not None
    assert [marked.subject for marked in mark_sending(hold, after=0, number=10)] == [mail.pk]


def test_a_deferred_delivery_waits_longer_each_time_and_is_refused_in_the_end(told: Told) -> None:
    campaign, both, _mail = told
    waits = []

    for _ in range(MOST_ATTEMPTS):
        Delivery.objects.filter(subject_id=both.pk).update(due_at=None)
        Shard.objects.filter(channel=Channel.EMAIL).update(due_at=PUBLISHED, lease_until=None)
        hold = _hold()
        record(hold, [Result(both.pk, Outcome.DEFERRED, "451 4.2.0 try later")])
        delivery = Delivery.objects.get(channel=Channel.EMAIL, subject_id=both.pk)
        if delivery.due_at is not None:
            waits.append((delivery.due_at - fetch("SELECT now()")[0][0]).total_seconds())

    assert [round(wait) for wait in waits[:3]] == [60, 120, 240]
    assert states(campaign)[Channel.EMAIL, both.pk] == (REFUSED, "451 4.2.0 try later")
    assert states(campaign)[Channel.SMS, both.pk] == (QUEUED, "")


def test_leaving_gives_back_what_was_marked_and_never_offered(told: Told) -> None:
    campaign, both, mail = told
    hold = _hold()
    record(hold, [Result(both.pk, Outcome.SENT, "250")])

    leave(hold)

    assert states(campaign)[Channel.EMAIL, mail.pk] == (QUEUED, "")
    assert Delivery.objects.get(subject_id=mail.pk).attempts == 0
    shard = _shard(Channel.EMAIL)
    assert shard.lease_until is None
    assert shard.due_at is not None


def test_somebody_who_left_meanwhile_is_not_sent_anything(told: Told) -> None:
    _campaign, both, mail = told
    DataSubject.objects.filter(pk=both.pk).update(closed_at=PUBLISHED)
    User.objects.naming(parse_contact("mail@people.example")).update(is_active=False)
    hold = claim(Channel.EMAIL)
    assert hold is not None

    marked = mark_sending(hold, after=0, number=10)

    assert [each.present for each in marked] == [False, False]


def test_an_address_that_is_no_longer_proven_is_not_used(told: Told) -> None:
    _campaign, both, _mail = told
    User.objects.naming(parse_contact("both@people.example")).update(email_verified_at=None)
    hold = claim(Channel.EMAIL)
    assert hold is not None

    marked = {each.subject: each for each in mark_sending(hold, after=0, number=10)}

    assert marked[both.pk].present
    assert marked[both.pk].address == ""


def test_a_shard_of_a_paused_campaign_is_not_taken(told: Told) -> None:
    campaign, _both, _mail = told
    hold = _hold()

    Campaign.objects.filter(pk=campaign.pk).update(paused_at=PUBLISHED)

    assert not renew(hold)
    assert claim(Channel.EMAIL) is None
