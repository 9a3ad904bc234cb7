"""A campaign sent by this process to real sinks: everybody once, whatever happens to single messages."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from accounts.notices import broker
from accounts.users.models import User
from consent.campaigns import pace, sms, smtp, tasks
from consent.campaigns.completion import finish
from consent.campaigns.holds import LEASE_SECONDS, claim
from consent.campaigns.journal import Journal
from consent.campaigns.letters import delivery_key, letters_of
from consent.campaigns.models import Campaign, Channel, Delivery, ProviderPace, Shard
from consent.campaigns.pump import OFFER_SECONDS, pump
from consent.campaigns.recovery import askable
from consent.campaigns.results import Outcome, Result
from consent.campaigns.selectors import progress_of
from consent.campaigns.senders import Consignment, Job, ProviderAway, Sender, clock
from consent.campaigns.tests.factories import expand, make_campaign, make_people, make_subject, states
from consent.campaigns.tests.processes import Sinks
from consent.policies.models import Controller

pytestmark = pytest.mark.django_db

State = Delivery.State


@pytest.fixture(autouse=True)
def _no_wake_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_quiet_until", float("inf"))


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def controller(campaign: Campaign) -> Controller:
    return campaign.version.policy.controller


def _send_everything(campaign: Campaign) -> None:
    """What beat and a worker do, until nothing is due any more."""
    expand(campaign)
    for _ in range(10):
        for channel in (Channel.EMAIL, Channel.SMS):
            tasks.work(channel)
        tasks.drive()


def test_everybody_is_told_once_in_their_language(campaign: Campaign, controller: Controller, sinks: Sinks) -> None:
    make_people(controller, 150)
    make_people(controller, 20, local_part="reader", language="en")
    before = sinks.taken()

    _send_everything(campaign)

    keys = {delivery_key(*key) for key in ((campaign.pk, channel, subject) for channel, subject in states(campaign))}
    assert sinks.taken() - before == dict.fromkeys(keys, 1)
    campaign.refresh_from_db()
    assert campaign.finished_at is not None
    progress = progress_of(campaign.pk)
    assert progress is not None
    assert (progress.people, progress.told, progress.remaining, progress.percent) == (170, 170, 0, 100)


def test_a_refusal_falls_through_to_sms_and_then_to_the_announcement(
    campaign: Campaign, controller: Controller, sinks: Sinks, make_user: Callable[..., User]
) -> None:
    to_sms = make_subject(controller, make_user(email="refused-1@people.example", phone="+8613800000001"))
    to_all = make_subject(controller, make_user(email="refused-2@people.example", phone="+8619900000002"))
    told = make_subject(controller, make_user(email="told@people.example"))

    _send_everything(campaign)

    no_such_user = (State.REFUSED, "550 5.1.1 no such user")
    found = states(campaign)
    assert found[Channel.EMAIL, to_sms.pk] == found[Channel.EMAIL, to_all.pk] == no_such_user
    assert found[Channel.SMS, to_sms.pk][0] == State.SENT
    assert found[Channel.SMS, to_all.pk] == (State.REFUSED, "MOBILE_NUMBER_ILLEGAL")
    assert found[Channel.PUBLIC, to_all.pk] == (State.SENT, "")
    assert found[Channel.EMAIL, told.pk][0] == State.SENT
    progress = progress_of(campaign.pk)
    assert progress is not None
    assert (progress.people, progress.told, progress.public_only, progress.failed) == (3, 2, 1, 3)


def test_whoever_left_after_the_publication_is_not_written_to(
    campaign: Campaign, controller: Controller, sinks: Sinks, make_user: Callable[..., User]
) -> None:
    leaving = make_subject(controller, make_user(email="leaving@people.example"))
    expand(campaign)
    type(leaving).objects.filter(pk=leaving.pk).update(closed_at=timezone.now())

    _send_everything(campaign)

    assert states(campaign) == {(Channel.EMAIL, leaving.pk): (State.GONE, "left before it was sent")}
    assert "leaving@people.example" not in sinks.recipients()
    campaign.refresh_from_db()
    assert campaign.finished_at is not None


def test_nothing_is_left_of_the_journal(campaign: Campaign, controller: Controller, sinks: Sinks) -> None:
    make_people(controller, 3)

    _send_everything(campaign)

    assert list(Path(django_settings.DELIVERY_JOURNAL_DIR).iterdir()) == []


def test_while_the_server_is_away_nothing_is_lost_and_everybody_keeps_silence(
    campaign: Campaign, controller: Controller, sinks: Sinks, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "WORK_SECONDS", 0.5)
    make_people(controller, 5)
    expand(campaign)
    settings.SMTP_URL, there = "smtp://127.0.0.1:1", settings.SMTP_URL

    tasks.work(Channel.EMAIL)

    assert {state for state, _words in states(campaign).values()} == {State.QUEUED}
    assert not Delivery.objects.exclude(attempts=0).exists()
    assert pace.reserve(Channel.EMAIL, 10) == 0
    settings.SMTP_URL = there
    ProviderPace.objects.all().delete()
    _send_everything(campaign)
    assert {state for state, _words in states(campaign).values()} == {State.SENT}


def test_a_pause_takes_effect_and_a_resumed_campaign_ends(
    campaign: Campaign, controller: Controller, sinks: Sinks
) -> None:
    make_people(controller, 5)
    Campaign.objects.update(paused_at=timezone.now())
    _send_everything(campaign)
    while_paused = {state for state, _words in states(campaign).values()}

    Campaign.objects.update(paused_at=None)
    _send_everything(campaign)

    assert while_paused == {State.QUEUED}
    assert {state for state, _words in states(campaign).values()} == {State.SENT}


def test_the_pace_of_a_provider_is_kept() -> None:
    ProviderPace.objects.create(channel=Channel.EMAIL, per_second=8)

    assert pace.reserve(Channel.EMAIL, 100) == 2  # a burst of a quarter of a second
    assert pace.reserve(Channel.EMAIL, 100) == 2  # borrowed from the next quarter
    assert pace.reserve(Channel.EMAIL, 100) == 0
    assert pace.reserve(Channel.SMS, 100) == 100


def test_the_seal_changes_with_what_is_sealed(campaign: Campaign, controller: Controller, sinks: Sinks) -> None:
    make_people(controller, 3)
    _send_everything(campaign)
    campaign.refresh_from_db()
    sealed = campaign.seal
    Campaign.objects.update(finished_at=None, seal="")
    Shard.objects.update(seal="")
    Delivery.objects.filter(subject_id=max(Delivery.objects.values_list("subject_id", flat=True))).update(words="250 x")

    finish(campaign.pk, askable=askable())

    campaign.refresh_from_db()
    assert len(sealed) == 64
    assert campaign.seal != sealed


class FaultyLane:
    """Fails as it is told."""

    batch = 2

    def __init__(self, error: Exception) -> None:
        self.error, self.closed = error, False

    def offer(self, jobs: Sequence[Job], consignment: Consignment) -> list[Result]:
        raise self.error

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def consignment(campaign: Campaign, settings: Settings) -> Consignment:
    settings.DELIVERY_JOURNAL_DIR = ""
    make_people(campaign.version.policy.controller, 5)
    expand(campaign)
    hold = claim(Channel.EMAIL)
    assert hold is not None
    return Consignment(hold, letters_of(campaign.version), Journal(hold.shard, hold.token))


def _pump_through(lane: FaultyLane, consignment: Consignment) -> None:
    sender = Sender([lane])
    sender.consignment = consignment
    pump(consignment.hold, sender, clock() + 5)
    assert sender.stop()
    assert lane.closed


def test_a_fault_of_ours_while_sending_leaves_the_fate_unknown(campaign: Campaign, consignment: Consignment) -> None:
    _pump_through(FaultyLane(ZeroDivisionError()), consignment)

    assert {state for state, _words in states(campaign).values()} == {State.UNKNOWN}


def test_jobs_of_an_absent_provider_come_back_unsent(campaign: Campaign, consignment: Consignment) -> None:
    _pump_through(FaultyLane(ProviderAway("away", 5)), consignment)

    assert {state for state, _words in states(campaign).values()} == {State.QUEUED}
    assert pace.reserve(Channel.EMAIL, 1) == 0


def test_a_worker_that_was_stopped_too_long_offers_nothing_any_more(consignment: Consignment) -> None:
    lane = FaultyLane(AssertionError("offered"))
    sender = Sender([lane])
    sender.consignment = consignment
    sender.valid_until = clock() - 1

    sender.feed([Job(1, "a@people.example", "", "en")])

    assert sender.collect(5, enough=1) == [Result(1, Outcome.RETURNED)]
    assert sender.stop()


def test_a_letter_for_an_unknown_language_is_in_the_portals_first(consignment: Consignment) -> None:
    assert consignment.letter(Job(1, "", "", "xx")).language == "zh-hans"


def test_nothing_travels_longer_than_it_takes_until_somebody_asks() -> None:
    asked_after = LEASE_SECONDS + django_settings.DELIVERY_ASK_AFTER_SECONDS

    assert asked_after >= OFFER_SECONDS + max(smtp.REPLY_SECONDS, sms.REPLY_SECONDS)
