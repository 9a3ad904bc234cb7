"""Builds the clauses of a chapter from its paragraphs, and notes where their numbering jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from consent.policies.rules.findings import Finding
from consent.policies.rules.labels import Label, Reading
from consent.policies.rules.lines import Line
from consent.policies.rules.nesting import Nesting, Votes
from consent.policies.rules.tree import Clause


@dataclass
class _Draft:
    """A clause in the making."""

    label: str
    reading: Reading | None
    line: int
    paragraphs: list[str]
    items: list[_Draft] = field(default_factory=list)

    def clause(self) -> Clause:
        number = str(self.reading.value) if self.reading and self.reading.value else ""
        return Clause(
            number, self.label, "\n\n".join(filter(None, self.paragraphs)), items=tuple(i.clause() for i in self.items)
        )


@dataclass(frozen=True)
class Outline:
    """What a chapter is made of. endings: the last number of each family in it, for lists that go on in the next."""

    lead: str
    items: tuple[Clause, ...]
    findings: list[Finding]
    endings: dict[str, int]


def outline(
    paragraphs: Sequence[Line], votes: Votes, *, chapter: frozenset[int], before: dict[str, int] | None = None
) -> Outline:
    """The lead-in and the clauses. before: the endings of the chapter before, since 第六条 may follow 第五条 there.

    A paragraph without a number belongs to the numbered one above it. Where there is no numbered one at all, each
    paragraph is a clause of its own. Where the list begins again below several lines without a number, these lines
    are clauses that hold the lists.
    """
    starts = _subheadings(paragraphs)
    if not starts:
        return _plain_outline(paragraphs, votes, chapter, before or {})
    opening = [line.text for line in paragraphs[: starts[0]]]
    items, findings = [], []
    for start, stop in zip(starts, [*starts[1:], len(paragraphs)], strict=True):
        below = _plain_outline(paragraphs[start + 1 : stop], votes, chapter, {})
        items.append(Clause("", "", paragraphs[start].text, items=below.items))
        findings += below.findings
    return Outline("\n\n".join(opening), tuple(items), findings, {})


def label_runs(paragraphs: Sequence[Line]) -> list[list[Label]]:
    """The labels of a chapter in their order, those below each line that holds a list apart."""
    cuts = [0, *_subheadings(paragraphs), len(paragraphs)]
    return [[line.label for line in paragraphs[a:b] if line.label] for a, b in pairwise(cuts)]


def _subheadings(paragraphs: Sequence[Line]) -> list[int]:
    """The indexes of short lines without a number, below each of which the chapter's outermost list begins again."""
    labels = [(i, line.label) for i, line in enumerate(paragraphs) if line.label]
    family = labels[0][1].family if labels else ""
    beginnings = [i for i, label in labels if (label.family, label.value) == (family, 1)]
    starts = [i - 1 for i in beginnings if i and paragraphs[i - 1].label is None and len(paragraphs[i - 1].text) <= 40]
    return starts if len(starts) > 1 and len(starts) == len(beginnings) else []


def _plain_outline(
    paragraphs: Sequence[Line], votes: Votes, chapter: frozenset[int], before: dict[str, int]
) -> Outline:
    nesting = Nesting(votes, chapter)
    lead: list[Line] = []
    roots: list[_Draft] = []
    open_drafts: list[_Draft] = []
    for line in paragraphs:
        place = nesting.place(line.label) if line.label else None
        if line.label is not None and place is not None:
            draft = _Draft(line.label.printed, place.reading, line.number, [line.body])
            (roots if place.depth == 0 else open_drafts[place.depth - 1].items).append(draft)
            open_drafts[place.depth :] = [draft]
        elif open_drafts:
            open_drafts[-1].paragraphs.append(line.text)
        else:
            lead.append(line)
    if not roots:
        roots = [_Draft("", None, line.number, [line.text]) for line in lead]
        lead = []
    endings = dict(before)
    findings = _gaps(roots, endings, top=True)
    return Outline("\n\n".join(line.text for line in lead), tuple(d.clause() for d in roots), findings, endings)


def opening_clauses(paragraphs: Sequence[Line]) -> tuple[Clause, ...]:
    """The clauses of the preamble: its paragraphs, and a numbered list if it has one."""
    opening = outline(paragraphs, {}, chapter=frozenset({0}))
    lead = tuple(Clause("", "", text) for text in opening.lead.split("\n\n") if text)
    return lead + opening.items


def _gaps(drafts: Sequence[_Draft], running: dict[str, int], *, top: bool) -> list[Finding]:
    """Numbers that are not the next ones in their list.

    running: the last number of each family in the whole text so far. A list directly in a chapter may go on from
    there, and articles do so at any depth.
    """
    findings = []
    last: dict[str, int] = {}
    for draft in drafts:
        if draft.reading and draft.reading.value:
            family, value = draft.reading.family, draft.reading.value
            goes_on = family not in last and (top or family == "第条") and value == running.get(family, 0) + 1
            if value != last.get(family, 0) + 1 and not goes_on:
                findings.append(_gap(draft, value, last.get(family)))
            last[family] = running[family] = value
        findings += _gaps(draft.items, running, top=False)
    return findings


def _gap(draft: _Draft, value: int, last: int | None) -> Finding:
    if last is None:
        return Finding("number-start", draft.line, {"printed": draft.label})
    code = "number-jump" if value > last else "number-repeated" if value == last else "number-back"
    return Finding(code, draft.line, {"printed": draft.label, "before": last})
