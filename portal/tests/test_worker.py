"""The worker can do what the clock asks of it."""

import subprocess
import sys
from typing import Any

from django.conf import settings

KNOWN = "from portal.celery import app; app.loader.import_default_modules(); print(*app.tasks, sep='\\n')"


def test_the_worker_knows_every_task_that_is_done_by_the_clock() -> None:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE

    said = subprocess.run([sys.executable, "-c", KNOWN], capture_output=True, text=True, check=True)

    assert {entry["task"] for entry in schedule.values()} - set(said.stdout.split()) == set()
