"""A secret as a picture for a phone's camera."""

from io import BytesIO

import qrcode
from qrcode.image.svg import SvgPathFillImage


def qr_code(text: str) -> bytes:
    """An SVG image, dark on white whatever the page's colours are."""
    picture = qrcode.make(text, image_factory=SvgPathFillImage, error_correction=qrcode.constants.ERROR_CORRECT_M)
    content = BytesIO()
    picture.save(content)
    return content.getvalue()
