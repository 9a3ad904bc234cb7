"""Putting a message into the outbox, and handling it."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from accounts.notices.broker import wake
from consent.outbox.models import OutboxMessage
from consent.outbox.registry import handler_of

RELAY = "consent.outbox.tasks.relay"
FIRST_WAIT_SECONDS = 2
LONGEST_WAIT_SECONDS = 3600
LONGEST_ERROR = 1000  # characters
log = logging.getLogger(__name__)


def enqueue(topic: str, payload: Mapping[str, Any], *, at: datetime) -> OutboxMessage:
    """Say what must happen once the caller's transaction has committed; nothing happens if it does not.

    payload: ids only, never personal data. at: aware UTC instant from which the message is due.
    """
    message = OutboxMessage.objects.create(topic=topic, payload=dict(payload), created_at=at, due_at=at)
    transaction.on_commit(partial(wake, RELAY), robust=True)
    return message


@transaction.atomic
def handle_next(*, at: datetime) -> bool:
    """Handle one message that is due and mark it done, in one transaction; False if there is none.

    A handler that fails leaves nothing behind but the message's attempts, its last error and a later due time,
    which doubles up to an hour; the message stays until it has been handled. Messages that another worker is busy
    with are passed over.
    """
    waiting = OutboxMessage.objects.select_for_update(skip_locked=True).filter(done_at=None, due_at__lte=at)
    message = waiting.order_by("due_at", "pk").first()
    if message is None:
        return False
    try:
        with transaction.atomic():
            handler_of(message.topic)(message.payload)
    except Exception as error:  # whatever a handler raises, the message must not be lost and not block the others
        log.exception("outbox message %s (%s) failed", message.pk, message.topic)
        message.attempts += 1
        message.last_error = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
        message.due_at = at + timedelta(seconds=_wait_seconds(message.attempts))
    else:
        message.done_at = at
    message.save(update_fields=["attempts", "last_error", "due_at", "done_at"])
    return True


def _wait_seconds(attempts: int) -> int:
    return min(FIRST_WAIT_SECONDS << min(attempts - 1, 20), LONGEST_WAIT_SECONDS)
