"""Words on paper, for every document that is printed.

Chinese is printed with a face that every reader brings along (Adobe's STSong-Light), so no font is embedded. That face
has no bold and poor Latin letters: weight comes from size and colour, and Latin runs take Helvetica.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

CHINESE = "STSong-Light"
INK, QUIET, MAIN = HexColor("#152530"), HexColor("#445762"), HexColor("#00596c")
_CHINESE = re.compile(r"[\u2e80-\uffef]")
_RUNS = {True: re.compile(r"[^\x00-\xff\u2013\u2014\u2026]+"), False: re.compile(r"[^\x00-\xff\u2010-\u2026]+")}

pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


def dated(canvas: Canvas, at: datetime) -> None:
    """Let the document say that what it shows is of the aware instant at: reportlab knows only now, and 2000-01-01.
    When it was signed, the signature says. Source: ISO 32000-2 14.3.3."""
    stamp = f"D:{at.astimezone(UTC):%Y%m%d%H%M%S}+00'00'"
    canvas.setDateFormatter(lambda *_clock: stamp)


def text(
    words: str,
    size: float,
    color: HexColor,
    *,
    before: float = 0,
    after: float = 0,
    indent: float = 0,
    latin: str = "Helvetica",
    url: str = "",
) -> Paragraph:
    """A paragraph. size: in points. before, after, indent: in millimetres. latin: the face of Latin letters."""
    chinese = bool(_CHINESE.search(words))  # decides to which face quotation marks belong
    style = ParagraphStyle(
        "text",
        fontName=latin,
        fontSize=size,
        leading=size * 1.42,
        textColor=color,
        spaceBefore=before * mm,
        spaceAfter=after * mm,
        leftIndent=indent * mm,
        firstLineIndent=-indent * mm,
        wordWrap="CJK" if chinese or latin == "Courier" else None,
    )
    marked = _RUNS[chinese].sub(lambda run: f'<font name="{CHINESE}">{run[0]}</font>', escape(words))
    return Paragraph(f'<a href="{escape(url, {chr(34): "&quot;"})}">{marked}</a>' if url else marked, style)
