"""The relay: takes what waits in the outbox to its handlers."""

from celery import shared_task
from django.utils import timezone

from consent.outbox.actions import handle_next
from consent.outbox.transport import outlive_the_broker

outlive_the_broker()

MOST_A_RUN = 200


@shared_task
def relay() -> None:
    """Beat, every two seconds, and after each commit; several at once share the work."""
    for _ in range(MOST_A_RUN):
        if not handle_next(at=timezone.now()):
            break
