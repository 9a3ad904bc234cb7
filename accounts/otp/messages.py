"""Writes one message in the reader's language and sends it at once, by e-mail or SMS."""

import logging
import smtplib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils.translation import get_language, override

from accounts.otp.errors import Refused, SendingFailed
from accounts.otp.sms import send_sms
from accounts.users.rules import Contact, ContactKind

log = logging.getLogger(__name__)


class Connections(NamedTuple):
    """What several messages may share; whoever made them closes them."""

    mail: BaseEmailBackend
    gateway: httpx.Client


def send_message(
    contact: Contact,
    event: str,
    parameters: Mapping[str, str],
    *,
    language: str,
    key: UUID | None = None,
    connections: Connections | None = None,
) -> None:
    """Send `templates/emails/<event>-…` or `templates/sms/<event>.txt` to contact, now.

    key: the message's own id, the same at each attempt to send it; without it a new one.
    Raises SendingFailed, Refused; what failed is logged without the address and without the words.
    """
    key = key or uuid4()
    context = {**parameters, "portal_name": settings.PORTAL_NAME, "portal_address": settings.BASE_URL}
    with override(language):
        if contact.kind is ContactKind.PHONE:
            text = render_to_string(f"sms/{event}.txt", context).strip()
            client = connections.gateway if connections else None
            send_sms(contact.value, event, parameters, text, key=key, client=client)
        else:
            mail = _written(contact.value, event, context, key)
            _send(mail, connections.mail if connections else None)


def _written(address: str, event: str, context: Mapping[str, str], key: UUID) -> EmailMultiAlternatives:
    subject, text, page = (
        render_to_string(f"emails/{event}-{part}", dict(context)).strip()
        for part in ("subject.txt", "body.txt", "body.html")
    )
    headers = {
        "Auto-Submitted": "auto-generated",
        "Content-Language": get_language(),
        "Message-ID": f"<{key.hex}@{urlsplit(settings.BASE_URL).hostname}>",
    }
    mail = EmailMultiAlternatives(
        " ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [address], headers=headers
    )
    mail.attach_alternative(page, "text/html")
    return mail


def _send(mail: EmailMultiAlternatives, connection: BaseEmailBackend | None) -> None:
    mail.connection = connection
    try:
        if connection:
            connection.open()  # stays open for the next message, where it is not already
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("mail server failed: %s", type(error).__name__)
        if connection:
            connection.close()
        raise (Refused if _is_refusal(error) else SendingFailed) from error


def _is_refusal(error: Exception) -> bool:
    """Whether the server knows no such address, or will not have the message: RFC 5321, 4.2.1."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _words in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
