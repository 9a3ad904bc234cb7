"""E-mail: one SMTP connection a lane, used again for message after message.

Before the end of DATA the server cannot have accepted a message; from there to its answer the delivery is in doubt.
Source: RFC 5321 (3.8: 421 in place of an answer means not accepted; 4.5.3.2: waiting times).
"""

import logging
import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from django.conf import settings

from consent.campaigns.results import Outcome, Result
from consent.campaigns.senders import Consignment, Job, ProviderAway

CONNECT_SECONDS = 10
REPLY_SECONDS = 90
MESSAGES_A_CONNECTION = 1000
MISCONFIGURED_SECONDS = 30.0
# What needs no quoting in a command and cannot end a line; anything else is told by the next channel.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
log = logging.getLogger(__name__)


def connect() -> smtplib.SMTP:
    """A connection to SMTP_URL, encrypted where the server offers it, signed in where the URL names somebody.

    Raises OSError or SMTPException. A certificate that does not verify ends the attempt, and a password never
    travels unencrypted.
    """
    url = urlsplit(settings.SMTP_URL)
    host, own_name = url.hostname or "", urlsplit(settings.BASE_URL).hostname
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, url.port or 465, own_name, timeout=CONNECT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, url.port or 25, own_name, timeout=CONNECT_SECONDS)
    try:
        server.ehlo_or_helo_if_needed()
        if url.scheme != "smtps" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
        if url.username:
            if not isinstance(server.sock, ssl.SSLSocket):
                raise smtplib.SMTPNotSupportedError("the server offers no encryption, so the password is not sent")
            server.login(unquote(url.username), unquote(url.password or ""))
        if server.sock is not None:
            server.sock.settimeout(REPLY_SECONDS)
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


class SmtpLane:
    """One connection, opened when there is something to send and again after MESSAGES_A_CONNECTION or an error."""

    batch = 1

    def __init__(self) -> None:
        self._server: smtplib.SMTP | None = None
        self._sent = 0

    def offer(self, jobs: Sequence[Job], consignment: Consignment) -> list[Result]:
        """Send one message and say what the server said."""
        (job,) = jobs
        if not ADDRESS.fullmatch(job.address):
            words = "no proven address any more" if not job.address else "the address is not one that SMTP carries"
            return [Result(job.subject, Outcome.REFUSED, words)]
        fresh = self._server is None
        outcome, words = self._send(job, consignment)
        if outcome is None and not fresh:  # the server had closed an idle connection
            outcome, words = self._send(job, consignment)
        return [Result(job.subject, outcome or Outcome.DEFERRED, words)]

    def close(self) -> None:
        """QUIT."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _send(self, job: Job, consignment: Consignment) -> tuple[Outcome | None, str]:
        """(outcome, words); the outcome is None if the connection broke before the server could have accepted."""
        message = consignment.letter(job).mail(key=consignment.key(job), address=job.address, name=job.name)
        server = self._server or self._open()
        offered = False
        try:
            self._begin(server)
            code, words = server.rcpt(job.address)
            if code in (250, 251):
                consignment.journal.offering([job.subject])
                offered = True
                code, words = _data(server, message)
            self._end(server, code)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            if offered:
                return Outcome.UNKNOWN, f"the connection broke before the answer: {error}"
            return None, f"the connection broke before the message: {error}"
        return _outcome(code), f"{code} {words.decode('utf-8', 'replace')}"

    def _open(self) -> smtplib.SMTP:
        try:
            self._server, self._sent = connect(), 0
        except smtplib.SMTPResponseException as error:
            raise ProviderAway(_said(error.smtp_code, error.smtp_error), MISCONFIGURED_SECONDS) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderAway(str(error)) from error
        return self._server

    def _begin(self, server: smtplib.SMTP) -> None:
        """MAIL. What a server says here it says about us, not about the person."""
        code, words = server.mail(parseaddr(settings.MAIL_FROM)[1])
        if code != 250:
            self.close()
            raise ProviderAway(_said(code, words), MISCONFIGURED_SECONDS if code >= 500 else 2.0)

    def _end(self, server: smtplib.SMTP, code: int) -> None:
        """Make ready for the next message. The answer is known by now: an error here must not change it."""
        self._sent += 1
        if code == 421 or self._sent >= MESSAGES_A_CONNECTION:
            return self.close()
        if code // 100 != 2:
            try:
                server.rset()
            except (OSError, smtplib.SMTPException):
                self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


def _data(server: smtplib.SMTP, message: bytes) -> tuple[int, bytes]:
    try:
        return server.data(message)
    except smtplib.SMTPDataError as error:  # the answer to DATA itself: nothing of the message left
        return error.smtp_code, _bytes(error.smtp_error)


def _outcome(code: int) -> Outcome:
    return {2: Outcome.SENT, 5: Outcome.REFUSED}.get(code // 100, Outcome.DEFERRED)


def _said(code: int, words: bytes | str) -> str:
    return f"{code} {_bytes(words).decode('utf-8', 'replace')}"


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()
