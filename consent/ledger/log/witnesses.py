"""Second parties that keep the log's checkpoints, so that the company cannot rewrite the log unnoticed.

Each gets the latest checkpoint once. What was refused or could not be delivered is told, and tried again next time,
with the checkpoint that is then the latest.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

import httpx
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.template.loader import render_to_string
from django.utils import translation

from consent.ledger.log.models import Checkpoint, Witnessing
from consent.ledger.log.selectors import latest_checkpoint

TIMEOUT_SECONDS = 10
ANSWER_LENGTH = 300
LOCK = 0x7769_746E_6573  # one call at a time in a database
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Party:
    """address: as configured, credentials and all. name: without them, as it is recorded."""

    address: str
    name: str

    @property
    def mailbox(self) -> str:
        """The e-mail address; empty where the checkpoint goes over HTTP."""
        return self.name.removeprefix("mailto:") if self.name.startswith("mailto:") else ""


def parties() -> list[Party]:
    """Those of the setting WITNESSES. Raises ImproperlyConfigured, which shows no credentials."""
    return [_party(address) for address in settings.WITNESSES]


def witness_checkpoint(*, at: datetime) -> list[Witnessing]:
    """Hand the latest checkpoint to each party that has not taken it yet. Gives what came of it, one row a party that
    was tried; none where another call is doing so. at: aware UTC instant.

    Between asking and recording nothing is locked: a party may get a checkpoint twice after a crash, which changes
    nothing for it. Must not be called inside a transaction.
    """
    checkpoint, tried = latest_checkpoint(), []
    if checkpoint is None:
        return []
    with _alone() as alone:
        for party in parties() if alone else []:
            done = Witnessing.objects.filter(tree_size=checkpoint.tree_size, witness=party.name, taken=True)
            if not done.exists():
                answer = _hand(party, checkpoint)
                row = {"tree_size": checkpoint.tree_size, "witness": party.name, "at": at}
                tried.append(Witnessing.objects.create(**row, taken=not answer, answer=answer))
    return tried


def _party(address: str) -> Party:
    url = urlsplit(address)
    if url.scheme == "mailto" and "@" in url.path:
        return Party(address, f"mailto:{unquote(url.path)}")
    if url.hostname and (url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)):
        return Party(address, f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}")
    raise ImproperlyConfigured("WITNESSES: each must be mailto:name@host or https://host/path")


def _hand(party: Party, checkpoint: Checkpoint) -> str:
    """Empty where it was taken, else why not."""
    try:
        if party.mailbox:
            return _mail(party.mailbox, checkpoint)
        return _post(party.address, checkpoint)
    except (httpx.HTTPError, httpx.InvalidURL, smtplib.SMTPException, OSError) as error:
        return type(error).__name__  # its words may name credentials


def _post(address: str, checkpoint: Checkpoint) -> str:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    response = httpx.post(address, content=checkpoint.note.encode(), headers=headers, timeout=TIMEOUT_SECONDS)
    if response.is_success:
        return ""
    words = "".join(character if character.isprintable() else " " for character in response.text)
    return f"{response.status_code} {words}"[:ANSWER_LENGTH].strip()


def _mail(mailbox: str, checkpoint: Checkpoint) -> str:
    context = {
        "checkpoint": checkpoint,
        "portal_name": settings.PORTAL_NAME,
        "log_name": settings.LOG_NAME,
        "portal_address": settings.BASE_URL,
    }
    with translation.override(settings.LANGUAGE_CODE):
        parts = ("subject.txt", "body.txt", "body.html")
        subject, text, page = (render_to_string(f"emails/checkpoint-{part}", context).strip() for part in parts)
        headers = {"Auto-Submitted": "auto-generated", "Content-Language": settings.LANGUAGE_CODE}
    sender = settings.DEFAULT_FROM_EMAIL
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, sender, [mailbox], headers=headers)
    mail.attach_alternative(page, "text/html")
    # As octets: a text would get other line ends on its way, and the signature would no longer fit.
    mail.attach(f"checkpoint-{checkpoint.tree_size}.txt", checkpoint.note.encode(), "application/octet-stream")
    mail.send()
    return ""


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else is at it; held by the connection, since a transaction must not wait for the network."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        alone = bool(cursor.fetchone()[0])
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
