"""A QR code as one path of an SVG, so that a page carries it without another request."""

from dataclasses import dataclass
from itertools import groupby

QUIET_ZONE = 4  # modules around it, ISO/IEC 18004


@dataclass(frozen=True, slots=True)
class Code:
    """side: of the square in modules, the quiet zone included. path: the dark modules, as SVG's attribute d."""

    side: int
    path: str


def qr_code(text: str) -> Code:
    """text: ASCII, at most a few hundred characters."""
    from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel  # loads an imaging library

    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    return Code(len(code.modules) + 2 * QUIET_ZONE, "".join(map(_line, range(len(code.modules)), code.modules)))


def _line(number: int, modules: list[bool]) -> str:
    parts, column = [], 0
    for dark, run in groupby(map(bool, modules)):
        width = len(list(run))
        if dark:
            parts.append(f"M{column + QUIET_ZONE} {number + QUIET_ZONE}h{width}v1h-{width}z")
        column += width
    return "".join(parts)
