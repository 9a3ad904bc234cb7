"""Decides which paragraphs of a plain text are its chapter headings, also where numbers are missing or wrong.

Every reading of the text is given a price: for a heading in another style than the rest, for a number that is not
the next one, for a list that begins again without a reason, for a sentence taken as a title, and so on. The cheapest
reading wins. So "3、" after chapter 二 becomes chapter 三 where a new list begins below it, and stays the third item
where it continues one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from consent.policies.rules.contents_list import ContentsList, alike
from consent.policies.rules.labels import Label
from consent.policies.rules.lines import Line, heading_likeness, is_date_or_contact

# Families that chapters are numbered in, the usual outermost first.
CHAPTER_FAMILIES: Final = (
    "第编", "第篇", "第部分", "第章", "en part", "en chapter", "cn", "第节", "第条", "en article", "en section",
    "en clause", "romanC", "alphaC", "cn_paren", "digit", "digit_half", "cn_half", "digit_paren",
)  # fmt: skip
# Families in which a heading may stand by mistake where the others have another one.
_STRAY: Final[Mapping[str, float]] = {
    "digit": 1.5, "cn": 1.5, "第章": 1.5, "第条": 1.8, "cn_paren": 1.8, "digit_paren": 2.6
}  # fmt: skip
# Families in which chapters and the items of their lists may both be numbered.
_ALSO_ITEMS: Final = ("digit", "digit_paren", "alphaC", "cn_paren")
# How many readings are followed at once, and how much dearer than the cheapest one they may be.
_BEAM: Final = 48
_MARGIN: Final = 14.0

_ANNEX = re.compile(r"附[件录錄表]\s*(?:[一二三四五六七八九十]{1,3}|\d{1,2})?(?:$|[：:、.\s])")


class _Level(NamedTuple):
    """A list that is open: its family, the last number, how many items it has and how many look like headings."""

    family: str
    last: int
    items: int
    titles: int


class _State(NamedTuple):
    """What matters of a reading so far.

    chapters: how many. printed: the number the last one bears. filled: whether it has text yet. levels: open lists.
    """

    chapters: int
    printed: int
    filled: bool
    levels: tuple[_Level, ...]


class _Path(NamedTuple):
    """A reading: its price, and the indexes of its headings as a linked list."""

    price: float
    headings: tuple[int, object] | None


class _Scene(NamedTuple):
    """What is known of the whole text.

    family: the chapters'. listed: which chapter a title belongs to by the contents. few_bare_titles: a short line
    without a number is so rare that it may be a heading that lost it.
    """

    family: str
    listed: Mapping[str, int]
    few_bare_titles: bool


def find_headings(lines: Sequence[Line], contents: ContentsList | None) -> tuple[int, ...]:
    """The indexes of the chapter headings among the paragraphs after the list of contents; empty if there are none."""
    listed = {entry.key: place for place, entry in reversed(list(enumerate(contents.entries, 1)))} if contents else {}
    family = chapter_family(lines)
    if not family and not listed:
        return ()
    first = next((i for i, line in enumerate(lines) if line.label and line.label.family == family), 0)
    scene = _Scene(family, listed, sum(_is_bare_title(line) for line in lines[first:]) <= 2)
    paths = {_State(0, 0, True, ()): _Path(0.0, None)}
    for index, line in enumerate(lines):
        after: dict[_State, _Path] = {}
        restart = _restart_price(lines[index - 1] if index else None, scene)
        for state, path in paths.items():
            for next_state, price, is_heading in _readings(line, state, scene, restart):
                total = path.price + price
                if next_state not in after or total < after[next_state].price:
                    after[next_state] = _Path(total, (index, path.headings) if is_heading else path.headings)
        cheapest = sorted(after.items(), key=lambda item: item[1].price)[:_BEAM]
        paths = {state: path for state, path in cheapest if path.price <= cheapest[0][1].price + _MARGIN}
    _, best = min(paths.items(), key=lambda item: item[1].price + (0 if item[0].filled else 2.0))
    return _unlinked(best.headings)


def chapter_family(lines: Sequence[Line]) -> str:
    """The family that most chapters are numbered in; "" if no line is numbered like one.

    It is the usual outermost family that occurs, unless it lies inside the chapters of another one: the 一、二、三、
    of a single 第三条 are no chapters.
    """
    places: dict[str, list[tuple[int, int]]] = {}
    for index, line in enumerate(lines):
        for reading in line.label.readings if line.label else ():
            if reading.family in CHAPTER_FAMILIES:
                places.setdefault(reading.family, []).append((index, reading.value))
    candidates = [family for family in CHAPTER_FAMILIES if family in places and _begins(places[family])]
    several = [family for family in candidates if len(places[family]) > 1] or candidates
    for family in several:
        if not any(_encloses(other, family, places) for other in several if other != family):
            return family
    return several[0] if several else ""


def _begins(places: list[tuple[int, int]]) -> bool:
    return len(places) > 2 or any(value <= 2 for _, value in places)


def _encloses(outer: str, inner: str, places: Mapping[str, list[tuple[int, int]]]) -> bool:
    """Whether `outer` runs once through the text and `inner` lies within its sections."""
    around, within = places[outer], places[inner]
    runs_once = sum(value == 1 for _, value in around) == 1 and len(around) > 1
    if not runs_once or around[0][0] > within[0][0]:
        return False
    sections_with_a_beginning = {sum(at < index for at, _ in around) for index, value in within if value == 1}
    if len(sections_with_a_beginning) > 1 or (around[-1][0] > within[-1][0] and (outer, inner) != ("digit", "cn")):
        return True
    return outer.startswith(("第", "en ")) or (outer, inner) == ("digit", "cn_paren")


def _restart_price(before: Line | None, scene: _Scene) -> float:
    """The price of a list that begins again: little below a line that announces one."""
    if before is None or before.label is not None:
        return 3.0
    announced = before.text.endswith(("：", ":")) or (before.heading >= 0.7 and not scene.few_bare_titles)
    return 0.5 if announced else 2.0


def _readings(line: Line, state: _State, scene: _Scene, restart: float) -> list[tuple[_State, float, bool]]:
    """The ways to take a paragraph in a state: the state that follows, the price, and whether it is a heading."""
    label = line.label
    if label is None:
        ways = [(state._replace(filled=True), 0.0, False)]
    else:
        ways = [_as_item(line, label, state, scene, restart)]
    price = _as_heading(line, label, state, scene)
    if price is not None:
        if state.chapters and not state.filled:
            price += 2.0  # an empty chapter before it
        printed = _chapter_value(label, state, scene)
        ways.append((_State(state.chapters + 1, printed, False, ()), price, True))
    return ways


def _as_heading(line: Line, label: Label | None, state: _State, scene: _Scene) -> float | None:
    """The price of taking the paragraph as the next chapter's heading; None where it cannot be one."""
    meant = state.chapters + 1
    listed = _listed_place(line, scene)
    if label is None:
        return _unnumbered_heading(line, listed, state, scene)
    expected = (meant, state.printed + 1)
    if any(reading.family == scene.family for reading in label.readings):
        price = 0.0 if _chapter_value(label, state, scene) in expected else 2.0
        price += (1 - line.heading) * (3.0 if scene.family in _ALSO_ITEMS or label.weak else 0.5)
    elif label.family in _STRAY and line.heading >= 0.5:
        price = _STRAY[label.family] + (0.0 if label.value in expected or listed >= meant else 2.0)
        price += (1 - line.heading) * 4.0
    else:
        return None
    if listed >= meant:
        return price - (8.0 if listed == meant else 5.0)
    return price + (1.0 if scene.listed else 0.0)


