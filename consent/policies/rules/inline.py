"""The inside of a paragraph: Markdown to plain text with marks, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from consent.policies.rules.lines import joined
from consent.policies.rules.tree import Mark

_SAFE_HREF = re.compile(r"(?:https?://|mailto:|tel:|#|/(?!/))[^\s]*", re.IGNORECASE)
_LINE_START = re.compile(r"(?P<one>#{1,6}(?:\s|$)|[-+](?:\s|$)|>|-[-\s]*$)|\d{1,9}(?P<delimiter>[.)])(?:\s|$)")
_ENTITY = re.compile(r"&(?:#|[A-Za-z][A-Za-z0-9]*;)")
_OFF: Final = ("code", "fence", "lheading", "html_block", "reference", "html_inline", "image")


@dataclass
class Text:
    """A paragraph as plain text, with the stretches of it that are set apart."""

    text: str = ""
    marks: list[Mark] = field(default_factory=list)


def read_inline(source: str) -> Text:
    """The plain text and marks of one paragraph's Markdown.

    A newline within a sentence is a space, or nothing between Chinese characters. A link to anything but a web page,
    an e-mail address, a telephone number or a place in this site is left as its text.
    """
    result = Text()
    opened: list[tuple[int, str]] = []
    broken = False
    for token in _INLINE.parseInline(source)[0].children or []:
        if token.type in ("text", "code_inline"):
            is_code = token.type == "code_inline" and bool(token.content.strip())
            around = token.markup if token.type == "code_inline" and not is_code else ""  # empty code is no code
            words = token.content.strip() if is_code else around + token.content + around
            result.text = joined(result.text, words) if broken else result.text + words
            broken = broken and not words
            if is_code:
                result.marks.append(Mark(len(result.text) - len(words), len(result.text), "code"))
        elif token.type == "softbreak":
            broken = True
        elif token.type == "hardbreak":
            result.text, broken = result.text + "\n", False
        elif token.nesting == 1:
            opened.append((len(result.text), str(token.attrs.get("href", ""))))
        elif token.nesting == -1:
            result.marks += _mark(token, opened.pop(), result.text)
    return _trimmed(Text(result.text, _tidied(result.marks)))


def _trimmed(read: Text) -> Text:
    """Without space at the ends, which a reference (&#32;) or an unsafe link can leave there."""
    text = read.text.strip()
    left = len(read.text) - len(read.text.lstrip())
    kept = (Mark(max(m.start - left, 0), min(m.end - left, len(text)), m.kind, m.href) for m in read.marks)
    return Text(text, [mark for mark in kept if mark.start < mark.end])


def _tidied(marks: list[Mark]) -> list[Mark]:
    """The marks without those that could not be written again: stars or code inside or right behind their like."""
    kept: list[Mark] = []
    ends: dict[bool, int] = {}
    for mark in sorted(marks, key=lambda m: (m.start, -m.end, m.kind)):
        if mark.kind != "link":
            is_code = mark.kind == "code"
            if mark.start <= ends.get(is_code, -1):
                continue
            ends[is_code] = mark.end
        kept.append(mark)
    return sorted(kept)


def _mark(token: Token, opened: tuple[int, str], text: str) -> list[Mark]:
    start, href = opened
    while start < len(text) and text[start].isspace():  # a line was broken just behind the opening
        start += 1
    kind = _KINDS[token.tag]
    if start >= len(text) or (kind == "link" and not _SAFE_HREF.fullmatch(href)):
        return []
    return [Mark(start, len(text), kind, href)]


_KINDS: Final[dict[str, Literal["strong", "em", "link"]]] = {"strong": "strong", "em": "em", "a": "link"}


def write_inline(text: str, marks: Sequence[Mark] = (), *, shielded: bool = False) -> str:
    """Markdown that `read_inline` reads as exactly this text and these marks. `text` has no space at its ends.

    shielded: write the first character as a reference (&#19968;), which begins no block of Markdown and no label.
    """
    pieces = escaped(text)
    if shielded:
        pieces[0] = f"&#{ord(text[0])};"
    before: dict[int, str] = {}
    after: dict[int, str] = {}
    for mark in sorted(marks, key=lambda m: (m.end - m.start, m.kind)):  # the inner one first
        opening, closing = {"strong": ("**", "**"), "em": ("*", "*")}.get(mark.kind, ("", ""))
        if mark.kind == "link":
            opening, closing = "[", "](" + re.sub(r"([\\()&*_<>])", r"\\\1", mark.href) + ")"
        if mark.kind == "code":
            code = text[mark.start : mark.end]
            fence = "`" * (1 + max((len(run) for run in re.findall("`+", code)), default=0))
            pad = " " if code[0] in "` " or code[-1] in "` " else ""
            pieces[mark.start : mark.end] = [fence + pad + code + pad + fence, *[""] * (len(code) - 1)]
        before[mark.start] = opening + before.get(mark.start, "")
        after[mark.end] = after.get(mark.end, "") + closing
    whole = [after.get(i, "") + before.get(i, "") + piece for i, piece in enumerate(pieces)]
    return "".join(whole) + after.get(len(pieces), "")


def escaped(text: str) -> list[str]:
    """Each character of a text as Markdown that shows it, whatever Markdown would make of it otherwise."""
    pieces = []
    for i, character in enumerate(text):
        beside = text[i - 1 : i] + text[i + 1 : i + 2]
        if character in "\\`*[]<" or (character == "_" and not (i > 1 and len(beside) == 2 and beside.isalnum())):
            pieces.append("\\" + character)
        elif character == "\n":
            pieces.append("\\\n")
        else:
            pieces.append("\\&" if character == "&" and _ENTITY.match(text, i) else character)
    start = 0
    for line in text.split("\n"):
        if match := _LINE_START.match(line):
            at = start + max(match.start("delimiter"), 0)
            pieces[at] = "\\" + text[at]
        start += len(line) + 1
    return pieces


def _starred(state: StateInline, silent: bool) -> bool:
    """*em* and **strong** whatever stands beside them.

    CommonMark asks for a space or a Latin letter around them, so that **重点：**请阅读 would not be bold.
    """
    start, source = state.pos, state.src
    width = 2 if source.startswith("**", start) else 1
    if source[start] != "*" or silent or source.startswith("***", start):
        return False
    stop = _closing(state, start + width, width)
    if stop < 0 and not source[start + width : start + width + 1].isspace():
        state.env.setdefault("nothing closes", set()).add((width, state.posMax))
    if stop < 0:
        return False
    tag = "strong" if width == 2 else "em"
    end_of_text = state.posMax
    state.push(f"{tag}_open", tag, 1)
    state.pos, state.posMax = start + width, stop
    state.md.inline.tokenize(state)
    state.push(f"{tag}_close", tag, -1)
    state.pos, state.posMax = stop + width, end_of_text
    return True


def _closing(state: StateInline, position: int, width: int) -> int:
    """Where the stars that close begin; -1 if nothing closes. Escaped stars, code and links are passed over."""
    source, before, found = state.src, state.pos, -1
    known = (width, state.posMax) in state.env.get("nothing closes", ())
    if known or source[position : position + 1].isspace():
        return -1
    state.pos = position
    while state.pos < state.posMax and found < 0:
        here = state.pos
        run = len(source[here : state.posMax]) - len(source[here : state.posMax].lstrip("*"))
        if run == width and here > position and not source[here - 1].isspace():
            found = here
        elif run:
            state.pos += run
        else:
            state.md.inline.skipToken(state)
    state.pos = before
    return found


def _inline_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).disable(list(_OFF))
    parser.inline.ruler.before("emphasis", "starred", _starred)
    return parser


def block_parser() -> MarkdownIt:
    """A parser for the blocks of a text alone: headings, paragraphs, lists and quotations."""
    parser = MarkdownIt("commonmark", {"html": False}).disable(list(_OFF))
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


_INLINE = _inline_parser()
