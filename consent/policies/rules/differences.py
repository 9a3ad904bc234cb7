"""What changed between two texts of a policy, clause by clause and to the character."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from consent.policies.rules.alignment import Unit, align
from consent.policies.rules.spans import Span, compare_texts
from consent.policies.rules.tree import Clause, PolicyDocument, spaced

Kind = Literal["added", "removed", "changed", "moved", "same"]
_SHORT_TITLE = 24


@dataclass(frozen=True)
class ClauseChange:
    """How one clause of the old text became one of the new text; the side where it is missing is empty.

    part: "title" of the text, "heading" of a chapter, its "lead", or a "clause". spans: ("equal" | "insert" |
    "delete", text): what is equal and inserted is the new text, what is equal and deleted the old one. "moved" is a
    clause of the same words in another place or under another number. path: the headings above it, outermost first.
    """

    kind: Kind
    part: str
    old_anchor: str
    new_anchor: str
    old_label: str
    new_label: str
    old_path: tuple[str, ...]
    new_path: tuple[str, ...]
    spans: tuple[Span, ...]
    old_key: bool = False
    new_key: bool = False

    @property
    def old_text(self) -> str:
        return "".join(text for op, text in self.spans if op != "insert")

    @property
    def new_text(self) -> str:
        return "".join(text for op, text in self.spans if op != "delete")

    @property
    def anchor(self) -> str:
        """Where to find it: in the new text, or in the old one if it is gone."""
        return self.new_anchor or self.old_anchor

    @property
    def title(self) -> str:
        """What to call it: the headings above it and its own number, the old number first if it has another one."""
        path = self.new_path if self.kind != "removed" else self.old_path
        both = self.old_label != self.new_label and self.old_label and self.new_label
        label = f"{self.old_label} → {self.new_label}" if both else self.new_label or self.old_label
        return " › ".join([*path, *([label] if label else [])])


def compare(old: PolicyDocument, new: PolicyDocument) -> list[ClauseChange]:
    """Every clause of both texts in the reading order of the new one, each removed one where it used to follow.

    Clauses are brought together by their words: the very same ones first, then similar ones in the same chapter, then
    similar ones anywhere. A new number alone is no change of the text.
    """
    before, after = list(_units(old)), list(_units(new))
    alignment = align(before, after)
    partners, stayed = alignment.partners, _in_order(alignment.partners)
    stops = _next_places(partners, stayed, len(after), len(before))
    homes = _homes(before, alignment.chapters)
    gone = deque(sorted(set(range(len(before))) - set(partners.values())))
    changes: list[ClauseChange] = []
    for j, unit in enumerate(after):
        while gone and gone[0] < stops[j] and (j in stayed or homes[before[gone[0]].chapter] <= unit.chapter):
            changes.append(_removed(before[gone.popleft()]))
        partner = before[partners[j]] if j in partners else None
        at_home = j in stayed and partner is not None and alignment.chapters.get(partner.chapter) == unit.chapter
        changes.append(_change(partner, unit, stayed=at_home))
    return changes + [_removed(before[i]) for i in gone]


def _next_places(partners: dict[int, int], stayed: set[int], news: int, olds: int) -> list[int]:
    """For each new place the old one of the next clause that kept its order."""
    stops = [olds] * news
    for j in reversed(range(news)):
        stops[j] = partners[j] if j in stayed else stops[j + 1] if j + 1 < news else olds
    return stops


def _homes(before: Sequence[Unit], chapters: dict[int, int]) -> dict[int, int]:
    """Where each old chapter is now; one that is gone counts to the chapter before it."""
    homes = dict(chapters)
    last = 0
    for unit in before:
        last = homes.setdefault(unit.chapter, last)
    return homes


def _units(document: PolicyDocument) -> Iterator[Unit]:
    if document.title:
        yield Unit("title", document.title, "", "", (), -1)
    yield from _clause_units(document.preamble, (), 0)
    for place, chapter in enumerate(document.chapters, 1):
        heading = spaced(chapter.label, chapter.title)
        if chapter.title:
            yield Unit("heading", chapter.title, chapter.anchor, chapter.label, (), place)
        if chapter.lead:
            yield Unit("lead", chapter.lead, chapter.anchor, "", (heading,), place)
        yield from _clause_units(chapter.items, (heading,), place)


def _clause_units(clauses: Sequence[Clause], path: tuple[str, ...], chapter: int) -> Iterator[Unit]:
    for clause in clauses:
        if clause.text:
            yield Unit("clause", clause.text, clause.anchor, clause.label, path, chapter, clause.key)
        yield from _clause_units(clause.items, (*path, _heading(clause)), chapter)


def _heading(clause: Clause) -> str:
    """A clause as the heading of what is nested in it: its number, and its first paragraph if that is short."""
    first = clause.text.split("\n\n")[0]
    short = first if len(first) <= _SHORT_TITLE else first[: _SHORT_TITLE - 1].rstrip() + "…"
    return spaced(clause.label, short)


def _in_order(partners: dict[int, int]) -> set[int]:
    """The new places of the clauses that kept their order: the longest run of partners that ascends."""
    tails: list[int] = []  # the lowest old place that a run of each length may end with, and the new place there
    ends: list[int] = []
    previous: dict[int, int] = {}
    for j in sorted(partners):
        length = bisect_left(tails, partners[j])
        if length:
            previous[j] = ends[length - 1]
        if length == len(tails):
            tails.append(partners[j])
            ends.append(j)
        else:
            tails[length], ends[length] = partners[j], j
    stayed: set[int] = set()
    node = ends[-1] if ends else None
    while node is not None:
        stayed.add(node)
        node = previous.get(node)
    return stayed


def _change(old: Unit | None, new: Unit, *, stayed: bool) -> ClauseChange:
    if old is None:
        spans = compare_texts("", new.text)
        return ClauseChange("added", new.part, "", new.anchor, "", new.label, (), new.path, spans, new_key=new.key)
    kind: Kind = "same"
    if old.text != new.text:
        kind = "changed"
    elif old.label != new.label or not stayed:
        kind = "moved"
    return ClauseChange(
        kind, new.part, old.anchor, new.anchor, old.label, new.label, old.path, new.path,
        compare_texts(old.text, new.text), old.key, new.key,
    )  # fmt: skip


def _removed(old: Unit) -> ClauseChange:
    spans = compare_texts(old.text, "")
    return ClauseChange("removed", old.part, old.anchor, "", old.label, "", old.path, (), spans, old.key)
