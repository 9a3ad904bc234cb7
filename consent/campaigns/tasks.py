"""Celery tasks. A message is only a wake-up: lost, doubled or late, nothing follows from it but time."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.notices.broker import wake
from consent.campaigns.actions import start_campaign
from consent.campaigns.audience import expand_some
from consent.campaigns.completion import finish
from consent.campaigns.holds import claim, shards_waiting
from consent.campaigns.journal import Journal, orphans
from consent.campaigns.letters import letters_of
from consent.campaigns.models import Campaign, Channel
from consent.campaigns.pump import persist, pump
from consent.campaigns.recovery import ask_about_unknown, askable, settle_orphan
from consent.campaigns.results import Hold
from consent.campaigns.senders import Consignment, Lane, Sender, clock
from consent.campaigns.sms import HttpGateway, SmsLane
from consent.campaigns.smtp import SmtpLane
from consent.outbox.registry import handles
from consent.policies.models import PolicyVersion

WORK_SECONDS = 5  # then other tasks have their turn
EXPAND_SECONDS = 30
MOST_WAKE_UPS = 16  # a channel and a turn of beat; each worker calls for the next itself
LANES = 2
DRIVE, EXPAND, WORK = (f"consent.campaigns.tasks.{name}" for name in ("drive", "expand", "work"))


@handles("policy.published")
def begin(payload: Mapping[str, Any]) -> None:
    """The outbox's order to tell people of a version."""
    version = PolicyVersion.objects.select_related("policy__controller").get(pk=payload["version"])
    start_campaign(version, at=timezone.now())
    transaction.on_commit(lambda: wake(DRIVE), robust=True)


@shared_task
def drive() -> None:
    """Beat, every few seconds, on any number of machines: whatever has to be done next is called for."""
    settle_orphans()
    ask_about_unknown(settings.DELIVERY_ASK_AFTER_SECONDS)
    for campaign in Campaign.objects.filter(finished_at=None):
        if campaign.expanded_at is None:
            wake(EXPAND, campaign.pk)
        else:
            finish(campaign.pk, askable=askable())
    for channel in (Channel.EMAIL, Channel.SMS):
        for _ in range(shards_waiting(channel, MOST_WAKE_UPS)):
            wake(WORK, channel.value)


@shared_task
def expand(campaign_id: int) -> None:
    """Creates shards and their deliveries; workers may begin with the first while the last are made."""
    end = time.monotonic() + EXPAND_SECONDS
    found = 0
    while time.monotonic() < end:
        people, more = expand_some(campaign_id)
        found += people
        if not more:
            break
    if found:
        wake(DRIVE)


@shared_task
def work(channel: int) -> None:
    """Sends shards of a channel for WORK_SECONDS, then asks to be called again if there may be more."""
    settle_orphans()
    until = clock() + WORK_SECONDS
    hold = persist(lambda: claim(channel))
    if hold is None:
        return
    sender = Sender([_lane(channel) for _ in range(LANES)])
    try:
        while hold:
            _send(hold, sender, until)
            hold = persist(lambda: claim(channel)) if clock() < until else None
    finally:
        if sender.stop() and sender.consignment is not None:
            sender.consignment.journal.abandon()  # nothing, if it was closed
    wake(WORK, channel)


def settle_orphans() -> None:
    """Each machine replays the journals of its own dead processes."""
    for orphan in orphans():
        persist(partial(settle_orphan, orphan))


def _send(hold: Hold, sender: Sender, until: float) -> None:
    version = PolicyVersion.objects.select_related("policy__controller").get(pk=hold.campaign)
    letters = letters_of(version)
    journal = Journal(hold.shard, hold.token)
    sender.consignment = Consignment(hold, letters, journal)
    pump(hold, sender, until)
    journal.close()


def _lane(channel: int) -> Lane:
    return SmtpLane() if channel == Channel.EMAIL else SmsLane(HttpGateway())
