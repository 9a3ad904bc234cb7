"""Finds the list of contents at the start of a plain text, so that its entries are not taken for chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from consent.policies.rules.labels import Label
from consent.policies.rules.lines import Line, heading_likeness, title_key

_HEADING = re.compile(
    r"[【\[《]?\s*(?:目\s*[录錄次]|contents|table of contents|本\S{0,8}目录)\s*[】\]》]?\s*[:：]?", re.IGNORECASE
)
_INTRODUCTION = re.compile(
    r"以下|如下|下列|目录|主要内容|包括|构成|章节|following|contents|covers|sections|below", re.IGNORECASE
)
_PAGE = re.compile(r"(?:[\s.．·•…‥_—-]{2,}|\t|…)\s*\d{1,3}$")
_BARE_PAGE = re.compile(r"\s+\d{1,3}$")
_SENTENCE_END: Final = ("。", "；", "！", ".", ";", "!")
_ALIKE: Final = 0.72
_SEARCHED: Final = 150  # a list of contents begins within this many paragraphs


@dataclass(frozen=True)
class Entry:
    """A chapter as the list of contents names it."""

    label: Label | None
    title: str
    line: int

    @property
    def key(self) -> str:
        return title_key(self.title)


@dataclass(frozen=True)
class ContentsList:
    """Where the list stands (indexes of its first paragraph and of the one after it) and which chapters it names."""

    start: int
    stop: int
    entries: tuple[Entry, ...]


def find_contents(lines: Sequence[Line]) -> ContentsList | None:
    """The list of contents, if the text has one.

    It is a run of short lines before the first chapter, whose titles come again as headings further down. It may
    stand under a heading or a sentence that announces it, or under nothing; it may have sub-entries, dots and page
    numbers, and be numbered like the chapters, otherwise than they, or not at all.
    """
    searched = lines[:_SEARCHED]
    first_labelled = next((i for i, line in enumerate(searched) if line.label and not line.label.weak), len(searched))
    for i, line in enumerate(searched):
        if _HEADING.fullmatch(line.text) and (block := _block(lines, i + 1)):
            return ContentsList(i, block.stop, block.entries)
        if i < first_labelled and _announces(line) and (block := _block(lines, i + 1)):
            return block
    return _block(lines, first_labelled) if first_labelled < len(searched) else None


def _announces(line: Line) -> bool:
    ends_open = line.text.endswith(("：", ":")) or (len(line.text) <= 60 and not line.text.endswith(_SENTENCE_END))
    return ends_open and len(line.text) <= 120 and bool(_INTRODUCTION.search(line.text))


def _block(lines: Sequence[Line], start: int) -> ContentsList | None:
    """The list that begins exactly at `start`, if one does."""
    stop = _without_first_heading(lines, start, _end_of_short_lines(lines, start))
    if stop - start < 2:
        return None
    texts = _without_pages([lines[i].text for i in range(start, stop)])
    shown = [Line(lines[start + i].number, text) for i, text in enumerate(texts)]
    top = shown[0].label
    chapters = [line for line in shown if _same_rank(line.label, top)]
    later = _headings_by_key(lines[stop:])
    again = [_comes_again(line, later) for line in chapters]
    if top is None:
        stop, chapters, again = _trimmed(start, chapters, again)
    announced = start > 0 and bool(_HEADING.fullmatch(lines[start - 1].text))
    wanted = 1 if announced else max(2, (len(chapters) + 1) // 2)
    if len(chapters) < 2 or sum(again) < wanted:
        return None
    return ContentsList(start, stop, tuple(Entry(line.label, line.body, line.number) for line in chapters))


def _end_of_short_lines(lines: Sequence[Line], start: int) -> int:
    """The index after the run of lines that look like entries; it ends where the first chapter repeats a title."""
    seen: set[str] = set()
    top = lines[start].label if start < len(lines) else None
    paged = False
    for i in range(start, min(len(lines), start + 400)):
        line = lines[i]
        text = _PAGE.sub("", line.text)
        has_page = text != line.text
        paged = paged or has_page
        key = title_key(Line(0, text).body)
        restarts = i > start and top is not None and _same_rank(line.label, top) and line.label.value == top.value  # type: ignore[union-attr]
        if restarts or not key or key in seen or (top is not None and line.label is None and not has_page):
            return i
        if not has_page and (heading_likeness(Line(0, text).body) < 0.5 or paged):
            return i
        seen.add(key)
    return min(len(lines), start + 400)


def _without_first_heading(lines: Sequence[Line], start: int, stop: int) -> int:
    """The end of the list without what follows its last chapter and is no sub-entry, such as the first heading."""
    if stop <= start or lines[start].label is None:
        return stop
    last = max(i for i in range(start, stop) if _same_rank(lines[i].label, lines[start].label))
    later = _headings_by_key(lines[stop:])
    return stop if all(lines[i].key in later for i in range(last + 1, stop)) else last + 1


def _same_rank(label: Label | None, top: Label | None) -> bool:
    if label is None or top is None:
        return label is top
    return label.family == top.family


def _without_pages(texts: list[str]) -> list[str]:
    if all(_BARE_PAGE.search(text) for text in texts):
        return [_BARE_PAGE.sub("", _PAGE.sub("", text)) for text in texts]
    return [_PAGE.sub("", text) for text in texts]


def _headings_by_key(lines: Sequence[Line]) -> dict[str, Line]:
    return {line.key: line for line in reversed(lines) if line.heading >= 0.3 and line.key}


def _comes_again(entry: Line, later: dict[str, Line]) -> bool:
    """Whether a later heading has this title, or nearly and with the same number."""
    if entry.key in later:
        return True
    if entry.label is None:
        return False
    return any(
        line.label is not None and line.label.value == entry.label.value and alike(entry.key, key)
        for key, line in later.items()
    )


def alike(first: str, second: str) -> bool:
    """Whether two titles are the same but for a word or so."""
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _trimmed(start: int, chapters: list[Line], again: list[bool]) -> tuple[int, list[Line], list[bool]]:
    """Without numbers only titles that come again show where the list ends."""
    last = max((i for i, found in enumerate(again) if found), default=-1)
    return start + last + 1, chapters[: last + 1], again[: last + 1]
