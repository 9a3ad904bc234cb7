"""What becomes of each kind of information when somebody leaves. Pure: what is on file is handed in."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

MONTHS = 12


class FateKind(StrEnum):
    """deleted: nothing is left. anonymised: what is left can be linked to nobody. kept: sealed away until a date."""

    DELETED = "deleted"
    ANONYMISED = "anonymised"
    KEPT = "kept"


class Rule(Protocol):
    """What `retention.models.RetentionRule` says."""

    code: str
    items: list[str]
    months: int
    citation: dict[str, str]
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class OnFile:
    """code: of `holdings.HOLDINGS`, or a field of the profile. count: how many of it there are."""

    code: str
    count: int
    is_anonymised: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """Of one kind of information. until: the last day on which it is kept. rule, citation: why; empty otherwise."""

    code: str
    count: int
    fate: FateKind
    until: date | None = None
    rule: str = ""
    citation: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """For the plan and the receipt."""
        return asdict(self) | {
            "fate": str(self.fate),
            "until": self.until.isoformat() if self.until else None,
            "citation": dict(self.citation or {}),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Fate:
        """What `as_json` wrote."""
        until = date.fromisoformat(stored["until"]) if stored["until"] else None
        return cls(**{**stored, "fate": FateKind(stored["fate"]), "until": until})


def fates(on_file: Iterable[OnFile], rules: Sequence[Rule], closed_on: date) -> list[Fate]:
    """The fate of everything that is on file, if the account is closed on that day; of several rules for one item the
    longest counts. Source: K98, K100, Y30; PIPL 19, 47."""
    return [_fate(item, [rule for rule in rules if _holds(rule, item.code, closed_on)], closed_on) for item in on_file]


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one where it is shorter."""
    years, month = divmod(day.month - 1 + months, MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _holds(rule: Rule, code: str, closed_on: date) -> bool:
    is_valid = rule.valid_from <= closed_on and (rule.valid_until is None or closed_on <= rule.valid_until)
    return is_valid and code in rule.items


def _fate(item: OnFile, rules: Sequence[Rule], closed_on: date) -> Fate:
    if rules:
        rule = max(rules, key=lambda rule: rule.months)
        until = months_later(closed_on, rule.months)
        return Fate(item.code, item.count, FateKind.KEPT, until, rule.code, rule.citation)
    return Fate(item.code, item.count, FateKind.ANONYMISED if item.is_anonymised else FateKind.DELETED)
