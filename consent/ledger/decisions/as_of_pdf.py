"""What was agreed to on a day, on paper: A4, with a digital signature.

Chinese is printed with a face that every reader brings along (Adobe's STSong-Light), so no font is embedded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate

from consent.ledger.decisions.as_of import AnswerThen, AsOf, PolicyThen
from consent.ledger.models import ConsentKind
from consent.ledger.receipts.pdf_signing import sign_pdf
from consent.policies.fields import localized

CHINESE = "STSong-Light"
INK, QUIET, MAIN = HexColor("#152530"), HexColor("#445762"), HexColor("#00596c")
_NOT_LATIN = re.compile(r"[^\x00-\u024f]+")

pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


def as_of_pdf(found: AsOf, about: str, made_at: datetime) -> bytes:
    """The signed document in the reader's language. about: whose consents these are, in words. made_at: aware instant.

    Raises NoSigningKey.
    """
    buffer = BytesIO()
    title = _("Consents on %(day)s") % {"day": date_format(localtime(found.at), "DATE_FORMAT")}
    margins = {f"{side}Margin": 20 * mm for side in ("left", "right", "top", "bottom")}
    document = SimpleDocTemplate(buffer, pagesize=A4, title=title, author=settings.PORTAL_NAME, invariant=1, **margins)
    document.build(list(_story(found, title, about, made_at)))
    return sign_pdf(buffer.getvalue(), reason=title)


def _story(found: AsOf, title: str, about: str, made_at: datetime) -> Iterable[Flowable]:
    yield _text(title, 18, INK, after=2)
    yield _text(about, 11, INK, after=1)
    yield _text(_("State at %(at)s; made at %(made)s.") % {"at": _moment(found.at), "made": _moment(made_at)}, 9, QUIET)
    for policy in found.policies:
        yield from _policy(policy)
    if not found.policies:
        yield _text(_("Nothing asked for consent then."), 11, INK, before=6)


def _policy(shown: PolicyThen) -> Iterable[Flowable]:
    numbers = {"policy": localized(shown.policy.title), "number": shown.version.number}
    yield _text(localized(shown.policy.controller.name), 9, QUIET, before=8)
    yield _text(_("%(policy)s, version %(number)s was in effect") % numbers, 13, MAIN, after=1)
    for answer in shown.answers:
        yield KeepTogether(list(_answer(shown, answer)))


def _answer(shown: PolicyThen, answer: AnswerThen) -> Iterable[Flowable]:
    about = str(answer.purpose) if answer.purpose else _("The policy as a whole")
    to = f" → {answer.recipient_name}" if answer.recipient else ""
    yield _text(f"{about}{to}{pgettext('before a list', ': ')}{_state(answer)}", 11, INK, before=3)
    if answer.event is None or answer.answered is None:
        return
    yield _text(
        _("Answered at %(at)s, receipt %(id)s") % {"at": _moment(answer.event.at), "id": answer.event.id}, 9, QUIET
    )
    if answer.is_imported:
        yield _text(_since(answer), 9, QUIET)
    path = reverse("policies:version", args=[shown.policy.slug, answer.answered.number])
    words = _("Text shown: version %(number)s, %(url)s") % {
        "number": answer.answered.number,
        "url": f"{settings.BASE_URL}{path}",
    }
    yield _text(words, 9, QUIET)
    yield _text(f"SHA-256 {answer.shown_sha256}", 8, QUIET, latin="Courier")


def _state(answer: AnswerThen) -> str:
    words = str(answer.status.label)
    if answer.event and answer.event.kind == ConsentKind.IMPLIED:
        return f"{words} ({answer.event.get_kind_display()})"
    return words


def _since(answer: AnswerThen) -> str:
    if answer.logged_at is None:
        return _("Imported from another system, which vouches for the time.")
    return _("Imported from another system, which vouches for the time; in the log since %(at)s.") % {
        "at": _moment(answer.logged_at)
    }


def _moment(at: datetime) -> str:
    local = localtime(at)
    return f"{date_format(local, 'Y-m-d H:i:s')} (UTC{local:%z})"


def _text(
    words: str, size: float, color: HexColor, *, before: float = 0, after: float = 0, latin: str = "Helvetica"
) -> Paragraph:
    """before, after: in millimetres."""
    style = ParagraphStyle(
        "text",
        fontName=latin,
        fontSize=size,
        leading=size * 1.42,
        textColor=color,
        spaceBefore=before * mm,
        spaceAfter=after * mm,
        wordWrap="CJK" if _NOT_LATIN.search(words) else None,
    )
    marked = _NOT_LATIN.sub(lambda run: f'<font name="{CHINESE}">{run[0]}</font>', escape(words))
    return Paragraph(marked, style)
