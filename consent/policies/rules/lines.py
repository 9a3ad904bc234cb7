"""The lines of a plain text as the importer sees them: cleaned, rejoined, each with its label and how it looks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from consent.policies.rules.labels import Found, Label, read_label

_SENTENCE_ENDS = tuple("。；;，,！!…")
_DATE = re.compile(r"\d{4}\s*[年./-]\s*\d{1,2}\s*[月./-]|[〇一二三四五六七八九零]{4}年")
_TITLE = re.compile(
    r"政策|协议|声明|条款|规则|须知|指引|告知书|同意书|授权书|公约|章程|通知|说明|制度|办法|规定"
    r"|policy|agreement|notice|statement|terms",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"电话|邮箱|地址|日期|版本|网址|传真|https?:|www\.|@|\d{3,4}-\d{4,8}|updated|effective|version", re.IGNORECASE
)
_CLOSED = re.compile(r"[。；：！？!?;:.”’\"'）)】》」…]$")


@dataclass(frozen=True)
class Line:
    """One paragraph of the source. number: the line it begins on, counted from 1."""

    number: int
    text: str

    @cached_property
    def found(self) -> Found | None:
        """The label that the line begins with, and the rest."""
        return read_label(self.text, weak=True)

    @property
    def label(self) -> Label | None:
        return self.found.label if self.found else None

    @property
    def body(self) -> str:
        """The text after the label."""
        return self.found.rest if self.found else self.text

    @cached_property
    def heading(self) -> float:
        """How much the text after the label looks like a heading: 0 a sentence, 1 a title."""
        return heading_likeness(self.body)

    @cached_property
    def key(self) -> str:
        """The text after the label without what differs between a heading and its entry in the list of contents."""
        return title_key(self.body)


def heading_likeness(text: str) -> float:
    """0 for a sentence or nothing, 1 for a short line without closing punctuation, between for doubtful ones."""
    if not text or "。" in text[:-1] or re.search(r"[.!?;] [A-Z]", text):
        return 0.0
    wide = has_han(text)
    if len(text) > (40 if wide else 100) or (not wide and len(text.split()) > 16):
        return 0.0
    if text.endswith(_SENTENCE_ENDS) or (text.endswith(".") and not wide):
        return 0.0
    if text.endswith(("：", ":")):
        return 0.7 if len(text) <= (14 if wide else 50) else 0.0
    if "，" in text or "；" in text:
        return 0.7 if len(text) <= 24 else 0.3
    return 1.0 if len(text) <= (30 if wide else 80) else 0.6


def is_date_or_contact(text: str) -> bool:
    """Whether a short line tells a date, a version, an address or the like, and so is no heading."""
    return bool(_DATE.search(text) or _CONTACT.search(text))


def names_a_document(text: str) -> bool:
    """Whether a title of this wording is that of a policy, an agreement or the like."""
    return bool(_TITLE.search(text))


def title_key(text: str) -> str:
    """Letters and digits alone, in one width and case."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum()).casefold()


def has_han(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return bool(re.search("[\u2e80-\u2fdf\u3400-\u9fff\U00020000-\U0003ffff]", text))


def read_lines(lines: Sequence[str]) -> list[Line]:
    """The paragraphs of a cleaned text, empty lines left out.

    A label that stands alone takes the next line as its text. Where the whole text was broken at a fixed width, its
    lines are put together again.
    """
    width = _wrapped_at(lines)
    result: list[Line] = []
    adjacent = False
    for number, text in enumerate(lines, 1):
        if not text:
            adjacent = False
            continue
        last = result[-1] if result else None
        bare = last is not None and last.found is not None and not last.body and not read_label(text, weak=True)
        runs_on = adjacent and width is not None and _runs_on(lines[number - 2], text, width)
        if last is not None and (bare or runs_on):
            result[-1] = Line(last.number, f"{last.text} {text}" if bare else joined(last.text, text))
        else:
            result.append(Line(number, text))
        adjacent = True
    return result


def joined(first: str, second: str) -> str:
    """Two pieces of one sentence: Chinese without a space between them, Latin with one."""
    if not first or not second:
        return first + second
    tight = _is_wide(first[-1]) or _is_wide(second[0])
    return first + ("" if tight else " ") + second


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" or character in "“”‘’…—"


def _columns(text: str) -> int:
    return sum(2 if _is_wide(character) else 1 for character in text)


@dataclass(frozen=True)
class _Width:
    """How wide the lines of a wrapped text are: counted in columns, and in characters."""

    columns: int
    characters: int


def _wrapped_at(lines: Sequence[str]) -> _Width | None:
    """The width at which the text was broken into lines; None where every line is a paragraph of its own."""
    filled = [line for line in lines if line]
    if len(filled) < 8:
        return None
    columns, characters = sorted(map(_columns, filled)), sorted(map(len, filled))
    width = _Width(columns[len(filled) * 9 // 10], characters[len(filled) * 9 // 10])
    if not 40 <= width.columns <= 120 or columns[-1] > width.columns * 1.3:
        return None
    pairs = [(a, b) for a, b in zip(lines, lines[1:], strict=False) if a and b]
    broken = sum(not _CLOSED.search(first) and _runs_on(first, second, width) for first, second in pairs)
    return width if broken >= 3 and broken * 4 >= len(pairs) else None


def _runs_on(first: str, second: str, width: _Width) -> bool:
    """Whether a line was broken off at the margin and goes on in the next one.

    A line that fills the width goes on even if a sentence ends there: paragraphs seldom end just at the margin.
    """
    columns = _columns(first)
    full = columns >= width.columns - 1 or len(first) >= width.characters
    broken_off = full or (columns >= width.columns * 0.8 and not _CLOSED.search(first))
    return broken_off and not read_label(second)
