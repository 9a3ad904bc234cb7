"""Turns the bytes of an uploaded file into text, or says in words why it cannot."""

from __future__ import annotations

import codecs
import re
from typing import Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

MAX_BYTES: Final = 2 * 1024 * 1024

_FORMATS: Final[tuple[tuple[bytes, str | Promise], ...]] = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", _("a Word, Excel or ZIP file")),
    (b"PK\x05\x06", _("a Word, Excel or ZIP file")),
    (b"\xd0\xcf\x11\xe0", _("an old Word or Excel file")),
    (b"{\\rtf", _("a Rich Text file")),
    (b"\x89PNG", _("a picture")),
    (b"\xff\xd8\xff", _("a picture")),
    (b"GIF8", _("a picture")),
    (b"RIFF", _("a picture")),
    (b"II*\x00", _("a picture")),
    (b"MM\x00*", _("a picture")),
    (b"\x1f\x8b", _("a compressed file")),
    (b"7z\xbc\xaf", _("a compressed file")),
    (b"Rar!", _("a compressed file")),
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WEB_PAGE = re.compile(rb"\s*(?:<!doctype\s+html|<html|<\?xml)", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]|\x1b")
# Newlines of Unicode, of old Macs, of Word (vertical tab) and of printers (form feed).
_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


class UnreadableText(ValueError):
    """A file or text that cannot be read as a policy. `message` says why, in the reader's language (400)."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


def decode(data: bytes) -> str:
    """The text of a file, with plain newlines and no byte order mark.

    Understands UTF-8, UTF-16 and UTF-32 with a mark, and GB 18030 with its parts GBK and GB 2312. Raises
    UnreadableText (400) for a file that is over 2 MiB, empty, not text, or in another encoding.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableText(_("The file is larger than 2 MB. A policy is a few pages of text."))
    for start, name in _FORMATS:
        if data.startswith(start):
            raise UnreadableText(format_lazy(_("This is {kind}, not plain text. Save it as plain text."), kind=name))
    if _WEB_PAGE.match(data):
        raise UnreadableText(_("This is a web page. Copy its text and save it as plain text."))
    text = unify_newlines(_decoded(data))
    if _CONTROLS.search(text):
        raise UnreadableText(_("This is not plain text: it has control characters in it."))
    if not text.strip(" \t\n\u3000\u00a0\ufeff\u200b"):
        raise UnreadableText(_("The file is empty."))
    return text


def unify_newlines(text: str) -> str:
    """The text with every kind of newline as a line feed."""
    return _NEWLINES.sub("\n", text)


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding).removeprefix("\ufeff")
            except UnicodeDecodeError:
                raise UnreadableText(_("The file is damaged: its encoding is broken.")) from None
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or _reads_as_chinese(text):
            return text
    western = data.decode("cp1252", errors="replace")
    if "\ufffd" not in western and sum(byte > 127 for byte in data) * 20 < len(data):
        return western
    raise UnreadableText(_("The encoding of the file is unknown. Save it as UTF-8."))


def _reads_as_chinese(text: str) -> bool:
    """Whether the characters are common ones. Bytes of another encoding come out as rare characters."""
    special = [character for character in text if ord(character) > 127]
    common = sum(_is_common(character) for character in special)
    return common * 10 >= len(special) * 8


def _is_common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return character in "\u00a0\u2022\u2013\u20ac"
    return True
