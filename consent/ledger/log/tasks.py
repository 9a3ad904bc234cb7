"""Celery tasks: sealing and telling witnesses. A message is only a wake-up; what is to be done stands in the tables."""

import logging

from celery import shared_task
from django.utils import timezone

from consent.ledger.log.actions import seal_backlog
from consent.ledger.log.witnesses import witness_checkpoint

SEAL_SECONDS = 60
log = logging.getLogger(__name__)


@shared_task
def seal() -> None:
    """Beat, every few seconds. A backlog is worked off for a minute, then other tasks have their turn."""
    seal_backlog(seconds=SEAL_SECONDS)


@shared_task
def witness() -> None:
    """Beat, every hour."""
    for row in witness_checkpoint(at=timezone.now()):
        if not row.taken:
            log.warning("checkpoint %d was not taken by %s: %s", row.tree_size, row.witness, row.answer)
