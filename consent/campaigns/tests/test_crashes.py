"""kill -9 and an absent broker: everybody is told, nobody twice. Real worker, real sinks, real Valkey."""

import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.notices import broker
from consent.campaigns.letters import delivery_key
from consent.campaigns.models import Campaign, Channel, Delivery
from consent.campaigns.selectors import Progress, progress_of
from consent.campaigns.tests.factories import make_changed_version, make_people
from consent.campaigns.tests.processes import Sinks, Valkey, Worker, wait_until
from consent.outbox.actions import enqueue
from consent.outbox.models import OutboxMessage
from consent.policies.models import Controller, PolicyVersion
from consent.policies.tests.factories import make_controller, make_policy

pytestmark = pytest.mark.django_db(transaction=True)
log = logging.getLogger(__name__)

PEOPLE = 5000
REFUSED = 10
KILLS_AT = (0.1, 0.4, 0.7)  # of all people


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket's must not be longer than 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="assent-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def own_sinks(folder: Path) -> Iterator[Sinks]:
    sinks = Sinks(folder)
    sinks.start()
    yield sinks
    sinks.kill()


@pytest.fixture
def valkey(folder: Path) -> Iterator[Valkey]:
    valkey = Valkey(folder)
    valkey.start()
    yield valkey
    valkey.kill()


@pytest.fixture
def worker(folder: Path, own_sinks: Sinks, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker that is not running yet; this process nudges it through the same broker."""
    environment = own_sinks.settings | {
        "CELERY_BROKER_URL": valkey.broker_url,
        "DELIVERY_JOURNAL_DIR": str(folder / "journal"),
        "DELIVERY_ASK_AFTER_SECONDS": "1",
    }
    worker = Worker(folder, environment)
    monkeypatch.setattr(broker, "_quiet_until", float("inf"))  # beat alone must do
    yield worker
    worker.kill()
    log.info("the worker's log ends with\n%s", worker.log.read_text()[-5000:])  # pytest shows it where a test failed


@pytest.fixture
def controller() -> Controller:
    return make_controller()


def _publish(controller: Controller) -> PolicyVersion:
    version = make_changed_version(make_policy(controller))
    with transaction.atomic():
        enqueue("policy.published", {"version": version.pk}, at=timezone.now())
    return version


def _progress(version: PolicyVersion) -> Progress | None:
    return progress_of(version.pk)


def _told(version: PolicyVersion) -> int:
    progress = _progress(version)
    return progress.told if progress else 0


def _finished(version: PolicyVersion) -> bool:
    return Campaign.objects.filter(pk=version.pk, finished_at__isnull=False).exists()


def _assert_the_sinks_have_each_message_once(version: PolicyVersion, sinks: Sinks) -> None:
    """By the sinks' own record, whatever ours says."""
    sent = Delivery.objects.filter(campaign_id=version.pk, state=Delivery.State.SENT).exclude(channel=Channel.PUBLIC)
    keys = [delivery_key(version.pk, *each) for each in sent.values_list("channel", "subject_id")]
    assert sinks.taken() == dict.fromkeys(keys, 1)


def test_a_worker_killed_again_and_again_tells_everybody_and_nobody_twice(
    controller: Controller, worker: Worker, own_sinks: Sinks
) -> None:
    make_people(controller, PEOPLE - REFUSED)
    make_people(controller, REFUSED, local_part="refused")
    version = _publish(controller)

    for share in KILLS_AT:
        worker.start()
        wait_until(lambda share=share: _told(version) >= share * PEOPLE, 120)  # type: ignore[misc]
        own_sinks.freeze()  # with messages that arrived and were not answered, and will be taken all the same
        time.sleep(0.2)
        worker.kill()
        own_sinks.thaw()
        assert Delivery.objects.filter(state=Delivery.State.SENDING).exists()
    worker.start()
    wait_until(lambda: _finished(version), 120)

    progress = _progress(version)
    assert progress is not None
    assert Delivery.objects.filter(campaign_id=version.pk, words="found at the provider").exists()
    _assert_the_sinks_have_each_message_once(version, own_sinks)
    assert (progress.people, progress.told, progress.public_only) == (PEOPLE, PEOPLE - REFUSED, REFUSED)
    assert (progress.unknown, progress.remaining) == (0, 0)
    refused = Delivery.objects.filter(campaign_id=version.pk, state=Delivery.State.REFUSED)
    assert set(refused.values_list("words", flat=True)) == {"550 5.1.1 no such user"}


def test_a_campaign_published_while_the_broker_is_down_goes_out_once_it_is_back(
    controller: Controller, worker: Worker, valkey: Valkey, own_sinks: Sinks
) -> None:
    make_people(controller, 50)
    worker.start()
    ping = enqueue("test.nobody_handles_this", {}, at=timezone.now())
    wait_until(lambda: OutboxMessage.objects.filter(pk=ping.pk, attempts__gt=0).exists(), 30)

    valkey.kill()
    version = _publish(controller)
    time.sleep(3)  # longer than beat's turn
    while_down = _progress(version)
    valkey.start()
    wait_until(lambda: _finished(version), 120)

    assert while_down is None
    assert _told(version) == 50
    _assert_the_sinks_have_each_message_once(version, own_sinks)


def test_a_broker_that_dies_while_letters_go_out_costs_time_only(
    controller: Controller, worker: Worker, valkey: Valkey, own_sinks: Sinks
) -> None:
    make_people(controller, 3000)
    version = _publish(controller)
    worker.start()
    wait_until(lambda: _told(version) > 200, 60)

    valkey.kill()
    time.sleep(3)
    valkey.start()
    wait_until(lambda: _finished(version), 120)

    assert _told(version) == 3000
    _assert_the_sinks_have_each_message_once(version, own_sinks)
