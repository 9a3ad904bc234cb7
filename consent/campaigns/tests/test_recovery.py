"""What a crash leaves behind: the journal is replayed, the rest is asked about and never sent on a guess."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pytest_django import Settings

from accounts.users.models import User
from consent.campaigns import journal
from consent.campaigns.completion import finish
from consent.campaigns.holds import claim, mark_sending
from consent.campaigns.journal import Journal, orphans
from consent.campaigns.letters import delivery_key
from consent.campaigns.models import Campaign, Channel, Delivery, Shard
from consent.campaigns.recovery import ask_about_unknown, settle_orphan
from consent.campaigns.results import Hold, Outcome, Result, record
from consent.campaigns.tasks import settle_orphans
from consent.campaigns.tests.factories import expand, make_campaign, make_subject, states

pytestmark = pytest.mark.django_db

State = Delivery.State


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.DELIVERY_JOURNAL_DIR = str(tmp_path / "journal")


@pytest.fixture
def campaign(make_user: Callable[..., User]) -> Campaign:
    """A campaign to three people."""
    campaign = make_campaign()
    for name in ("one", "two", "three"):
        make_subject(campaign.version.policy.controller, make_user(email=f"{name}@people.example"))
    expand(campaign)
    return campaign


@pytest.fixture
def hold(campaign: Campaign) -> Hold:
    """All three are marked as being sent."""
    hold = claim(Channel.EMAIL)
    assert hold is not None
    mark_sending(hold, after=0, number=10)
    return hold


def _subjects() -> list[int]:
    return list(Delivery.objects.order_by("subject_id").values_list("subject_id", flat=True))


def _states(campaign: Campaign) -> list[State]:
    return [state for _key, (state, _words) in sorted(states(campaign).items())]


def _write_and_die(hold: Hold, lines: str) -> None:
    """What a process wrote that is gone: its lock is released, its file stays."""
    written = Journal(hold.shard, hold.token)
    written._write(lines)
    written.abandon()


def test_a_dead_workers_journal_tells_answered_offered_and_never_offered_apart(campaign: Campaign, hold: Hold) -> None:
    answered, offered, untouched = _subjects()
    _write_and_die(hold, f"D {answered}\nR {answered} sent 250 2.0.0 queued as 1\nD {offered}\n")

    settle_orphans()

    assert states(campaign) == {
        (Channel.EMAIL, answered): (State.SENT, "250 2.0.0 queued as 1"),
        (Channel.EMAIL, offered): (State.UNKNOWN, "the worker died before the answer"),
        (Channel.EMAIL, untouched): (State.QUEUED, ""),
    }
    assert list(orphans()) == []
    assert Shard.objects.get(channel=Channel.EMAIL).lease_until is None


def test_a_living_workers_journal_is_left_alone(campaign: Campaign, hold: Hold) -> None:
    written = Journal(hold.shard, hold.token)
    written.offering(_subjects())

    assert list(orphans()) == []

    written.close()


def test_an_abandoned_journal_is_replayed(campaign: Campaign, hold: Hold) -> None:
    written = Journal(hold.shard, hold.token)
    written.answered([Result(_subjects()[0], Outcome.REFUSED, "550 five\nhundred fifty")])

    written.abandon()
    settle_orphans()

    assert states(campaign)[Channel.EMAIL, _subjects()[0]] == (State.REFUSED, "550 five hundred fifty")


def test_after_another_boot_a_missing_line_proves_nothing(
    campaign: Campaign, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, _offered, _untouched = _subjects()
    _write_and_die(hold, f"D {answered}\nR {answered} sent 250\n")
    monkeypatch.setattr(journal, "_boot", lambda: "another boot")

    settle_orphans()

    assert _states(campaign) == [State.SENT, State.UNKNOWN, State.UNKNOWN]


def test_a_line_that_a_full_disk_cut_makes_the_rest_unknown_not_unsent(campaign: Campaign, hold: Hold) -> None:
    answered, _offered, _untouched = _subjects()
    _write_and_die(hold, f"R {answered} sent 250\nD \nR x")

    settle_orphans()

    assert _states(campaign) == [State.SENT, State.UNKNOWN, State.UNKNOWN]


def test_a_journal_of_a_shard_that_is_gone_is_dropped(campaign: Campaign, hold: Hold) -> None:
    Journal(hold.shard + 1000, hold.token).abandon()

    settle_orphans()

    assert list(orphans()) == []


def test_a_journal_that_could_not_be_settled_stays(campaign: Campaign, hold: Hold) -> None:
    Journal(hold.shard, hold.token).abandon()
    next(orphans())  # whoever was settling it went away

    [orphan] = list(orphans())

    assert settle_orphan(orphan) == 0
    assert _states(campaign) == [State.QUEUED] * 3


class _Provider(BaseHTTPRequestHandler):
    """Answers a lookup with `answer`, noting what was asked."""

    answer: dict[str, bool]
    asked: list[str]

    def do_POST(self) -> None:  # noqa: N802 - the standard library's name
        self.asked.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = json.dumps(self.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def provider(settings: Settings) -> Iterator[type[_Provider]]:
    _Provider.answer, _Provider.asked = {}, []
    with HTTPServer(("127.0.0.1", 0), _Provider) as server:
        settings.MAIL_LOOKUP_URL = f"http://127.0.0.1:{server.server_port}/lookup"
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield _Provider
        server.shutdown()
        thread.join()


@pytest.fixture
def unknown(hold: Hold) -> list[int]:
    """All three became unknown."""
    subjects = _subjects()
    record(hold, [Result(subject, Outcome.UNKNOWN) for subject in subjects])
    return subjects


def test_the_provider_is_asked_by_the_messages_own_id(
    campaign: Campaign, unknown: list[int], provider: type[_Provider]
) -> None:
    has, has_not, unnamed = unknown
    keys = [delivery_key(campaign.pk, Channel.EMAIL, subject) for subject in unknown]
    provider.answer = {keys[0]: True, keys[1]: False}

    ask_about_unknown(0)

    assert sorted(provider.asked) == sorted(keys)
    assert states(campaign) == {
        (Channel.EMAIL, has): (State.SENT, "found at the provider"),
        (Channel.EMAIL, has_not): (State.QUEUED, "the provider never had it"),
        (Channel.EMAIL, unnamed): (State.UNKNOWN, ""),
    }
    shard = Shard.objects.get(channel=Channel.EMAIL)
    assert (shard.sent, shard.unknown) == (1, 1)
    assert shard.due_at is not None


def test_nothing_is_asked_before_its_time(campaign: Campaign, unknown: list[int], provider: type[_Provider]) -> None:
    ask_about_unknown(60)

    assert provider.asked == []


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1/lookup"], ids=["nobody to ask", "provider away"])
def test_what_cannot_be_asked_stays_unknown_and_is_not_sent(
    campaign: Campaign, unknown: list[int], settings: Settings, url: str
) -> None:
    settings.MAIL_LOOKUP_URL = url

    ask_about_unknown(0)

    assert _states(campaign) == [State.UNKNOWN] * 3


def test_a_campaign_waits_for_an_answer_that_can_still_come(campaign: Campaign, hold: Hold, unknown: list[int]) -> None:
    Shard.objects.update(due_at=None, lease_until=None)

    assert not finish(campaign.pk, askable=[Channel.EMAIL])
    assert finish(campaign.pk, askable=[])


def test_without_a_folder_there_is_no_journal(settings: Settings) -> None:
    settings.DELIVERY_JOURNAL_DIR = ""

    written = Journal(1, 1)
    written.offering([1])
    written.close()

    assert list(orphans()) == []
