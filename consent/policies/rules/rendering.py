"""A policy's tree as the HTML that readers see: sections, numbered clauses, links to defined words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, NamedTuple

import nh3

from consent.policies.rules.glossary import Term, glossary
from consent.policies.rules.tree import Chapter, Clause, Mark, PolicyDocument, spaced, walk

CHINESE_CHARACTERS_A_MINUTE: Final = 400
WORDS_A_MINUTE: Final = 230

_TAGS: Final = {"section", "h2", "div", "a", "strong", "em", "code", "span", "b", "p", "br", "dfn"}
_ATTRIBUTES: Final = {"section": {"aria-labelledby"}, "a": {"href", "rel"}, "*": {"id"}}
_CLASSES: Final = {"div": {"clause", "key", "below"}, "a": {"no"}, "strong": {"vh"}, "span": {"gist"}, "p": {"text"}}
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[A-Za-z0-9\u00c0-\u024f]+(?:['’.-][A-Za-z0-9\u00c0-\u024f]+)*")


class _Phrases(NamedTuple):
    """What is said beside a text, in the language of the text, which need not be the reader's."""

    key: str
    gist: str


_PHRASES: Final = {"zh": _Phrases("重点条款：", "简单说："), "en": _Phrases("Key clause: ", "In short: ")}


@dataclass(frozen=True)
class TocEntry:
    """A line of the list of contents."""

    anchor: str
    text: str


@dataclass(frozen=True)
class RenderedPolicy:
    """A text ready for a page. html: sanitised. minutes: to read all of it; key_minutes: its key clauses alone."""

    html: str
    toc: list[TocEntry]
    title: str
    minutes: int
    key_minutes: int


def render(document: PolicyDocument, language: str) -> RenderedPolicy:
    """The preamble and the chapters as sanitised HTML, the list of contents, and how long it takes to read.

    language: of the text, as in "zh-hans". The first time that a chapter uses a word of the glossary, the word links
    to its definition (K122). Source: K5, K6, K7, K8.
    """
    writer = _Writer(_PHRASES.get(language.split("-")[0].lower(), _PHRASES["en"]), glossary(document))
    html = writer.preamble(document.preamble) + "".join(writer.chapter(chapter) for chapter in document.chapters)
    toc = [TocEntry(chapter.anchor, spaced(chapter.label, chapter.title)) for chapter in document.chapters]
    clauses = list(walk(document))
    everything = [part for c in document.chapters for part in (c.title, c.lead)] + [c.text for c in clauses]
    return RenderedPolicy(
        html=sanitised(html),
        toc=toc,
        title=document.title,
        minutes=minutes_to_read(everything),
        key_minutes=minutes_to_read(clause.text for clause in clauses if clause.key),
    )


