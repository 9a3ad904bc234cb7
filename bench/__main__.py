"""Measure what the ledger promises, and write it down: see bench/README.md.

python3 dev.py bench [--rounds 3] [--seconds 6] [--large 2000000] [--requests 1000000] [--write]
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import defaultdict
from collections.abc import Mapping

from bench import report
from bench.cases import CASES, FLOORS, STATEMENTS, Case
from bench.load import ask
from bench.report import Memory, Sample
from bench.servers import Prepared, Target, prepare, run_job, serving

SMALL = 2_000  # people; each has five events
MEMORY_STEPS = 10
HTTP, JOBS, MEMORY = "http", "jobs", "memory"


def main() -> int:
    """Run everything; 1 if an answer failed."""
    options = _options()
    people = {"small": SMALL} | ({"large": options.large} if options.large else {})
    databases = {name: prepare(name, count) for name, count in people.items()}
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    if HTTP in options.only:
        _measure_http(databases, options, samples)
    biggest = databases["large" if options.large else "small"]
    jobs = _measure_jobs(biggest, options.lines) if JOBS in options.only else {}
    memory = _measure_memory(databases["small"], options) if MEMORY in options.only else []
    results = report.Results(report.lines_of(samples), jobs, memory, options.rounds, options.seconds, people)
    sys.stdout.write(report.text(results))
    if options.write:
        report.write(results)
    return 1 if any(sample.failed for each in samples.values() for sample in each) else 0


def _measure_http(
    databases: Mapping[str, Prepared], options: argparse.Namespace, samples: dict[tuple[str, str], list[Sample]]
) -> None:
    """Both servers stay up, and each case goes from one to the other, so that what else the machine does hits both."""
    with contextlib.ExitStack() as stack:
        targets = [
            stack.enter_context(serving(prepared, options.port + place))
            for place, prepared in enumerate(databases.values())
        ]
        cases = (*FLOORS, *CASES)
        for target in targets:
            for case in cases:
                _sample(target, case, 1)  # connections, prepared statements and caches are there when it counts
        for _round in range(options.rounds):
            for case in cases:
                for target in targets:
                    sample = _sample(target, case, options.seconds)
                    samples[target.prepared.name, case.name].append(sample)
                    _say(f"{target.prepared.name:6} {case.name:30} {sample.rate:8.0f}/s  failed {sample.failed}")


def _measure_jobs(prepared: Prepared, lines: int) -> dict[str, dict[str, float]]:
    jobs = {}
    for name, arguments in (
        ("seal", ("seal",)),
        ("prove", ("prove", "2000")),
        ("verify", ("verify",)),
        ("import", ("import", str(lines))),
    ):
        jobs[name] = run_job(prepared, *arguments)
        _say(f"{name}: {jobs[name]}")
    return jobs


def _measure_memory(prepared: Prepared, options: argparse.Namespace) -> list[Memory]:
    """Writes and reads in turn until the requests are spent; what the largest worker holds on the way."""
    found: list[Memory] = []
    with serving(prepared, options.port) as target:
        asked, step = 0, options.requests // MEMORY_STEPS
        while asked < options.requests:
            for case in STATEMENTS:
                asked += ask(target.url, case.call, seconds=3, key=prepared.key, subjects=prepared.people).requests
            if asked >= (len(found) + 1) * step:
                found.append(Memory(asked, target.memory_mb()))
                _say(f"{asked} requests: {found[-1].megabytes:.0f} MB")
    return found


def _sample(target: Target, case: Case, seconds: float) -> Sample:
    before = target.cpu_seconds()
    load = ask(target.url, case.call, seconds=seconds, key=target.prepared.key, subjects=target.prepared.people)
    web, database = (after - first for after, first in zip(target.cpu_seconds(), before, strict=True))
    count = max(load.requests, 1)
    return Sample(load.rate, web / count * 1e6, database / count * 1e6, load.failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="of each case in each round")
    parser.add_argument("--large", type=int, default=2_000_000, help="people in the large database; 0: none")
    parser.add_argument("--lines", type=int, default=200_000, help="to import")
    parser.add_argument("--requests", type=int, default=1_000_000, help="after which memory is looked at")
    parser.add_argument("--only", nargs="+", choices=(HTTP, JOBS, MEMORY), default=(HTTP, JOBS, MEMORY))
    parser.add_argument("--port", type=int, default=8765, help="and the one above it")
    parser.add_argument("--write", action="store_true", help="to bench/RESULTS.md and bench/results.json")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
