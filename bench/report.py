"""Medians, ratios and the page of results."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.cases import CASES, FLOORS

PAGE, DATA = Path(__file__).with_name("RESULTS.md"), Path(__file__).with_name("results.json")
HEAD = """\
| database | what | a second | web µs | PostgreSQL µs | of its floor | by CPU | at least | aim |
|---|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one case. rate: a second. web, database: CPU microseconds a request."""

    rate: float
    web: float
    database: float
    failed: int


@dataclass(frozen=True, slots=True)
class Line:
    """A case on a database: medians of its rounds. ratio, cpu_ratio: to its floor on the same database, where it has
    one; above 1 is better than the floor."""

    database: str
    name: str
    rate: float
    web: float
    cpu: float
    ratio: float | None
    cpu_ratio: float | None
    least: float
    aim: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the largest worker after so many requests."""

    requests: int
    megabytes: float


@dataclass(frozen=True, slots=True)
class Results:
    """All of a run."""

    lines: Sequence[Line]
    jobs: Mapping[str, Mapping[str, float]]
    memory: Sequence[Memory]
    rounds: int
    seconds: float
    people: Mapping[str, int]


def lines_of(samples: Mapping[tuple[str, str], Sequence[Sample]]) -> list[Line]:
    """A line for each database and case."""
    cases = {case.name: case for case in (*FLOORS, *CASES)}
    medians = {key: _median(each) for key, each in samples.items()}
    lines = []
    for (database, name), (rate, web, cpu) in medians.items():
        case = cases[name]
        floor = medians.get((database, case.floor))
        ratio = rate / floor[0] if floor else None
        cpu_ratio = (floor[1] + floor[2]) / (web + cpu) if floor and web + cpu else None
        lines.append(Line(database, name, rate, web, cpu, ratio, cpu_ratio, case.least, case.aim))
    return lines


def text(results: Results) -> str:
    """As Markdown."""
    people = ", ".join(f"{name}: {count:,} people and {count * 5:,} events" for name, count in results.people.items())
    parts = [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC at commit {_commit()} on {_machine()}.\n",
        f"Databases: {people}. HTTP: medians of {results.rounds} rounds of {results.seconds:g} s, 8 connections.\n",
    ]
    if results.lines:
        parts.append(HEAD + "".join(_row(line) for line in results.lines))
    if "large" in results.people and results.lines:
        parts.append(_growth(results.lines))
    if results.jobs:
        parts.append("| job | figures |\n|---|---|\n" + "".join(_job(*item) for item in results.jobs.items()))
    if results.memory:
        rows = "".join(f"| {each.requests:,} | {each.megabytes:.0f} MB |\n" for each in results.memory)
        parts.append("| requests | memory of the largest worker |\n|---|---|\n" + rows)
    return "\n".join(parts)


def write(results: Results) -> None:
    """Into the two files beside this one."""
    PAGE.write_text("# Results\n\n" + text(results))
    DATA.write_text(json.dumps(asdict(results) | {"commit": _commit(), "machine": _machine()}, indent=1) + "\n")


def _row(line: Line) -> str:
    least, aim = (f"{value:.2f}" if value else "" for value in (line.least, line.aim))
    return (
        f"| {line.database} | {line.name} | {line.rate:,.0f} | {line.web:.0f} | {line.cpu:.0f}"
        f" | {_ratio(line.ratio)} | {_ratio(line.cpu_ratio)} | {least} | {aim} |\n"
    )


def _growth(lines: Sequence[Line]) -> str:
    rates = {(line.database, line.name): line for line in lines}
    rows = ""
    for case in CASES:
        small, large = rates["small", case.name], rates["large", case.name]
        cpu = (large.web + large.cpu) / (small.web + small.cpu) - 1
        rows += f"| {case.name} | {large.rate / small.rate - 1:+.0%} | {cpu:+.0%} |\n"
    return "| large against small | requests a second | CPU a request |\n|---|---|---|\n" + rows


def _job(name: str, figures: Mapping[str, float]) -> str:
    said = [f"{key} {value:,.1f}".removesuffix(".0") for key, value in figures.items()]
    count = figures.get("leaves") or figures.get("lines")
    if count and "seconds" in figures:
        said.append(f"**{count / figures['seconds']:,.0f} a second**")
    return f"| {name} | {', '.join(said)} |\n"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _median(samples: Sequence[Sample]) -> tuple[float, float, float]:
    return (
        statistics.median(sample.rate for sample in samples),
        statistics.median(sample.web for sample in samples),
        statistics.median(sample.database for sample in samples),
    )


def _commit() -> str:
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"
