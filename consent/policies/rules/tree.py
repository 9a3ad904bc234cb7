"""The tree of a policy: chapters, numbered clauses and their anchors. Plain values, no Markdown, no HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True, order=True)
class Mark:
    """A stretch of a text that is set apart: text[start:end]. `href` is for links alone."""

    start: int
    end: int
    kind: Literal["strong", "em", "code", "link"]
    href: str = ""


@dataclass(frozen=True)
class Clause:
    """A numbered clause, or a paragraph without a number (`number` and `label` empty).

    number: the printed number as decimal digits: "1" for 1、 （一） ① (a); for 1.2 it is "2".
    label: as printed, "（1）". text: without the label; paragraphs are parted by an empty line.
    key: the clause weighs on the reader's rights (K6). gist: its plain-language summary (K7).
    """

    number: str
    label: str
    text: str
    anchor: str = ""
    key: bool = False
    gist: str = ""
    items: tuple[Clause, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A chapter. number: its place, "1" for the first, whatever is printed. lead: text before the first clause."""

    number: str
    label: str
    title: str
    anchor: str = ""
    lead: str = ""
    items: tuple[Clause, ...] = ()
    lead_marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class PolicyDocument:
    """One text of a policy in one language."""

    title: str
    preamble: tuple[Clause, ...] = ()
    chapters: tuple[Chapter, ...] = ()


def walk(document: PolicyDocument) -> Iterator[Clause]:
    """Every clause with its anchor in reading order: the preamble's paragraphs, then chapter by chapter."""
    yield from descend(document.preamble)
    for chapter in document.chapters:
        yield from descend(chapter.items)


def descend(clauses: Sequence[Clause]) -> Iterator[Clause]:
    """The clauses and all that is nested in them, in reading order."""
    for clause in clauses:
        yield clause
        yield from descend(clause.items)


def to_json(document: PolicyDocument) -> dict[str, Any]:
    """The tree as JSON values. The preamble is a list of its paragraphs, a chapter's `text` its lead-in."""
    return {
        "title": document.title,
        "preamble": [spaced(clause.label, clause.text) for clause in descend(document.preamble)],
        "chapters": [
            {
                "number": chapter.number,
                "label": chapter.label,
                "title": chapter.title,
                "anchor": chapter.anchor,
                "text": chapter.lead,
                "items": [_clause_json(clause) for clause in chapter.items],
            }
            for chapter in document.chapters
        ],
    }


def _clause_json(clause: Clause) -> dict[str, Any]:
    return {
        "number": clause.number,
        "label": clause.label,
        "text": clause.text,
        "anchor": clause.anchor,
        "key": clause.key,
        "gist": clause.gist,
        "items": [_clause_json(item) for item in clause.items],
    }


def spaced(label: str, text: str) -> str:
    """Label and text as one would print them: 一、总则, but 1.2 Scope and 第三条 总则."""
    needs_space = label and text and (label[-1].isascii() or label[-1].isalnum())
    return f"{label} {text}" if needs_space else label + text


def anchored(document: PolicyDocument) -> PolicyDocument:
    """The same tree with its chapters numbered by their place and every anchor set.

    c1 is the first chapter, c1-2 its clause printed 2, c1-2-3 what is nested there; c1-p1 is the first paragraph
    without a number, c0-p1 that of the preamble. A number printed twice in one list gets a letter: c1-2, c1-2b.
    """
    chapters = tuple(
        replace(chapter, number=str(place), anchor=f"c{place}", items=_anchored(chapter.items, f"c{place}"))
        for place, chapter in enumerate(document.chapters, 1)
    )
    return replace(document, preamble=_anchored(document.preamble, "c0"), chapters=chapters)


def _anchored(clauses: Sequence[Clause], parent: str) -> tuple[Clause, ...]:
    seen: dict[str, int] = {}
    unnumbered, result = 0, []
    for clause in clauses:
        if clause.number:
            again = seen[clause.number] = seen.get(clause.number, 0) + 1
            suffix = "" if again == 1 else chr(ord("a") + again - 1) if again <= 26 else f"x{again}"
            anchor = f"{parent}-{clause.number}{suffix}"
        else:
            unnumbered += 1
            anchor = f"{parent}-p{unnumbered}"
        result.append(replace(clause, anchor=anchor, items=_anchored(clause.items, anchor)))
    return tuple(result)
