"""Medians, ratios and the table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bench.cases import CASES, FLOORS

HEAD = """\
| database | what | a second | web µs | PostgreSQL µs | of its floor | by CPU |
|---|---|---|---|---|---|---|
"""


class Sample(Protocol):
    """One round of one case."""

    rate: float
    web: float
    database: float


@dataclass(frozen=True, slots=True)
class Line:
    """A case on a database: medians of its rounds. CPU in microseconds a request. ratio, cpu_ratio: to its floor."""

    database: str
    name: str
    rate: float
    web_us: float
    database_us: float
    ratio: float | None
    cpu_ratio: float | None


def of(samples: Mapping[tuple[str, str], Sequence[Any]]) -> list[Line]:
    """A line for each database and case."""
    medians = {key: _median(each) for key, each in samples.items()}
    lines = []
    for (database, name), (rate, web, cpu) in medians.items():
        case = next(case for case in (*FLOORS, *CASES) if case.name == name)
        floor = medians.get((database, case.floor))
        lines.append(
            Line(
                database,
                name,
                rate,
                web,
                cpu,
                rate / floor[0] if floor else None,
                (floor[1] + floor[2]) / (web + cpu) if floor else None,
            )
        )
    return lines


def table(lines: Sequence[Line]) -> str:
    """As Markdown."""
    return HEAD + "".join(
        f"| {line.database} | {line.name} | {line.rate:,.0f} | {line.web_us:.0f} | {line.database_us:.0f}"
        f" | {_ratio(line.ratio)} | {_ratio(line.cpu_ratio)} |\n"
        for line in lines
    )


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _median(samples: Sequence[Any]) -> tuple[float, float, float]:
    rates, web, database = ([getattr(each, name) for each in samples] for name in ("rate", "web", "database"))
    return statistics.median(rates), statistics.median(web) * 1e6, statistics.median(database) * 1e6
