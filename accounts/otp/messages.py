"""Writes one message in the reader's language and sends it at once, by e-mail or SMS."""

import logging
import smtplib
from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import get_language, override

from accounts.otp.errors import SendingFailed
from accounts.otp.sms import send_sms
from accounts.users.rules import Contact, ContactKind

log = logging.getLogger(__name__)


def send_message(contact: Contact, event: str, parameters: Mapping[str, str], *, language: str) -> None:
    """Send `templates/emails/<event>-…` or `templates/sms/<event>.txt` to contact, now.

    Raises SendingFailed; what failed is logged without the address and without the words.
    """
    context = {**parameters, "portal_name": settings.PORTAL_NAME, "portal_address": settings.BASE_URL}
    with override(language):
        if contact.kind is ContactKind.PHONE:
            send_sms(contact.value, event, parameters, render_to_string(f"sms/{event}.txt", context).strip())
        else:
            _send_mail(contact.value, event, context)


def _send_mail(address: str, event: str, context: Mapping[str, str]) -> None:
    subject, text, page = (
        render_to_string(f"emails/{event}-{part}", dict(context)).strip()
        for part in ("subject.txt", "body.txt", "body.html")
    )
    headers = {"Auto-Submitted": "auto-generated", "Content-Language": get_language()}
    mail = EmailMultiAlternatives(
        " ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [address], headers=headers
    )
    mail.attach_alternative(page, "text/html")
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("mail server failed: %s", type(error).__name__)
        raise SendingFailed from error
