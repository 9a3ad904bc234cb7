"""Turns the plain text of a real policy into our Markdown, with a list of what looked wrong in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.utils.translation import gettext_lazy as _

from consent.policies.rules.contents_list import ContentsList, alike, find_contents
from consent.policies.rules.decoding import UnreadableText, decode
from consent.policies.rules.dialect import parse
from consent.policies.rules.findings import Finding
from consent.policies.rules.headings import chapter_family, find_headings, is_annex
from consent.policies.rules.labels import Label
from consent.policies.rules.lines import (
    Line,
    heading_likeness,
    is_date_or_contact,
    names_a_document,
    read_lines,
    title_key,
)
from consent.policies.rules.nesting import count_votes
from consent.policies.rules.outline import label_runs, opening_clauses, outline
from consent.policies.rules.residue import without_residue
from consent.policies.rules.tree import Chapter, PolicyDocument
from consent.policies.rules.writing import write

__all__ = ["Finding", "ImportedText", "UnreadableText", "decode", "read_plain_text"]

# "定义：本协议所称…" or "总则 为了…" on the line of the heading: title and text.
_RUN_IN = re.compile(
    r"(?P<title>[^。；;：:，,.\s]{1,14}|[A-Z][^.:;,]{1,40})"
    r"(?:[：:。]\s*|\.\s+|(?<=[\u2e80-\u9fff])[ \u3000]+(?=[\u2e80-\u9fff]))"
    r"(?P<text>\S.*)",
    re.DOTALL,
)
_LEADS_IN = re.compile(
    r"我们|您|包括|如下|以下|下列|是指|情形|[为指是有含]$|\b(?:we|you|following|includes?|means?|are|is)\b",
    re.IGNORECASE,
)
_ADDRESSES_READER = re.compile(r"[本您]|我们|欢迎|\b(?:this|our|you|your|we|welcome)\b", re.IGNORECASE)
_MOST_PARAGRAPHS: Final = 10_000


@dataclass(frozen=True)
class ImportedText:
    """A policy read from plain text: canonical Markdown, the same as a tree, and what a person should look at."""

    title: str
    markdown: str
    document: PolicyDocument
    findings: list[Finding] = field(default_factory=list)
    language: str = ""


@dataclass(frozen=True)
class _Heading:
    """A chapter heading as it stood and as it is meant."""

    line: Line
    label: str
    title: str
    run_in: str

    @property
    def shown(self) -> str:
        return self.title or self.line.text[:20]


def read_plain_text(text: str, language: str) -> ImportedText:
    """Read the plain text of a policy. language: that of the text, as in "zh-hans".

    Chapters are numbered by their place and headings that say otherwise are corrected, with a finding; clauses keep
    the numbers they were printed with. Raises UnreadableText (400) where there is no chapter heading, or more
    than 10,000 paragraphs.
    """
    cleaned, findings = without_residue(text)
    lines = read_lines(cleaned)
    if len(lines) > _MOST_PARAGRAPHS:
        raise UnreadableText(_("The text has more than 10,000 paragraphs."))
    contents = find_contents(lines)
    if contents:
        findings.append(_left_out(lines, contents))
    body = lines[contents.stop :] if contents else lines
    places = find_headings(body, contents)
    if not places:
        raise UnreadableText(_("No chapter headings were found, such as 一、 or 第一章 or “1.” before a short title."))
    opening = (lines[: contents.start] if contents else []) + body[: places[0]]
    title, preamble = _opening(opening)
    if not title:
        findings.append(Finding("title-missing", lines[0].number))
    headings = _headings([body[place] for place in places], chapter_family(body), findings)
    sections = [body[a + 1 : b] for a, b in zip(places, [*places[1:], len(body)], strict=True)]
    chapters = _chapters(headings, sections, findings)
    findings += _compared(headings, contents)
    document = PolicyDocument(title, opening_clauses(preamble), tuple(chapters))
    markdown = write(document)
    findings.sort(key=lambda finding: finding.line)
    return ImportedText(title, markdown, parse(markdown), findings, language)


def _left_out(lines: Sequence[Line], contents: ContentsList) -> Finding:
    first, last = lines[contents.start].number, lines[contents.stop - 1].number
    return Finding("contents-left-out", first, {"last": last, "count": len(contents.entries)})


def _opening(lines: Sequence[Line]) -> tuple[str, list[Line]]:
    """The title and the preamble. The title is the first short line, or one that names a document soon after it."""
    early = [line for line in lines[:4] if heading_likeness(line.text) >= 0.6 and not is_date_or_contact(line.text)]
    early = [line for line in early if not line.text.endswith(("：", ":"))]
    named = (line for line in early if names_a_document(line.text) and not _ADDRESSES_READER.search(line.text))
    title = next(named, None)
    if title is None and early and early[0] is lines[0] and not lines[0].label:
        title = lines[0]
    if title is None:
        return "", list(lines)
    return title.text, [line for line in lines if line.text != title.text]  # it may stand again below the contents


def _headings(lines: Sequence[Line], family: str, findings: list[Finding]) -> list[_Heading]:
    """The headings with the number that their place gives them; each corrected one leaves a finding."""
    pattern = _usual_label(lines, family)
    headings = []
    for place, line in enumerate(lines, 1):
        title, run_in = _split_title(line)
        heading = _Heading(line, line.label.printed if line.label else "", title, run_in)
        if pattern is not None and not _is_right(line.label, pattern, place) and not is_annex(line.text):
            heading = replace(heading, label=pattern.renumbered(place))
            findings.append(_wrong_number(heading))
        headings.append(heading)
    return headings


def _usual_label(lines: Sequence[Line], family: str) -> Label | None:
    """A label printed as most of the headings are; None where most have none."""
    labels = [line.label for line in lines if line.label]
    if len(labels) * 2 < len(lines):
        return None
    usual = [label for label in labels if any(reading.family == family for reading in label.readings)] or labels
    kinds = Counter((label.style, label.readings[0].kind) for label in usual)
    kind = kinds.most_common(1)[0][0]
    return next(label for label in usual if (label.style, label.readings[0].kind) == kind)


def _is_right(label: Label | None, pattern: Label, place: int) -> bool:
    families = {reading.family for reading in pattern.readings}
    return label is not None and any(r.value == place and r.family in families for r in label.readings)


def _wrong_number(heading: _Heading) -> Finding:
    parameters: dict[str, str | int] = {"heading": heading.shown, "meant": heading.label}
    if heading.line.label is None:
        return Finding("chapter-without-number", heading.line.number, parameters)
    return Finding("chapter-number", heading.line.number, {**parameters, "printed": heading.line.label.printed})


def _split_title(line: Line) -> tuple[str, str]:
    """The title, and the text that runs on behind it on the same line: 第一条 定义：本协议所称…"""
    is_sentence = line.label is not None and line.label.family == "第条" and line.body.endswith(("：", ":"))
    if (line.heading >= 0.5 and not is_sentence) or not line.body:
        return line.body, ""
    match = _RUN_IN.fullmatch(line.body)
    if match and not _LEADS_IN.search(match["title"]):
        return match["title"], match["text"]
    return (line.body, "") if line.heading and not is_sentence else ("", line.body)


def _chapters(
    headings: Sequence[_Heading], sections: Sequence[Sequence[Line]], findings: list[Finding]
) -> list[Chapter]:
    votes = count_votes(run for section in sections for run in label_runs(section))
    chapters, endings = [], dict[str, int]()
    for place, (heading, section) in enumerate(zip(headings, sections, strict=True), 1):
        printed = heading.line.label.value if heading.line.label else place
        run_in = [Line(heading.line.number, heading.run_in)] if heading.run_in else []
        made = outline([*run_in, *section], votes, chapter=frozenset({place, printed}), before=endings)
        findings += made.findings
        endings |= made.endings
        chapters.append(Chapter(str(place), heading.label, heading.title, lead=made.lead, items=made.items))
    return chapters


def _compared(headings: Sequence[_Heading], contents: ContentsList | None) -> list[Finding]:
    """Where the list of contents and the headings do not say the same (K5)."""
    if contents is None:
        return []
    findings, unused = [], list(contents.entries)
    keys = {title_key(heading.shown) for heading in headings}
    for place, heading in enumerate(headings, 1):
        key = title_key(heading.shown)
        entry = next((entry for entry in unused if entry.key == key), None)
        if entry is None:
            entry = next((e for e in unused if e.key not in keys and alike(e.key, key)), None)
            code = "contents-differ" if entry else "contents-not-listed"
            parameters: dict[str, str | int] = {"number": place, "heading": heading.shown}
            findings.append(Finding(code, heading.line.number, parameters | ({"entry": entry.title} if entry else {})))
        if entry is not None:
            unused.remove(entry)
    return findings + [Finding("contents-no-heading", entry.line, {"entry": entry.title}) for entry in unused]
