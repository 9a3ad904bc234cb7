"""What was agreed to on a day, on paper: A4, with a digital signature."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, SimpleDocTemplate

from consent.ledger.decisions.as_of import AnswerThen, AsOf, PolicyThen
from consent.ledger.models import ConsentKind
from consent.ledger.receipts.paper import INK, MAIN, QUIET, dated, text
from consent.ledger.receipts.pdf_signing import sign_pdf
from consent.ledger.receipts.sheet import in_words
from consent.policies.fields import localized


def as_of_pdf(found: AsOf, about: str, made_at: datetime) -> bytes:
    """The signed document in the reader's language. about: whose consents these are, in words. made_at: aware instant.

    Raises NoSigningKey.
    """
    buffer = BytesIO()
    title = _("Consents on %(day)s") % {"day": date_format(localtime(found.at), "DATE_FORMAT")}
    margins = {f"{side}Margin": 20 * mm for side in ("left", "right", "top", "bottom")}
    document = SimpleDocTemplate(buffer, pagesize=A4, title=title, author=settings.PORTAL_NAME, invariant=1, **margins)
    story = list(_story(found, title, about, made_at))
    document.build(story, onFirstPage=lambda canvas, _document: dated(canvas, made_at))
    return sign_pdf(buffer.getvalue(), reason=title)


def _story(found: AsOf, title: str, about: str, made_at: datetime) -> Iterable[Flowable]:
    yield text(title, 18, INK, after=2)
    yield text(about, 11, INK, after=1)
    yield text(
        _("State at %(at)s; made at %(made)s.") % {"at": in_words(found.at), "made": in_words(made_at)}, 9, QUIET
    )
    for policy in found.policies:
        yield from _policy(policy)
    if not found.policies:
        yield text(_("Nothing asked for consent then."), 11, INK, before=6)


def _policy(shown: PolicyThen) -> Iterable[Flowable]:
    numbers = {"policy": localized(shown.policy.title), "number": shown.version.number}
    yield text(localized(shown.policy.controller.name), 9, QUIET, before=8)
    yield text(_("%(policy)s, version %(number)s was in effect") % numbers, 13, MAIN, after=1)
    for answer in shown.answers:
        yield KeepTogether(list(_answer(shown, answer)))


def _answer(shown: PolicyThen, answer: AnswerThen) -> Iterable[Flowable]:
    about = str(answer.purpose) if answer.purpose else _("The policy as a whole")
    to = f" → {answer.recipient_name}" if answer.recipient else ""
    yield text(f"{about}{to}{pgettext('before a list', ': ')}{_state(answer)}", 11, INK, before=3)
    if answer.event is None or answer.answered is None:
        return
    yield text(
        _("Answered at %(at)s, receipt %(id)s") % {"at": in_words(answer.event.at), "id": answer.event.id}, 9, QUIET
    )
    if answer.is_imported:
        yield text(_since(answer), 9, QUIET)
    path = reverse("policies:version", args=[shown.policy.slug, answer.answered.number])
    words = _("Text shown: version %(number)s, %(url)s") % {
        "number": answer.answered.number,
        "url": f"{settings.BASE_URL}{path}",
    }
    yield text(words, 9, QUIET)
    yield text(f"SHA-256 {answer.shown_sha256}", 8, QUIET, latin="Courier")


def _state(answer: AnswerThen) -> str:
    words = str(answer.status.label)
    if answer.event and answer.event.kind == ConsentKind.IMPLIED:
        return f"{words} ({answer.event.get_kind_display()})"
    return words


def _since(answer: AnswerThen) -> str:
    if answer.logged_at is None:
        return _("Imported from another system, which vouches for the time.")
    return _("Imported from another system, which vouches for the time; in the log since %(at)s.") % {
        "at": in_words(answer.logged_at)
    }
