"""Celery tasks of the messages to one person."""

import logging
import time
from contextlib import ExitStack

import httpx
from celery import shared_task
from django.core.mail import get_connection
from django.utils import timezone

from accounts.notices.actions import claim_due, record_failed, record_refused, record_sent, sweep_notices
from accounts.notices.models import Notice
from accounts.notices.rules import LEASE, SLOWEST
from accounts.otp.errors import Refused, SendingFailed
from accounts.otp.messages import Connections, send_message
from accounts.otp.sms import TIMEOUT_SECONDS
from accounts.users.rules import Contact, ContactKind

WORK_SECONDS = 30.0  # then other tasks have their turn
log = logging.getLogger(__name__)


@shared_task
def send_due() -> None:
    """Beat, every five seconds, and after each commit; several at once share the work."""
    end = time.monotonic() + WORK_SECONDS
    while time.monotonic() < end and (claimed := claim_due(at=timezone.now())):
        send_batch(claimed)


@shared_task
def sweep() -> None:
    """Beat, once a day."""
    sweep_notices(at=timezone.now())


def send_batch(claimed: list[Notice]) -> None:
    """Send what was just claimed, over one connection to each server; what the lease is too short for stays claimed
    and comes up again when that ends."""
    last_start = time.monotonic() + (LEASE - SLOWEST).total_seconds()
    with ExitStack() as stack:
        mail = get_connection()
        stack.callback(mail.close)
        connections = Connections(mail, stack.enter_context(httpx.Client(timeout=TIMEOUT_SECONDS)))
        for notice in claimed:
            if time.monotonic() < last_start:
                _send(notice, connections)


def _send(notice: Notice, connections: Connections) -> None:
    contact = Contact(ContactKind(notice.kind), notice.destination)
    try:
        send_message(
            contact,
            notice.event,
            notice.parameters,
            language=notice.language,
            key=notice.pk,
            connections=connections,
        )
    except Refused:
        record_refused(notice, contact, at=timezone.now())
    except SendingFailed:
        record_failed(notice, at=timezone.now())
    except Exception:  # a template that is missing or wrong must not keep the others from leaving
        log.exception("%s cannot be written", notice)
        record_failed(notice, at=timezone.now())
    else:
        record_sent(notice, at=timezone.now())
