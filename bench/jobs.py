"""What runs without a web server, each in a process of its own: sealing, proving, verifying, importing.

    python -m bench.jobs seal | prove COUNT | verify | import LINES

Needs the portal's environment on a database of `bench.data`. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from consent.ledger.log.actions import seal_backlog  # noqa: E402
from consent.ledger.log.models import Leaf  # noqa: E402
from consent.ledger.log.selectors import latest_checkpoint, proof_of  # noqa: E402
from consent.policies.models import Policy, PolicyVersion  # noqa: E402

WARM_PROOFS = 50


def seal() -> dict[str, float]:
    """Seal everything that waits."""
    began = time.perf_counter()
    leaves = seal_backlog()
    return {"leaves": leaves, "seconds": time.perf_counter() - began}


def prove(count: int) -> dict[str, float]:
    """Prove random events, one after the other."""
    checkpoint = latest_checkpoint()
    size = checkpoint.tree_size if checkpoint else 0
    taken = []
    for _ in range(WARM_PROOFS + count):
        event_id = Leaf.objects.values_list("event_id", flat=True).get(leaf_index=random.randrange(size))
        began = time.perf_counter()
        if proof_of(event_id) is None:
            sys.exit("An event that is sealed has no proof.")
        taken.append((time.perf_counter() - began) * 1000)
    taken = sorted(taken[WARM_PROOFS:])
    return {"leaves": size, "median_ms": statistics.median(taken), "p95_ms": taken[int(len(taken) * 0.95)]}


def verify() -> dict[str, float]:
    """`manage.py verify_log`, the start of its processes included."""
    checkpoint = latest_checkpoint()
    began = time.perf_counter()
    argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "verify_log"]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {"leaves": checkpoint.tree_size if checkpoint else 0, "seconds": time.perf_counter() - began}


def import_lines(count: int) -> dict[str, float]:
    """`manage.py import_consents` of a file whose people are new, five lines each."""
    version = PolicyVersion.objects.select_related("policy__controller").get(policy=Policy.objects.get())
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as file:
        file.writelines(_lines(version, count))
        file.flush()
        argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_consents", file.name]
        began = time.perf_counter()
        subprocess.run([*argv, "--controller", version.policy.controller.slug], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
    return {
        "lines": count,
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def _lines(version: PolicyVersion, count: int) -> Iterator[str]:
    at = timezone.now() - timedelta(days=300)
    for number in range(count):
        line: dict[str, Any] = {
            "subject": f"imported-{number // 5}",
            "policy": version.policy.slug,
            "version": version.number,
            "purpose": f"purpose-{1 + number % 5}",
            "status": "given",
            "at": (at + timedelta(seconds=number)).isoformat(),
            "id": str(number),
        }
        yield json.dumps(line) + "\n"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["seal"]:
            result = seal()
        case ["prove", count]:
            result = prove(int(count))
        case ["verify"]:
            result = verify()
        case ["import", lines]:
            result = import_lines(int(lines))
        case _:
            sys.exit(__doc__)
    sys.stdout.write(json.dumps(result) + "\n")
