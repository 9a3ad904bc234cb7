"""Our Markdown of a policy, read into its tree. Strict about nothing: it is edited by hand.

"# Title" is the title; paragraphs below it are the preamble. "## 一、Title" begins a chapter; paragraphs between it and
the first list are its lead-in. "- 1、text" and "1. text" are clauses, nested by four spaces, with further paragraphs
as far in. "- !1、text" is a key clause. "> text" is the plain summary of the clause above it. A bare paragraph is a
clause too: with the number it begins with, or without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from markdown_it.tree import SyntaxTreeNode

from consent.policies.rules.inline import Text, block_parser, read_inline
from consent.policies.rules.labels import Found, Label, follows, read_label
from consent.policies.rules.nesting import Nesting
from consent.policies.rules.tree import Chapter, Clause, PolicyDocument, anchored

_KEY_SIGNS = ("!", "！")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_BLOCKS = block_parser()


@dataclass
class _Draft:
    """A clause in the making. source: its paragraphs as Markdown. listed: it stood in a list or had a label."""

    label: Label | None = None
    printed: str = ""
    source: list[str] = field(default_factory=list)
    key: bool = False
    gist: list[str] = field(default_factory=list)
    items: list[_Draft] = field(default_factory=list)
    listed: bool = False

    @property
    def plain(self) -> bool:
        """Whether it may be part of a chapter's lead-in."""
        return not (self.listed or self.key or self.gist or self.items)


@dataclass
class _Section:
    """A chapter in the making; the first one is the preamble."""

    source: str = ""
    drafts: list[_Draft] = field(default_factory=list)
    under: list[tuple[int, _Draft]] = field(default_factory=list)
    nesting: Nesting = field(default_factory=Nesting)
    nested: list[_Draft] = field(default_factory=list)

    @property
    def place(self) -> list[_Draft]:
        """Where the next block goes: into the chapter, or under the smaller heading that it follows."""
        return self.under[-1][1].items if self.under else self.drafts


def parse(markdown: str) -> PolicyDocument:
    """The tree of a policy's Markdown, with every anchor set. Takes any text; never raises."""
    title, preamble, chapters = "", _Section(), list[_Section]()
    section = preamble
    for node in SyntaxTreeNode(_BLOCKS.parse(markdown)).children:
        level = int(node.tag[1]) if node.type == "heading" else 0
        source = _source(node) if level else ""
        if level == 1 and not title and not chapters:
            title = read_inline(source).text
        elif level in (1, 2):
            chapters.append(section := _Section(source))
        elif level:
            _open_heading(section, level, source)
        else:
            _add_block(section, node)
    return anchored(PolicyDocument(title, _clauses(preamble.drafts), tuple(_chapter(section) for section in chapters)))


def _source(node: SyntaxTreeNode) -> str:
    return node.children[0].content if node.children else ""


def _open_heading(section: _Section, level: int, source: str) -> None:
    """### and smaller make a clause that holds what follows."""
    while section.under and section.under[-1][0] >= level:
        section.under.pop()
    draft = _draft(source)
    draft.listed = True
    section.place.append(draft)
    section.under.append((level, draft))


def _add_block(section: _Section, node: SyntaxTreeNode) -> None:
    """Put a block that stands directly in a chapter where it belongs."""
    if node.type in ("bullet_list", "ordered_list"):
        section.place.extend(_list(node))
        section.nesting, section.nested = Nesting(), []
    elif node.type == "blockquote":
        _add_gist(section.drafts, _paragraphs(node))
    elif node.type == "paragraph":
        for source in _numbered_lines(_source(node)):
            _add_paragraph_of_chapter(section, _draft(source))


def _numbered_lines(source: str) -> list[str]:
    """A paragraph, cut before each line that bears the next number: 1.1 … 1.2 … without empty lines between them."""
    pieces: list[str] = []
    for line in source.split("\n"):
        first, next_ = (_label(_without_key(pieces[-1])) if pieces else None), _label(_without_key(line))
        goes_on = first and next_ and next_.label.follows(first.label)
        if not pieces or goes_on:
            pieces.append(line)
        else:
            pieces[-1] += "\n" + line
    return pieces


def _add_paragraph_of_chapter(section: _Section, draft: _Draft) -> None:
    """A clause that is written as a bare paragraph: nested by its label, where it has one."""
    place = section.nesting.place(draft.label) if draft.label and not section.under else None
    if place is None:
        section.place.append(draft)
        return
    (section.place if place.depth == 0 else section.nested[place.depth - 1].items).append(draft)
    section.nested[place.depth :] = [draft]


def _draft(source: str) -> _Draft:
    """A clause from its first paragraph: key sign, label, text."""
    key = source.startswith(_KEY_SIGNS)
    text = _without_key(source)
    found = _label(text)
    if found is None:
        return _Draft(source=[text], key=key)
    return _Draft(found.label, found.label.printed, [found.rest], key, listed=True)


