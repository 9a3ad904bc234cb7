"""Pictures from strangers: looked at by content, drawn anew, so that nothing of the file but the picture remains.

What comes in is JPEG or PNG; what is kept is always JPEG without metadata, whatever was hidden in or behind the file.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAGIC = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n"}
# Points. A JPEG is opened at a lower size, which costs little memory; a PNG only whole.
MAX_PIXELS: Mapping[str, int] = {"JPEG": 64_000_000, "PNG": 20_000_000}
# A progressive JPEG goes over all its points once a scan, and a scan that says nothing takes a hundred bytes: without a
# bound 400 KB keep a processor busy for half a minute. Ten scans, as cameras write them, fit the largest picture.
SCAN = b"\xff\xda"
MAX_WORK = 640_000_000  # points times scans
LONGEST_SIDE = 2400  # pixels; an identity document stays readable
QUALITY = 88


def redrawn(content: bytes) -> bytes:
    """The picture in content as a JPEG without any metadata.

    Raises ValidationError with what is wrong and what right looks like. Source: K33; OWASP ASVS 5.0 V5.2, V5.3.
    """
    if len(content) > MAX_BYTES:
        raise ValidationError(_("The picture is larger than 10 MB."))
    kind = next((kind for kind, magic in MAGIC.items() if content.startswith(magic)), None)
    if kind is None:
        raise ValidationError(_("Only JPEG and PNG pictures can be read; a photograph from a phone is one."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _redraw(content, kind)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ValidationError(_("The picture has too many points. Photograph it at a lower resolution.")) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValidationError(_("The picture is damaged. Photograph it again.")) from error


def _redraw(content: bytes, kind: str) -> bytes:
    with Image.open(io.BytesIO(content), formats=[kind]) as picture:
        points = picture.width * picture.height
        if points > MAX_PIXELS[kind] or kind == "JPEG" and points * content.count(SCAN) > MAX_WORK:
            raise Image.DecompressionBombError
        picture.verify()
    with Image.open(io.BytesIO(content), formats=[kind]) as picture:  # verify() leaves nothing to read
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        clean = Image.new("RGB", upright.size)
        clean.paste(upright)
        written = io.BytesIO()
        clean.save(written, "JPEG", quality=QUALITY)
        return written.getvalue()
