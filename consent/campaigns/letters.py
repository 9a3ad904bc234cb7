"""What is said about a version: rendered once in each language, then each person's own greeting is put in.

A policy-change notice is a notice about the service, not advertising: it carries no List-Unsubscribe (RFC 8058 is for
marketing) and says instead why it is sent. Source: K41, K117, K118, K121, Y35, Y37.
"""

import hashlib
import hmac
import html
import re
from base64 import encodebytes
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from functools import cached_property
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consent.policies.fields import localized
from consent.policies.models import ChangeKind, PolicyVersion

ASKING_KINDS = {ChangeKind.M2, ChangeKind.M3}
GREETING = "\x02greeting\x03"  # stands in the rendered text where the person's own greeting goes
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
LONGEST_NAME = 40  # characters


def delivery_key(campaign: int, channel: int, subject: int) -> str:
    """32 hex digits, the same for every attempt: Message-ID, gateway id, and what the provider can be asked by."""
    key = hashlib.sha256(b"delivery" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, f"{campaign}:{channel}:{subject}".encode(), "sha256")[:16].hex()


@dataclass(frozen=True)
class Letter:
    """One version's notice in one language.

    text, html: with GREETING in place of the greeting. sms: as sent, with the signature. parameters: what a gateway
    puts into a registered template. notice: what everybody is told, without greeting, for the announcement.
    """

    language: str
    subject: str
    text: str
    html: str
    sms: str
    parameters: dict[str, str]
    notice: str

    def mail(self, *, key: str, address: str, name: str) -> bytes:
        """The whole message for one person, CRLF lines.

        address: dot-atom@domain in ASCII, checked by the caller. name: any text; it stays in its line and is escaped
        in HTML.
        """
        greeting = self.greeting(name)
        person = {
            _TO: address.encode("ascii"),
            _DATE: formatdate().encode(),
            _ID: f"<{key}@{_mail_domain()}>".encode(),
            _TEXT: _base64(self.text.replace(GREETING, greeting)),
            _HTML: _base64(self.html.replace(GREETING, html.escape(greeting))),
        }
        return _MARKS.sub(lambda mark: person[mark[0]], self._skeleton)

    def greeting(self, name: str) -> str:
        """How the letter begins; without a name where the person gave none."""
        known_as = CONTROL.sub(" ", name).strip()[:LONGEST_NAME]
        with translation.override(self.language):
            return _("Dear %(name)s,") % {"name": known_as} if known_as else _("Hello,")

    @cached_property
    def _skeleton(self) -> bytes:
        """The message with marks where a person's own values go: the standard library encodes it once, not for each.

        A mark stands where an address, a date or base64 would; base64 cannot imitate one.
        """
        message = EmailMessage(policy=SMTP)
        message["From"], message["Subject"] = settings.MAIL_FROM, self.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("")
        message.add_alternative("", subtype="html")
        for part, mark in zip(message.iter_parts(), (_TEXT, _HTML), strict=True):
            part.replace_header("Content-Transfer-Encoding", "base64")
            part.set_payload(mark.decode())
        message["Content-Language"] = self.language
        return b"To: %s\r\nDate: %s\r\nMessage-ID: %s\r\n" % (_TO, _DATE, _ID) + message.as_bytes()


_TO, _DATE, _ID, _TEXT, _HTML = (b"%%" + mark + b"%%" for mark in (b"to", b"date", b"id", b"text", b"html"))
_MARKS = re.compile(b"|".join((_TO, _DATE, _ID, _TEXT, _HTML)))


def _base64(text: str) -> bytes:
    return encodebytes(text.replace("\n", "\r\n").encode()).strip().replace(b"\n", b"\r\n")


def letters_of(version: PolicyVersion) -> dict[str, Letter]:
    """The notice in every language of the portal."""
    return {language: _letter(version, language) for language, _name in settings.LANGUAGES}


def _letter(version: PolicyVersion, language: str) -> Letter:
    with translation.override(language):
        context = _context(version)
        lines = ("subject.txt", "body.txt", "body.html")
        subject, text, html_text = (render_to_string(f"emails/policy_changed-{part}", context) for part in lines)
        return Letter(
            language=language,
            subject=_one_line(subject),
            text=_paragraphs(text),
            html=html_text,
            sms=_one_line(render_to_string("sms/policy_changed.txt", context)),
            parameters=_sms_parameters(context),
            notice=_paragraphs(render_to_string("campaigns/_notice.txt", context)),
        )


def _context(version: PolicyVersion) -> dict[str, Any]:
    policy = version.policy
    company = version.controller_block or policy.controller.block()
    is_new = not policy.versions.filter(published_at__lt=version.published_at).exists()
    return {
        "greeting": GREETING,
        "is_new": is_new,
        "asks": is_new or bool(ASKING_KINDS.intersection(version.change_kinds)),
        "controller": localized(company["name"]),
        "brand": localized(company["brand"]) or localized(company["name"]),
        "company": company,
        "policy": _one_line(localized(policy.title)).strip("《》"),
        "number": version.number,
        "effective_on": _date(version),
        "changes": [line.strip() for line in localized(version.change_summary).splitlines() if line.strip()],
        "link": _absolute("ledger:changes", policy.slug, version.number),
        "announcement_link": _absolute("campaigns:announcement", policy.slug, version.number),
        "account_link": _absolute("account"),
    }


def _sms_parameters(context: dict[str, Any]) -> dict[str, str]:
    return {name: str(context[name]) for name in ("brand", "policy", "number", "effective_on", "link")}


def _date(version: PolicyVersion) -> str:
    if version.effective_at is None:
        raise ValueError(f"{version} has not been published")
    return date_format(timezone.localtime(version.effective_at), "DATE_FORMAT")


def _absolute(name: str, *args: Any) -> str:
    return settings.BASE_URL + reverse(name, args=args)


def _mail_domain() -> str:
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]


def _paragraphs(text: str) -> str:
    """Templates leave more empty lines than a reader wants."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _one_line(text: str) -> str:
    return " ".join(CONTROL.sub(" ", text).split())
