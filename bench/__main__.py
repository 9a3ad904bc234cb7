"""Measure what the ledger promises, and write it down: see bench/README.md.

python3 dev.py bench [--quick] [--rounds 3] [--seconds 6] [--large 2000000]
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass

from bench import report
from bench.cases import CASES, FLOORS, Case
from bench.load import ask
from bench.servers import Target, prepare, serving

SMALL = 2_000  # people; each has five events


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one case. web, database: CPU seconds a request."""

    rate: float
    web: float
    database: float
    failed: int


def main() -> int:
    """Run everything; 1 if an answer failed."""
    options = _options()
    targets = {"small": SMALL} | ({"large": options.large} if options.large else {})
    prepared = {name: (people, *prepare(name, people)) for name, people in targets.items()}
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for turn in range(options.rounds):
        for name, (people, environment, key) in prepared.items():
            with serving(name, people, environment, key, options.port) as target:
                _round(target, options.seconds, samples, warm=turn == 0)
    results = report.of(samples)
    sys.stdout.write(report.table(results))
    return 1 if any(sample.failed for each in samples.values() for sample in each) else 0


def _round(target: Target, seconds: float, samples: dict[tuple[str, str], list[Sample]], *, warm: bool) -> None:
    for case in (*FLOORS, *CASES):
        if warm:
            _sample(target, case, 1)
        sample = _sample(target, case, seconds)
        samples[target.name, case.name].append(sample)
        sys.stderr.write(f"{target.name:6} {case.name:30} {sample.rate:8.0f}/s  failed {sample.failed}\n")


def _sample(target: Target, case: Case, seconds: float) -> Sample:
    before = target.cpu_seconds()
    load = ask(target.url, case.call, seconds=seconds, key=target.key, subjects=target.people)
    web, database = (after - first for after, first in zip(target.cpu_seconds(), before, strict=True))
    count = max(load.requests, 1)
    return Sample(load.rate, web / count, database / count, load.failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--large", type=int, default=2_000_000, help="people in the large database; 0: none")
    parser.add_argument("--port", type=int, default=8765)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