def _chapter_value(label: Label | None, state: _State, scene: _Scene) -> int:
    """The number that a heading bears; one without any counts as the next."""
    if label is None:
        return state.printed + 1
    return next((reading.value for reading in label.readings if reading.family == scene.family), label.value)


def _unnumbered_heading(line: Line, listed: int, state: _State, scene: _Scene) -> float | None:
    if listed > state.chapters and line.key in scene.listed:
        return -6.0 if listed == state.chapters + 1 else -3.0
    if state.chapters and is_annex(line.text):
        return -0.5
    if scene.few_bare_titles and state.chapters and not scene.listed and _is_bare_title(line):
        return 1.9  # less than a missing number costs
    return None


def is_annex(text: str) -> bool:
    """Whether a line is the heading of an annex, which is a chapter with a number of its own."""
    return len(text) <= 40 and bool(_ANNEX.match(text)) and heading_likeness(text) >= 0.7


def _is_bare_title(line: Line) -> bool:
    """Whether a line without a number may be a heading that lost it."""
    plain = line.label is None and 2 <= len(line.text) <= 25 and line.heading == 1.0
    return plain and not re.search(r"[^\w\s、“”/]", line.text) and not is_date_or_contact(line.text)


def _listed_place(line: Line, scene: _Scene) -> int:
    """The place of the paragraph's title in the list of contents; 0 if it is not there."""
    if not scene.listed or line.heading < 0.3:
        return 0
    exact = scene.listed.get(line.key)
    if exact or line.label is None or line.label.family not in (scene.family, *_STRAY):
        return exact or 0
    near = (place for key, place in scene.listed.items() if place == line.label.value and alike(key, line.key))
    return next(near, 0)


def _as_item(line: Line, label: Label, state: _State, scene: _Scene, restart: float) -> tuple[_State, float, bool]:
    """The paragraph as an item of a list inside the chapter."""
    price = 0.0
    if label.family == scene.family:
        price = 4.0 if scene.family not in _ALSO_ITEMS else 0.3 if line.heading < 0.5 else 0.2
    depth = next((i for i, level in enumerate(state.levels) if level.family == label.family), None)
    title = int(line.heading >= 0.5)
    if depth is None:
        expected_price = 0.0 if label.value <= 1 or label.family.startswith("第") else 2.0
        levels = (*state.levels, _Level(label.family, label.value, 1, title))
    else:
        level = state.levels[depth]
        expected_price = 0.0 if label.value in (level.last + 1, 0) else restart if label.value == 1 else 2.0
        if line.heading == 1.0 and level.items >= 2 and not level.titles:
            price += 1.8  # a title among sentences
        opened = _Level(label.family, label.value, level.items + 1, level.titles + title)
        levels = (*state.levels[:depth], opened)
    if label.family not in CHAPTER_FAMILIES:
        expected_price = 0.0
    return _State(state.chapters, state.printed, True, levels), price + expected_price, False


def _unlinked(headings: tuple[int, object] | None) -> tuple[int, ...]:
    indexes = []
    node: object = headings
    while isinstance(node, tuple):
        indexes.append(node[0])
        node = node[1]
    return tuple(reversed(indexes))