def sanitised(html: str) -> str:
    """HTML with nothing in it but what a policy needs."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        generic_attribute_prefixes=set(),
    )


def minutes_to_read(texts: Iterable[str]) -> int:
    """Whole minutes, at least one for any text: 400 Chinese characters or 230 words of another script a minute."""
    whole = "\n".join(texts)
    characters, words = len(_HAN.findall(whole)), len(_WORD.findall(whole))
    return math.ceil(characters / CHINESE_CHARACTERS_A_MINUTE + words / WORDS_A_MINUTE)


class _Writer:
    """Writes chapters one after another, and knows which words it has linked in the present one."""

    def __init__(self, phrases: _Phrases, terms: Sequence[Term]) -> None:
        self.phrases = phrases
        self.terms = {term.term.casefold(): term for term in terms}
        self.pattern = _term_pattern(terms)
        self.linked: set[str] = set()

    def preamble(self, clauses: Sequence[Clause]) -> str:
        self.linked = set()
        return "".join(self._clause(clause) for clause in clauses)

    def chapter(self, chapter: Chapter) -> str:
        self.linked = {key for key, term in self.terms.items() if _chapter_of(term.anchor) == chapter.anchor}
        heading = escape(spaced(chapter.label, chapter.title))
        lead = "".join(f'<p class="text">{part}</p>' for part in self._paragraphs(chapter.lead, chapter.lead_marks))
        items = "".join(self._clause(clause) for clause in chapter.items)
        anchor = chapter.anchor
        return f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{heading}</h2>{lead}{items}</section>\n'

    def _clause(self, clause: Clause) -> str:
        number = f'<a class="no" href="#{clause.anchor}">{escape(clause.label)}</a>' if clause.label else ""
        key = f'<strong class="vh">{self.phrases.key}</strong>' if clause.key else ""
        first, *further = self._paragraphs(clause.text, clause.marks) or [""]
        text = first + "".join(f"<p>{paragraph}</p>" for paragraph in further)
        gist = f'<span class="gist"><b>{self.phrases.gist}</b>{_lines(clause.gist)}</span>' if clause.gist else ""
        items = "".join(self._clause(item) for item in clause.items)
        below = f'<div class="below">{items}</div>' if items else ""
        css = "clause key" if clause.key else "clause"
        return f'<div class="{css}" id="{clause.anchor}">{number}{key}{text}{gist}{below}</div>\n'

    def _paragraphs(self, text: str, marks: Sequence[Mark]) -> list[str]:
        """The paragraphs of a text as HTML."""
        links = self._links(text, marks)
        parts, start = [], 0
        for paragraph in text.split("\n\n") if text else []:
            stop = start + len(paragraph)
            parts.append(_marked(text, start, stop, [m for m in links if start <= m.start and m.end <= stop]))
            start = stop + 2
        return parts

    def _links(self, text: str, marks: Sequence[Mark]) -> list[_Link]:
        """The marks of a text, and the words of the glossary that are used here first. No link lies in another."""
        links = [_Link(m.start, m.end, *_tags(m)) for m in marks]
        taken = [(m.start, m.end) for m in marks if m.kind in ("link", "code")]
        for match in self.pattern.finditer(text) if self.pattern else ():
            key = match[0].casefold()
            term = self.terms.get(key)
            free = all(match.end() <= start or end <= match.start() for start, end in taken)
            whole = all(m.end <= match.start() or match.end() <= m.start or _within(match.span(), m) for m in marks)
            if term and free and whole and key not in self.linked:
                self.linked.add(key)
                links.append(_Link(*match.span(), f'<a href="#{term.anchor}"><dfn>', "</dfn></a>"))
        return links


class _Link(NamedTuple):
    """A stretch of text and what is written around it."""

    start: int
    end: int
    opening: str
    closing: str


def _within(span: tuple[int, int], mark: Mark) -> bool:
    return mark.start <= span[0] and span[1] <= mark.end


def _chapter_of(anchor: str) -> str:
    return anchor.split("-")[0]


def _term_pattern(terms: Sequence[Term]) -> re.Pattern[str] | None:
    """Finds defined words, the longest first; Latin ones only as whole words."""
    if not terms:
        return None
    words = sorted({term.term for term in terms}, key=len, reverse=True)
    return re.compile("|".join(_word_pattern(word) for word in words), re.IGNORECASE)


def _word_pattern(word: str) -> str:
    before = r"(?<![A-Za-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return before + re.escape(word) + after


def _tags(mark: Mark) -> tuple[str, str]:
    if mark.kind == "link":
        outside = "" if mark.href.startswith(("#", "/")) else ' rel="noopener noreferrer"'
        return f'<a href="{escape(mark.href)}"{outside}>', "</a>"
    return f"<{mark.kind}>", f"</{mark.kind}>"


def _marked(text: str, start: int, stop: int, links: Sequence[_Link]) -> str:
    """text[start:stop] escaped, with tags around its marked stretches; stretches lie inside or beside one another."""
    opening: dict[int, list[_Link]] = {}
    closing: dict[int, list[_Link]] = {}
    for link in links:
        opening.setdefault(link.start, []).append(link)
        closing.setdefault(link.end, []).append(link)
    parts, last = [], start
    for at in sorted({*opening, *closing}):
        parts.append(_lines(text[last:at]))
        ending = sorted(closing.get(at, ()), key=lambda link: (-link.start, link.opening))
        beginning = sorted(opening.get(at, ()), key=lambda link: (link.end, link.opening), reverse=True)
        parts += [link.closing for link in ending] + [link.opening for link in beginning]
        last = at
    return "".join(parts) + _lines(text[last:stop])


def _lines(text: str) -> str:
    return escape(text).replace("\n\n", "<br><br>").replace("\n", "<br>")
