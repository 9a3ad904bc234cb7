"""Decides under which clause a numbered paragraph belongs, by the style of its label and by its number alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from consent.policies.rules.labels import Label, Reading, follows, needs_sequence

Votes = Mapping[tuple[str, str], int]


@dataclass
class _Level:
    family: str
    style: str
    last: int


@dataclass(frozen=True)
class Place:
    """depth: 0 for a clause directly in the chapter. reading: how the label was read."""

    depth: int
    reading: Reading


@dataclass
class Nesting:
    """The open lists of one chapter, outermost first.

    votes: how often, in the whole text, numbering of one family began again after a label of another one: that one
    is then the outer of the two. chapter: its numbers, as printed and as meant, one of which 3.1 must begin with;
    empty where any will do.
    """

    votes: Votes = field(default_factory=dict)
    chapter: frozenset[int] = frozenset()
    levels: list[_Level] = field(default_factory=list)

    def place(self, label: Label) -> Place | None:
        """Where the label's paragraph belongs, and remember it; None where it is no label here ("C. Smith says")."""
        depth, reading = self._find(label)
        if reading is None or not self._has_parent(label):
            return None
        del self.levels[depth + 1 :]
        if depth == len(self.levels):
            self.levels.append(_Level(reading.family, label.style, reading.value))
        else:
            self.levels[depth].last = reading.value
            self.levels[depth].style = label.style
            self.levels[depth].family = reading.family
        return Place(depth, reading)

    def _has_parent(self, label: Label) -> bool:
        if not label.prefix or not self.chapter:
            return True
        return label.prefix[-1] in self.chapter or any(level.last == label.prefix[-1] for level in self.levels)

    def _find(self, label: Label) -> tuple[int, Reading | None]:
        for same_style in (True, False):
            for reading in label.readings:
                for depth, level in reversed(list(enumerate(self.levels))):
                    matches = level.family == reading.family and (level.style == label.style) is same_style
                    continues = follows(reading, level.last) and (same_style or reading.value > 1)
                    if matches and (continues or reading.family == "bullet"):
                        return depth, reading
        reading = next((r for r in label.readings if r.value == 1), label.readings[0])
        known = [depth for depth, level in enumerate(self.levels) if level.family == reading.family]
        if needs_sequence(label) and reading.value != 1:
            return 0, None
        exact = [depth for depth in known if self.levels[depth].style == label.style]
        if exact or (known and reading.value != 1):
            return (exact or known)[-1], reading
        return self._new_depth(reading), reading

    def _new_depth(self, reading: Reading) -> int:
        """A style not met yet in this chapter goes one level deeper, unless it is known to be the outer one."""
        depth = len(self.levels)
        while depth:
            family = self.levels[depth - 1].family
            outer, inner = self.votes.get((reading.family, family), 0), self.votes.get((family, reading.family), 0)
            if outer <= inner:
                break
            depth -= 1
        return depth


def count_votes(chapters: Iterable[Iterable[Label]]) -> Votes:
    """How often, within a chapter, a list began again after labels of one other family alone: (that one, its own)."""
    votes: Counter[tuple[str, str]] = Counter()
    for labels in chapters:
        since: dict[str, set[str]] = {}
        for label in labels:
            if label.value == 1 and len(since.get(label.family, ())) == 1:
                votes.update((outer, label.family) for outer in since[label.family])
            for families in since.values():
                families.add(label.family)
            since[label.family] = set()
    return votes
