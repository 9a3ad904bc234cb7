"""A receipt on paper: A4, with a QR code to the public check, the JSON inside, and a digital signature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO

from django.conf import settings
from django.utils.translation import gettext as _
from pyhanko.pdf_utils import embed
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    HRFlowable,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Table,
)

from accounts.models import User
from consent.ledger.receipts.paper import INK, MAIN, QUIET, dated, text
from consent.ledger.receipts.pdf_signing import sign_pdf
from consent.ledger.receipts.selectors import Receipt
from consent.ledger.receipts.sheet import Fact, Sheet, sheet_of

MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
LABEL_WIDTH = 34 * mm
QR_SIDE = 34 * mm
LINE = HexColor("#cbd9dd")


def receipt_pdf(receipt: Receipt, holder: User | None = None) -> bytes:
    """The signed document in the reader's language, with the bundle attached as receipt-<id>.json.

    holder: whose account it is, as for `sheet_of`. Raises NoSigningKey.
    """
    sheet = sheet_of(receipt, holder)
    company = receipt.record["parties"][0]["party_name"]
    printed = _print(sheet, company, receipt.check_url if receipt.proof else "", receipt.event.at)
    whole = _with_attachment(printed, f"{receipt.file_name}.json", receipt.as_json().encode())
    return sign_pdf(whole, reason=_("Receipt %(number)s") % {"number": sheet.number}, company=company)


def _print(sheet: Sheet, company: str, check_url: str, at: datetime) -> bytes:
    buffer = BytesIO()
    frame = Frame(MARGIN, MARGIN, WIDTH, A4[1] - 2 * MARGIN, 0, 0, 0, 0)

    def foot(canvas: Canvas, _template: BaseDocTemplate) -> None:
        dated(canvas, at)
        _foot(canvas, sheet.number)

    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        pageTemplates=[PageTemplate(frames=[frame], onPage=foot)],
        title=f"{_('Receipt')} {sheet.number}",
        author=company,
        invariant=1,
    )
    document.build(list(_story(sheet, company, check_url)))
    return buffer.getvalue()


def _story(sheet: Sheet, company: str, check_url: str) -> Iterable[Flowable]:
    yield HRFlowable(WIDTH, 2 * mm, color=MAIN, lineCap="butt", spaceAfter=4 * mm)
    yield _head(sheet, company, check_url)
    yield from (text(note, 9.5, QUIET, before=3) for note in sheet.notes)
    yield _facts(sheet.answered)
    yield _heading(_("Evidence"))
    yield _facts(sheet.evidence)
    yield KeepTogether([_heading(_("What this proves")), *_points(sheet.proven)])
    yield KeepTogether([_heading(_("What it does not prove")), *_points(sheet.not_proven)])
    yield KeepTogether([_heading(_("How to check it")), *_points(_ways(check_url))])


def _head(sheet: Sheet, company: str, check_url: str) -> Table:
    words = [
        text(f"{company} · {_('Receipt')}", 9.5, QUIET),
        text(sheet.about, 18, INK, before=2, after=2),
        text(sheet.answer, 14, MAIN, after=3),
        text(sheet.number, 9, QUIET, latin="Courier"),
    ]
    code = [_qr(check_url)] if check_url else []
    table = Table([[words, code]], [WIDTH - QR_SIDE - 4 * mm, QR_SIDE + 4 * mm])
    table.setStyle([*_NO_PADDING, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("ALIGN", (1, 0), (1, 0), "RIGHT")])
    return table


def _facts(facts: Sequence[Fact]) -> Table:
    rows = [[text(fact.label, 9.5, QUIET), _value(fact)] for fact in facts]
    table = Table(rows, [LABEL_WIDTH, WIDTH - LABEL_WIDTH], spaceBefore=2 * mm, spaceAfter=1 * mm)
    lines = ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE)
    padding = [("TOPPADDING", (0, 0), (-1, -1), 0.7 * mm), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.1 * mm)]
    table.setStyle([*_NO_PADDING, *padding, lines, ("VALIGN", (0, 0), (-1, -1), "TOP")])
    return table


def _value(fact: Fact) -> list[Flowable]:
    shown: list[Flowable] = [
        text(fact.value, 8.5, INK, latin="Courier") if fact.is_digest else text(fact.value, 10, INK)
    ]
    if fact.url:
        shown.append(text(fact.url, 8, QUIET, url=fact.url))
    return shown


def _ways(check_url: str) -> list[str]:
    page = f"{settings.BASE_URL}/check/"
    ways = [_("Open %(url)s and choose this file; no account is needed, and nothing is kept.") % {"url": page}]
    if check_url:
        ways.append(_("On paper: scan the code, and compare what it shows with this page."))
    ways.append(
        _("Without us: this file carries receipt-….json; the published program verify_receipt.py checks it offline.")
    )
    return ways


def _heading(words: str) -> Paragraph:
    return text(words, 12, MAIN, before=2.5, after=0.5)


def _points(sentences: Iterable[str]) -> list[Flowable]:
    return [text(f"·  {sentence}", 9.5, INK, before=0.3, indent=3) for sentence in sentences]


def _qr(url: str) -> Drawing:
    drawing = Drawing(QR_SIDE, QR_SIDE)
    drawing.add(QrCodeWidget(url, barLevel="M", barWidth=QR_SIDE, barHeight=QR_SIDE, barBorder=0))
    return drawing


def _foot(canvas: Canvas, number: str) -> None:
    canvas.saveState()
    canvas.setFillColor(QUIET)
    canvas.setFont("Helvetica", 8)
    canvas.drawString(MARGIN, 11 * mm, f"{number} · {settings.BASE_URL}/check/")
    canvas.drawRightString(A4[0] - MARGIN, 11 * mm, str(canvas.getPageNumber()))
    canvas.restoreState()


def _with_attachment(pdf: bytes, name: str, content: bytes) -> bytes:
    """Source: ISO 32000-2 7.11.4, 14.13 (associated files)."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    stream = embed.EmbeddedFileObject.from_file_data(writer, content, mime_type="application/json")
    embed.embed_file(
        writer, embed.FileSpec(name, file_name=name, embedded_data=stream, af_relationship=pdf_name("/Data"))
    )
    whole = BytesIO()
    writer.write(whole)  # type: ignore[no-untyped-call]
    return whole.getvalue()


_NO_PADDING = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
