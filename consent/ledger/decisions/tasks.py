"""Celery tasks. A message is only a wake-up: lost, doubled or late, nothing follows from it but time."""

import time

from celery import shared_task
from django.utils import timezone

from accounts.notices.broker import wake
from consent.ledger.decisions.expiry import expire_some

WORK_SECONDS = 60  # then other tasks have their turn
EXPIRE = "consent.ledger.decisions.tasks.expire_due"


@shared_task
def expire_due(after: int = 0) -> None:
    """Beat, once a day: ends every yes whose time is over. after: id of the last person looked at."""
    end = time.monotonic() + WORK_SECONDS
    while (last := expire_some(after=after, at=timezone.now()).last) is not None:
        after = last
        if time.monotonic() > end:
            wake(EXPIRE, after)
            return
