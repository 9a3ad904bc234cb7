"""Takes out what word processors leave in a text when it is saved as plain text: bookmarks, field codes, comments."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from consent.policies.rules.decoding import unify_newlines
from consent.policies.rules.findings import Finding

_RESIDUE = re.compile(
    r"""
      \[\s*bookmark\b[^\]\n]{0,80}\]                              # [bookmark: _GoBack]
    | \[?(?<![A-Za-z0-9])_(?:GoBack|(?:Toc|Ref|Hlk|MON_)\d+)\]?
    | \{\s*(?:TOC|PAGEREF|HYPERLINK|REF|PAGE|NUMPAGES|SEQ|MERGEFIELD|INCLUDEPICTURE|EMBED|FORMTEXT)\b[^{}\n]{0,200}\}
    | (?<![A-Za-z])TOC\s+\\[a-z][^\u2e80-\u9fff\n]{0,80}(?<=\\[a-z])(?:\s+"[^"\n]{0,20}")?   # TOC \o "1-3" \h \z \u
    | (?<![A-Za-z])PAGEREF\s+\w+(?:\s+\\[a-z*]+)*(?:[ ]\d+)?
    | (?<![A-Za-z])HYPERLINK\s+(?:\\[a-z]\s+)?"[^"\n]{0,300}"
    | \\\*\s*MERGEFORMAT(?:INET)?\b
    | [\[【（(]\s*批注[^\]】）)\n]{0,200}[\]】）)]
    | \[\s*Comment(?:ed)?\b(?:\s*\[[^\[\]\n]{0,20}\])?[^\[\]\n]{0,200}\]
    | 错误[!！]\s*(?:未定义书签|未找到引用源|书签未定义|超链接引用无效|文档中没有指定样式的文字)[。.]?
    | Error!\s*(?:Bookmark\snot\sdefined|Reference\ssource\snot\sfound|Hyperlink\sreference\snot\svalid)\.?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PAGE_MARK = re.compile(
    r"第\s*\d+\s*页(?:\s*[/，,]?\s*共\s*\d+\s*页)?|\d+\s*/\s*共?\s*\d+\s*页|Page\s+\d+(?:\s+of\s+\d+)?"
    r"|-\s*\d{1,3}\s*-|—\s*\d{1,3}\s*—",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\ufffc\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
# Joiners belong to emoji and to some scripts, not to Chinese or Latin text.
_NOT_PLAIN = "[^\x00-\x7f\u2e80-\u9fff\uff00-\uffef]"
_STRAY_JOINER = re.compile(f"(?<!{_NOT_PLAIN})[\u200c\u200d]|[\u200c\u200d](?!{_NOT_PLAIN})")


def without_residue(text: str) -> tuple[list[str], list[Finding]]:
    """The lines of a text, each stripped and cleaned, and what was found. Empty lines stay: line numbers hold."""
    lines, findings = [], []
    for number, raw in enumerate(unify_newlines(text).split("\n"), 1):
        line, found = _cleaned(raw, number)
        lines.append(line)
        findings += found
    return lines, findings


def _cleaned(raw: str, number: int) -> tuple[str, list[Finding]]:
    findings = []
    hidden = Counter(_INVISIBLE.findall(raw) + _STRAY_JOINER.findall(raw))
    if number == 1:
        hidden -= Counter({"\ufeff": 1} if raw.startswith("\ufeff") else {})  # a byte order mark says nothing
    if hidden:
        names = ", ".join(f"{unicodedata.name(c, f'U+{ord(c):04X}').lower()} × {n}" for c, n in hidden.items())
        findings.append(Finding("invisible", number, {"characters": names}))
    line = _STRAY_JOINER.sub("", _INVISIBLE.sub("", raw))
    for match in _RESIDUE.finditer(line):
        findings.append(Finding("residue", number, {"text": match[0].strip()}))
    line = _RESIDUE.sub("", line).strip()
    if _PAGE_MARK.fullmatch(line):
        findings.append(Finding("page-mark", number, {"text": line}))
        line = ""
    if "\ufffd" in line:
        findings.append(Finding("unreadable-character", number))
    return line, findings
