"""How the tests read plain texts and look at what comes out."""

from __future__ import annotations

from collections.abc import Sequence

from consent.policies.rules.clauses import Clause
from consent.policies.rules.plain_text import ImportedText, read_plain_text


def read(text: str, language: str = "zh-hans") -> ImportedText:
    """Read a text that stands indented in a test."""
    return read_plain_text(text.strip("\n"), language)


def headings(imported: ImportedText) -> list[str]:
    """The chapters with their numbers."""
    return [chapter.label + chapter.title for chapter in imported.document.chapters]


def shape(clauses: Sequence[Clause]) -> str:
    """The labels of clauses, what is nested in brackets: "1、[（1） （2）] 2、". A paragraph without a label is ¶."""
    return " ".join((c.label or "¶") + (f"[{shape(c.items)}]" if c.items else "") for c in clauses)


def shapes(imported: ImportedText) -> list[str]:
    """The shape of each chapter."""
    return [shape(chapter.items) for chapter in imported.document.chapters]


def codes(imported: ImportedText) -> list[str]:
    """What was found, in the order of lines."""
    return [finding.code for finding in imported.findings]
