"""Finds which clause of an old text became which clause of a new one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

# How much two clauses must have in common, 1 being all: in the same chapter, and anywhere.
IN_CHAPTER: Final = 0.45
ANYWHERE: Final = 0.6
# What the same number in the same chapter is worth.
SAME_NUMBER: Final = 0.2
# How much two chapters must, of which neither title nor any clause stayed the same.
CHAPTERS: Final = 0.4
# Four characters that stand in more clauses than these say little about any of them.
_COMMON: Final = 24
_TRIED: Final = 6


@dataclass(frozen=True)
class Unit:
    """A piece of a policy that is compared as one: a title, a heading, a lead-in or a clause. chapter: 0, preamble."""

    part: str
    text: str
    anchor: str
    label: str
    path: tuple[str, ...]
    chapter: int
    key: bool = False

    @property
    def group(self) -> str:
        """Units of one group may become one another."""
        return "clause" if self.part == "lead" else self.part

    @cached_property
    def pairs(self) -> Counter[str]:
        """The neighbouring characters of the text."""
        return Counter(map("".join, zip(self.text, self.text[1:], strict=False)))


@dataclass
class Alignment:
    """partners: new place → old place. chapters: old chapter → new chapter."""

    partners: dict[int, int] = field(default_factory=dict)
    chapters: dict[int, int] = field(default_factory=lambda: {0: 0, -1: -1})


class _Pair(NamedTuple):
    score: float
    old: int
    new: int


def align(before: Sequence[Unit], after: Sequence[Unit]) -> Alignment:
    """Bring the units together: the very same texts first, then similar ones in a chapter, then anywhere."""
    alignment = Alignment()
    _pair_same_texts(before, after, alignment.partners)
    _pair_chapters(before, after, alignment)
    chapters = alignment.chapters

    def in_chapter(old: Unit, new: Unit) -> bool:
        return chapters.get(old.chapter) == new.chapter

    _pair_similar(before, after, alignment.partners, IN_CHAPTER, in_chapter)
    _pair_similar(before, after, alignment.partners, ANYWHERE, lambda old, new: True)
    return alignment


def similarity(old: Unit, new: Unit) -> float:
    """The share of neighbouring characters that two texts have in common (Dice)."""
    total = old.pairs.total() + new.pairs.total()
    return 2 * (old.pairs & new.pairs).total() / total if total else 0.0


def _pair_same_texts(before: Sequence[Unit], after: Sequence[Unit], partners: dict[int, int]) -> None:
    """Pair equal texts; of a text that stands in several places those with the same anchor first, then in order."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, unit in enumerate(before):
        places[unit.group, unit.text].append(i)
    for same_anchor in (True, False):
        for j, unit in enumerate(after):
            left = places.get((unit.group, unit.text), [])
            found = next((i for i in left if before[i].anchor == unit.anchor or not same_anchor), None)
            if j not in partners and found is not None:
                partners[j] = found
                left.remove(found)


def _pair_chapters(before: Sequence[Unit], after: Sequence[Unit], alignment: Alignment) -> None:
    """Pair the chapters that share the most clauses, or the title; then pair their headings, and the texts' titles."""
    votes: Counter[tuple[int, int]] = Counter()
    for j, i in alignment.partners.items():
        votes[before[i].chapter, after[j].chapter] += 3 if after[j].part == "heading" else 1
    for old in (unit for unit in before if unit.part == "heading"):
        for new in (unit for unit in after if unit.part == "heading"):
            if (alike := similarity(old, new)) >= ANYWHERE:
                votes[old.chapter, new.chapter] += round(2 * alike)
    _settle_chapters([pair for pair, _ in votes.most_common()], alignment.chapters)
    _settle_chapters(_similar_chapters(before, after, alignment.chapters), alignment.chapters)
    taken = set(alignment.partners.values())
    heads = {unit.chapter: i for i, unit in enumerate(before) if unit.part in ("heading", "title") and i not in taken}
    back = {new: old for old, new in alignment.chapters.items()}
    for j, unit in enumerate(after):
        if unit.part in ("heading", "title") and j not in alignment.partners and back.get(unit.chapter) in heads:
            alignment.partners[j] = heads[back[unit.chapter]]


def _settle_chapters(pairs: Iterable[tuple[int, int]], chapters: dict[int, int]) -> None:
    """Take the pairs of chapters in their order, each chapter once."""
    taken = set(chapters.values())
    for old, new in pairs:
        if old not in chapters and new not in taken:
            chapters[old] = new
            taken.add(new)


def _similar_chapters(before: Sequence[Unit], after: Sequence[Unit], chapters: dict[int, int]) -> list[tuple[int, int]]:
    """Chapters whose whole texts are alike, the most similar first."""
    olds = _whole_chapters(unit for unit in before if unit.chapter not in chapters)
    news = _whole_chapters(unit for unit in after if unit.chapter not in set(chapters.values()))
    scored = [(similarity(old, new), old.chapter, new.chapter) for old in olds for new in news]
    return [(old, new) for score, old, new in sorted(scored, reverse=True) if score >= CHAPTERS]


def _whole_chapters(units: Iterable[Unit]) -> list[Unit]:
    texts: dict[int, list[str]] = defaultdict(list)
    for unit in units:
        texts[unit.chapter].append(unit.text)
    return [Unit("heading", "\n".join(parts), "", "", (), chapter) for chapter, parts in texts.items()]


def _pair_similar(
    before: Sequence[Unit],
    after: Sequence[Unit],
    partners: dict[int, int],
    least: float,
    allowed: Callable[[Unit, Unit], bool],
) -> None:
    """Pair what is left over, the most similar first."""
    taken = set(partners.values())
    olds = [i for i, unit in enumerate(before) if i not in taken and unit.group == "clause"]
    news = [j for j, unit in enumerate(after) if j not in partners and unit.group == "clause"]
    index = _Index(before, olds)
    scored = (
        _Pair(_score(before[i], after[j], least), i, j)
        for j in news
        for i in index.worth_trying(after[j], [i for i in olds if allowed(before[i], after[j])])
    )
    for pair in sorted((p for p in scored if p.score >= least), key=lambda p: (-p.score, p.new, p.old)):
        if pair.old not in taken and pair.new not in partners:
            partners[pair.new] = pair.old
            taken.add(pair.old)


def _score(old: Unit, new: Unit, least: float) -> float:
    bonus = SAME_NUMBER if least == IN_CHAPTER and old.label == new.label and len(old.path) == len(new.path) else 0.0
    if 2 * min(len(old.text), len(new.text)) < (least - bonus) * (len(old.text) + len(new.text)):
        return 0.0
    return similarity(old, new) + bonus


def _runs(text: str) -> set[str]:
    return {text[i : i + 4] for i in range(max(1, len(text) - 3))}


class _Index:
    """Which old units share rare runs of characters with a new one, so that not every pair must be compared."""

    def __init__(self, units: Sequence[Unit], places: Iterable[int]) -> None:
        self.places: dict[str, list[int]] = defaultdict(list)
        for i in places:
            for run in _runs(units[i].text):
                self.places[run].append(i)

    def worth_trying(self, new: Unit, olds: Sequence[int]) -> Sequence[int]:
        """Those of `olds` that may be the same clause: all where they are few, else those with most in common."""
        if len(olds) <= _COMMON:
            return olds
        shared: Counter[int] = Counter()
        for run in _runs(new.text):
            places = self.places.get(run, ())
            if len(places) <= _COMMON:
                shared.update(places)
        permitted = set(olds)
        return [i for i, _ in shared.most_common() if i in permitted][:_TRIED]
