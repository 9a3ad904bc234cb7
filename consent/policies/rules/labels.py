"""Finds the printed number that a line of a policy begins with: 一、 （一） 1、 （1） ① 第三条 1.2 (a) Article 4."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from consent.policies.rules import numerals
from consent.policies.rules.numerals import Kind

_CN = f"[{numerals.CHINESE}]{{1,7}}"
_D = "[0-9０-９]{1,3}"
_OPEN, _SHUT = "[（(【〔]", "[）)】〕]"

# Written right after a number these make it a quantity: 1.5倍, 3.0版本.
_QUANTITY = re.compile(
    r"倍|[万亿元米折%％‰℃]|公里|千克|版本|版(?!权)|美元|百分点|分钟|小时|周?岁|[GMKT]B|[km]m", re.IGNORECASE
)
# After a number and a space they do as well: 30 天内, 1 个工作日.
_COUNTED = re.compile(r"个(?!人)|[年月日天周岁次级条款项章号楼层位名家种份张度点%％]|分钟|小时|秒|倍|[万亿元米折]")
# Two neighbouring numbers and one of these are an enumeration: 3、4号楼.
_ENUMERATED = re.compile(r"[号楼栋幢层室条款项章节年月日周季度期级类岁天两]|[、和及与或至到-]")
_PLACES = re.compile(r"号楼|[楼栋幢层室]")
# Space inside a label that is no part of it: 一 、 and （ 一 ）.
_LOOSE = re.compile(r"\s+(?=[、.．:：，,)）】〕])|(?<=[（(【〔])\s+")
# What follows 第三条 where it is only cited: 第三条规定的…
_CITING = re.compile(r"[规所之的中第至到和与及或款项下内以上、,，；;]|约定|前述")


class Reading(NamedTuple):
    """One way to read a label: which family of numbering it belongs to, and its value there (0 for a bullet)."""

    family: str
    value: int
    kind: Kind


@dataclass(frozen=True)
class Label:
    """A printed label.

    style: how it is printed apart from its number, "(#)". readings: the likeliest first. weak: a bare number and a
    space. prefix: the numbers before the last dot, (3,) for 3.1.
    """

    printed: str
    style: str
    before: str
    after: str
    readings: tuple[Reading, ...]
    weak: bool = False
    prefix: tuple[int, ...] = ()

    @property
    def family(self) -> str:
        """The most likely family."""
        return self.readings[0].family

    @property
    def value(self) -> int:
        """The most likely value."""
        return self.readings[0].value

    def follows(self, other: Label) -> bool:
        """Whether this is the label after the other one in the same kind of list."""
        return (self.family, self.value) == (other.family, other.value + 1)

    def renumbered(self, value: int) -> str:
        """The same kind of label for another number: 一、 and 3 give 三、."""
        return self.before + numerals.written(value, self.readings[0].kind) + self.after


class Found(NamedTuple):
    """A label and the text that follows it."""

    label: Label
    rest: str


def read_label(text: str, *, weak: bool = False) -> Found | None:
    """The label at the very beginning of `text`, which has no leading space; None where it begins otherwise.

    weak: also take a bare number and a space ("1 Scope") as a label; it is then given the usual mark.
    """
    for pattern, readings in _PATTERNS:
        match = pattern.match(text)
        if match and (found := _found(match, readings(match), text)):
            return found
    if weak and (match := _WEAK.match(text)) and not _COUNTED.match(text, match.end()):
        number = match["num"]
        after = "、" if _is_han(text[match.end()]) else "."
        readings_ = _chinese("cn")(match) or _digits("digit")(match)
        return Found(Label(number + after, "#" + after, "", after, readings_, weak=True), text[match.end() :])
    return None


def follows(reading: Reading, last: int) -> bool:
    """Whether the number is the next one of a list that came to `last`."""
    return reading.value == last + 1


def needs_sequence(label: Label) -> bool:
    """Whether the label is one only if it begins or continues a list: a letter, 1.5, or a bare number."""
    return label.weak or bool(label.prefix) or label.family.startswith(("alpha", "roman"))


def _found(match: re.Match[str], readings: tuple[Reading, ...], text: str) -> Found | None:
    rest = text[match.end() :].lstrip()
    if not readings or _is_quantity(match, readings[0], rest, spaced=rest != text[match.end() :]):
        return None
    groups = match.groupdict()
    before, after, prefix = groups.get("before") or "", groups.get("after") or "", groups.get("prefix") or ""
    style = unicodedata.normalize("NFKC", re.sub(r"\s", "", f"{before}#{after}"))
    chapter_and_on = tuple(int(part) for part in re.split("[.．]", prefix)[:-1])
    printed = _LOOSE.sub("", match[0].strip())
    label = Label(printed, style, before + prefix, _LOOSE.sub("", after), readings, prefix=chapter_and_on)
    return Found(label, rest)


def _is_quantity(match: re.Match[str], reading: Reading, rest: str, *, spaced: bool) -> bool:
    """Whether the number belongs to the sentence: 1.5倍, 3、4号楼, 第三条规定, Section 3 says."""
    family = reading.family
    if family.startswith("dotted"):
        return bool(re.match("[倍亿%％‰℃]", rest) if spaced else _QUANTITY.match(rest))
    if family.startswith("第"):
        marked = spaced or not rest or match[0][-1] in "：:.．、"
        return bool(_CITING.match(rest)) if not marked else rest.startswith(("第", "、"))
    if family.startswith("en "):
        return rest[:1].islower()
    if family not in ("digit", "cn") or spaced:
        return False
    second = re.match(f"({_D}|{_CN})", rest)
    if not second:
        return False
    value = numerals.from_chinese(second[0]) if family == "cn" else _int(second[0])
    beyond = rest[second.end() :]
    if match["after"].strip() in ".．,，:" and family == "digit":
        return not re.match(r"(?:19|20)\d\d\s*年", rest)
    return bool(_PLACES.match(beyond)) or (value == reading.value + 1 and bool(_ENUMERATED.match(beyond)))


def _int(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _is_han(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"


_Readings = Callable[[re.Match[str]], tuple[Reading, ...]]


def _chinese(family: str) -> _Readings:
    def read(match: re.Match[str]) -> tuple[Reading, ...]:
        value = numerals.from_chinese(match["num"])
        return (Reading(family, value, "chinese"),) if value else ()

    return read


def _digits(family: str) -> _Readings:
    def read(match: re.Match[str]) -> tuple[Reading, ...]:
        value = int(match["num"]) if match["num"].isdecimal() else 0
        kind: Kind = "digit" if match["num"].isascii() else "wide"
        return (Reading(family, value, kind),) if 0 < value < 200 else ()

    return read


def _unit(match: re.Match[str]) -> tuple[Reading, ...]:
    family = "第" + match["unit"].replace("條", "条").replace("編", "编")
    return _chinese(family)(match) or _digits(family)(match)


def _english(match: re.Match[str]) -> tuple[Reading, ...]:
    family = "en " + match["word"].lower()
    letters = tuple(Reading(family, value, kind) for _, value, kind in _letters("")(match))
    return _digits(family)(match) or letters


def _letters(suffix: str) -> _Readings:
    """Letters may be Roman numerals: (i) is 1, or 9 after (h). (v) is far more often 5 than 22."""

    def read(match: re.Match[str]) -> tuple[Reading, ...]:
        number, readings = unicodedata.normalize("NFKC", match["num"]), []
        small = number.islower()
        roman = numerals.from_roman(number)
        if roman and roman < 50:
            readings.append(Reading(f"{'roman' if small else 'romanC'}{suffix}", roman, "roman" if small else "ROMAN"))
        if len(number) == 1 and number.isascii():
            value = ord(number.lower()) - ord("a") + 1
            readings.append(Reading(f"{'alpha' if small else 'alphaC'}{suffix}", value, "alpha" if small else "ALPHA"))
        return tuple(readings)

    return read


def _dotted(match: re.Match[str]) -> tuple[Reading, ...]:
    depth = 1 + len(re.findall("[.．]", match["prefix"]))
    return (Reading(f"dotted{depth}", int(match["num"]), "digit"),)


def _sign(match: re.Match[str]) -> tuple[Reading, ...]:
    sign = match["num"]
    family = {"㈠": "cn_paren", "㊀": "cn_sign", "⑴": "digit_paren", "⒈": "digit", "⒜": "alpha_paren"}
    first = max((start for start, _, _ in numerals.SIGN_RUNS if start <= sign), default="①")
    return (Reading(family.get(first, "sign"), numerals.SIGNS[sign], "sign"),)


def _bullet(match: re.Match[str]) -> tuple[Reading, ...]:
    return (Reading("bullet", 0, "sign"),)


_SIGNS = "".join(sign for sign in numerals.SIGNS if not unicodedata.name(sign).startswith(("ROMAN", "SMALL ROMAN")))
_ROMAN_SIGNS = "".join(sign for sign in numerals.SIGNS if sign not in _SIGNS)
_LETTER = f"[A-Za-zａ-ｚＡ-Ｚ]|[ivxl]{{2,6}}|[IVXL]{{2,6}}|[{_ROMAN_SIGNS}]"

_PATTERNS: tuple[tuple[re.Pattern[str], _Readings], ...] = tuple(
    (re.compile(pattern), readings)
    for pattern, readings in (
        (
            rf"(?P<before>第\s*)(?P<num>{_CN}|{_D})(?P<after>\s*(?P<unit>部分|[章节條条編编篇])(?:\s*[、：:.．])?)",
            _unit,
        ),
        (
            r"(?P<before>(?P<word>(?i:Article|Section|Chapter|Part|Clause|Annex|Appendix|Schedule))\s+)"
            rf"(?P<num>{_D}|[IVXLC]+|[A-Z])(?P<after>\s?[.:：—–-]?)(?=\s|$)",
            _english,
        ),
        (rf"(?P<num>{_CN})(?P<after>\s*[、．.：:，])", _chinese("cn")),
        (rf"(?P<before>{_OPEN}\s*)(?P<num>{_CN})(?P<after>\s*{_SHUT}[、.．：:]?)", _chinese("cn_paren")),
        (rf"(?P<num>{_CN})(?P<after>\s*[）)][、.．：:]?)", _chinese("cn_half")),
        (rf"(?P<before>{_OPEN}\s*)(?P<num>{_D})(?P<after>\s*{_SHUT}[、.．：:]?)", _digits("digit_paren")),
        (rf"(?P<prefix>(?:{_D}[.．]){{1,4}})(?P<num>{_D})(?P<after>[.．、]?)(?![0-9０-９.．%％])", _dotted),
        (rf"(?P<num>{_D})(?P<after>\s*[)）][、.．：:]?)", _digits("digit_half")),
        (rf"(?P<num>{_D})(?P<after>\s*[、.．，,：:。])", _digits("digit")),
        (rf"(?P<num>[{_SIGNS}])(?P<after>\s*[、.．：:]?)", _sign),
        (rf"(?P<before>[（(]\s*)(?P<num>{_LETTER})(?P<after>\s*[）)][、.．：:]?)", _letters("_paren")),
        (rf"(?P<num>{_LETTER})(?P<after>\s*(?:[)）、．]|\.(?=\s|$|[\u2e80-\u9fff])))", _letters("")),
        (r"(?P<after>[•●○■◆▪◦‣∙·➢➤\uf0b7\uf06c\uf0d8\uf075\uf0fc]\s*|[-*+–]\s+)", _bullet),
    )
)
_WEAK = re.compile(rf"(?P<num>{_CN}|{_D})[ \t\u3000]+(?=[A-Z\u2e80-\u9fff])")
