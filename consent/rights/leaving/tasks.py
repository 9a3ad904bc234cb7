"""Celery tasks of cancellations. A message is only a wake-up; what is to be done stands in the tables."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from django.utils import timezone

from accounts.audit.actions import record_audit
from accounts.audit.rules import SYSTEM
from consent.outbox.registry import Payload, handles
from consent.rights.leaving.actions import remind_next
from consent.rights.leaving.erasing import finish_leaving
from consent.rights.leaving.ledger import CLOSED
from consent.rights.leaving.models import Leaving

WORK_SECONDS = 45.0  # then other tasks have their turn
log = logging.getLogger(__name__)


@shared_task
def finish_due() -> None:
    """Beat, every minute: reminds who can still change their mind, and erases those whose time is over. One that fails
    keeps nobody else waiting, and is tried again."""
    end = time.monotonic() + WORK_SECONDS
    while time.monotonic() < end and remind_next(at=timezone.now()):
        pass
    due = Leaving.objects.filter(due_at__lte=timezone.now(), undone_at=None, finished_at=None)
    for leaving_id in list(due.order_by("due_at").values_list("pk", flat=True)):
        if time.monotonic() > end:
            break
        try:
            finish_leaving(leaving_id, at=timezone.now())
        except Exception:  # whatever it is, the next one must have its turn
            log.exception("leaving %s is not finished", leaving_id)


@handles(CLOSED)
def note_recipients(payload: Payload) -> None:
    """Who must learn that the person is gone stands in the audit trail; decisions about the person are a no since."""
    details = {"controller": payload["controller"], "recipients": payload["recipients"]}
    record_audit(
        "subject.closed", actor=SYSTEM, target=f"subject:{payload['subject']}", at=timezone.now(), details=details
    )