def _without_key(source: str) -> str:
    return source[1:].lstrip() if source.startswith(_KEY_SIGNS) else source


def read_clause_start(source: str) -> tuple[bool, str]:
    """Whether a paragraph's Markdown is a key clause, and the label it is read to have."""
    draft = _draft(source)
    return draft.key, draft.printed


def _label(source: str) -> Found | None:
    """The label that a paragraph's Markdown begins with. Written as a reference (&#19968;) it is none."""
    head = source[:40]
    found = read_label(_ESCAPE.sub(r"\1", head))
    if found is None:
        return None
    position = 0
    for _ in range(len(_ESCAPE.sub(r"\1", head)) - len(found.rest)):
        position += 2 if _ESCAPE.match(source, position) else 1
    return Found(found.label, source[position:].lstrip())


def _list(node: SyntaxTreeNode) -> list[_Draft]:
    return [draft for item in node.children for draft in _item(item, ordered=node.type == "ordered_list")]


def _item(node: SyntaxTreeNode, *, ordered: bool) -> list[_Draft]:
    """The clause of a list item; where the item holds nothing but a list, that list's clauses."""
    draft = _Draft(listed=True)
    for child in node.children:
        if child.type == "paragraph" and not draft.source and not draft.items:
            draft = _draft(_source(child))
            draft.listed = True
        elif child.type == "paragraph":
            _add_paragraph(draft, _source(child))
        elif child.type in ("bullet_list", "ordered_list"):
            draft.items += _list(child)
        elif child.type == "heading":
            _add_paragraph(draft, _source(child))
        elif child.type == "blockquote":
            _add_gist([draft], _paragraphs(child))
    if ordered and draft.label is None:
        found = read_label(f"{node.info}{node.markup} ")
        draft.label, draft.printed = (found.label, found.label.printed) if found else (None, "")
    if not draft.source and draft.label is None and not draft.gist:
        return draft.items
    return [draft]


def _add_paragraph(draft: _Draft, source: str) -> None:
    """A further paragraph of a clause; one with a label of its own is a clause below it."""
    further = _draft(source)
    if further.label is not None:
        further.listed = True
        draft.items.append(further)
    elif draft.items:
        draft.items.append(further)
    else:
        draft.key = draft.key or further.key
        draft.source += further.source


def _add_gist(drafts: list[_Draft], paragraphs: list[str]) -> None:
    """Give a quotation to the clause above it; without one it is a paragraph like any other."""
    if not drafts:
        drafts += [_Draft(source=[paragraph]) for paragraph in paragraphs]
        return
    last = drafts[-1]
    while last.items:
        last = last.items[-1]
    last.gist += paragraphs


def _paragraphs(node: SyntaxTreeNode) -> list[str]:
    return [child.content for child in node.walk() if child.type == "inline" and child.content]


def _chapter(section: _Section) -> Chapter:
    found = _label(section.source)
    if found is not None and found.label.family == "bullet":
        found = None
    drafts = section.drafts
    leading = next((i for i, draft in enumerate(drafts) if not draft.plain), len(drafts))
    if not any(draft.listed for draft in drafts):
        leading = 0
    lead = _text(source for draft in drafts[:leading] for source in draft.source)
    return Chapter(
        number="",
        label=found.label.printed if found else "",
        title=read_inline(found.rest if found else section.source).text,
        lead=lead.text,
        items=_clauses(drafts[leading:]),
        lead_marks=tuple(lead.marks),
    )


def _clauses(drafts: Sequence[_Draft]) -> tuple[Clause, ...]:
    """The drafts as clauses, each label read in the light of those before it: (i) after (h) is 9."""
    last: dict[str, int] = {}
    clauses: list[Clause] = []
    for draft in drafts:
        text, number = _text(draft.source), ""
        if draft.label is not None:
            readings = draft.label.readings
            following = (reading for reading in readings if follows(reading, last.get(reading.family, 0)))
            reading = next(following, readings[0])
            last[reading.family] = reading.value
            number = str(reading.value or "")
        gist = _text(draft.gist).text
        items = _clauses(draft.items)
        if not text.text and not draft.printed:
            text, gist = Text(gist), ""  # a summary of nothing is a paragraph
        if not text.text and not draft.printed:
            clauses += items
        else:
            clauses.append(Clause(number, draft.printed, text.text, "", draft.key, gist, items, tuple(text.marks)))
    return tuple(clauses)


def _text(paragraphs: Iterable[str]) -> Text:
    """Paragraphs put together, an empty line between them."""
    whole = Text()
    for paragraph in map(read_inline, paragraphs):
        if paragraph.text:
            whole.text += "\n\n" if whole.text else ""
            start = len(whole.text)
            whole.text += paragraph.text
            whole.marks += [replace(mark, start=mark.start + start, end=mark.end + start) for mark in paragraph.marks]
    return whole
