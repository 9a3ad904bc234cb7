"""Writes a policy's tree as canonical Markdown: `parse(write(document))` is the same tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from consent.policies.rules.dialect import read_clause_start
from consent.policies.rules.inline import escaped, write_inline
from consent.policies.rules.tree import Chapter, Clause, Mark, PolicyDocument, spaced

_INDENT: Final = "    "
_ORDERED = re.compile(r"\d{1,2}[.)]", re.ASCII)


def write(document: PolicyDocument) -> str:
    """The Markdown of a tree.

    Characters that Markdown or a label would be made of are escaped, so that each text comes back as it is. Texts have
    no space at their ends, and their paragraphs are parted by one empty line.
    """
    blocks = [f"# {_heading(document.title)}"] if document.title else []
    for clause in document.preamble:
        blocks += _plain(clause) if _is_plain(clause) else _item(clause, 0)
    for chapter in document.chapters:
        blocks.append(_chapter_heading(chapter))
        blocks += _paragraphs(chapter.lead, chapter.lead_marks)
        all_plain = not chapter.lead and all(_is_plain(clause) for clause in chapter.items)
        for clause in chapter.items:
            blocks += _plain(clause) if all_plain else _item(clause, 0)
    return "\n\n".join(blocks) + "\n"


def _is_plain(clause: Clause) -> bool:
    """Whether it can stand as a bare paragraph: one without a number and with nothing below it."""
    return not clause.label and not clause.items and "\n\n" not in clause.text


def _heading(title: str, *, shielded: bool = False) -> str:
    text = write_inline(title.replace("\n", " "), shielded=shielded)
    return re.sub(r"(?<=\s)(#+)$", r"\\\1", text)  # which Markdown would take for an end mark


def _chapter_heading(chapter: Chapter) -> str:
    label = "".join(escaped(chapter.label))
    whole = spaced(label, _heading(chapter.title))
    if chapter.title and read_clause_start(whole) != (False, chapter.label):
        whole = spaced(label, _heading(chapter.title, shielded=True))
    return f"## {whole}".rstrip()


def _plain(clause: Clause) -> list[str]:
    first = _guarded("", clause, clause.text, clause.marks)
    return [first, *_gist(clause.gist, "")]


def _item(clause: Clause, depth: int) -> list[str]:
    """A list item with its further paragraphs, its summary and what is below it, each a block."""
    inside = _INDENT * (depth + 1)
    (text, marks), *further = _split(clause.text, clause.marks) or [("", ())]
    if _ORDERED.fullmatch(clause.label):
        marker, label = f"{clause.label} ", ""
    else:
        marker, label = "- ", clause.label
    blocks = [f"{_INDENT * depth}{marker}{_guarded(label, clause, text, marks)}".replace("\n", f"\n{inside}").rstrip()]
    for paragraph, paragraph_marks in further:
        written = _guarded("", replace(clause, key=False), paragraph, paragraph_marks)
        blocks.append(inside + written.replace("\n", f"\n{inside}"))
    blocks += _gist(clause.gist, inside)
    for item in clause.items:
        blocks += _item(item, depth + 1)
    return blocks


def _guarded(label: str, clause: Clause, text: str, marks: Sequence[Mark]) -> str:
    """Key sign, label and text, written so that nothing but this label is read as one."""
    key = "!" if clause.key else ""
    start = key + "".join(escaped(label))
    whole = spaced(start, write_inline(text, marks)) if label else start + write_inline(text, marks)
    if not text or read_clause_start(whole) == (clause.key, label):
        return whole
    shielded = write_inline(text, marks, shielded=True)
    return spaced(start, shielded) if label else start + shielded


def _split(text: str, marks: Sequence[Mark]) -> list[tuple[str, tuple[Mark, ...]]]:
    """The paragraphs of a text, each with its own marks."""
    return list(_pieces(text, marks)) if text else []


def _pieces(text: str, marks: Sequence[Mark]) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    start = 0
    for paragraph in text.split("\n\n"):
        end = start + len(paragraph)
        inside = (mark for mark in marks if start <= mark.start and mark.end <= end)
        yield paragraph, tuple(replace(m, start=m.start - start, end=m.end - start) for m in inside)
        start = end + 2


def _paragraphs(text: str, marks: Sequence[Mark]) -> list[str]:
    return [_guarded("", Clause("", "", part), part, own) for part, own in _split(text, marks)]


def _gist(gist: str, indent: str) -> list[str]:
    """The summary as a quotation, one block."""
    if not gist:
        return []
    lines = "\n\n".join(write_inline(paragraph) for paragraph in gist.split("\n\n")).split("\n")
    return ["\n".join(f"{indent}> {line}".rstrip() for line in lines)]
