"""The words that a policy defines (K122)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from consent.policies.rules.tree import PolicyDocument, descend

_CHAPTER = re.compile(r"词|定义|释义|术语|说明|glossary|definition|interpretation|terms we|words we", re.IGNORECASE)
# In a chapter that may explain anything (说明) a colon alone does not make a definition.
_ONLY_WORDS = re.compile(r"词|定义|释义|术语|glossary|definition|terms we|words we", re.IGNORECASE)
_QUOTED = r"[“\"「『《‘']\s*(?P<term>[^”\"」』》’']{1,60}?)\s*[”\"」』》’']"
_MEANS = r"(?:是指|系指|指的是|意指|指|即|means?|refers? to|is|are)"
_CLEAR = (
    re.compile(
        rf"[^。；\n“\"「『《]{{0,30}}?{_QUOTED}\s*[，,]?\s*{_MEANS}\s*[:：，,]?\s*(?P<definition>.+)", re.DOTALL
    ),
    re.compile(
        r"(?:本[^\s，。]{1,8}?(?:中的|所称的|所称|下的)|所谓)?(?P<term>[^\s。，；、：:,.;]{1,20}?)\s*[：:]?\s*"
        r"(?:是指|系指|指的是)\s*[:：，,]?\s*(?P<definition>.+)",
        re.DOTALL,
    ),
    re.compile(r"(?P<term>[A-Z][\w-]*(?: [\w-]+){0,5}?) (?:means|refers to)[:,]? (?P<definition>.+)", re.DOTALL),
)
_BY_COLON = (
    re.compile(rf"{_QUOTED}\s*[:：—–-]+\s*(?P<definition>.+)", re.DOTALL),
    re.compile(r"(?P<term>[^。，；：:,.;\n]{1,20})[：:]\s*(?P<definition>.+)", re.DOTALL),
)
_INTRODUCES = re.compile(r"以下|如下|下列|following", re.IGNORECASE)


@dataclass(frozen=True)
class Term:
    """A defined word, what it means, and the clause that says so."""

    term: str
    definition: str
    anchor: str


def glossary(document: PolicyDocument) -> list[Term]:
    """The terms of the chapters that explain words, in their order; of a word defined twice the first one.

    Understands “X”是指…, X是指…, X：…, **X**: …, "X" means ….
    """
    terms: dict[str, Term] = {}
    for chapter in document.chapters:
        if _CHAPTER.search(chapter.title):
            forms = _CLEAR + (_BY_COLON if _ONLY_WORDS.search(chapter.title) else ())
            for clause in descend(chapter.items):
                found = _defined(clause.text, forms)
                if found and found[0].casefold() not in terms:
                    terms[found[0].casefold()] = Term(*found, clause.anchor)
    return list(terms.values())


def _defined(text: str, forms: Sequence[re.Pattern[str]]) -> tuple[str, str] | None:
    for form in forms:
        match = form.match(text)
        if match and not _INTRODUCES.search(match["term"]):
            return match["term"].strip(), match["definition"].strip()
    return None
