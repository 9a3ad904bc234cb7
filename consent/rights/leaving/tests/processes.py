"""Other processes at the same database: one that is killed at a chosen step, and a dump that is restored."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

from devstack.postgres import INSTALLATION, WHEEL

# Runs the real job; the process ends itself with kill -9 before or after the work of one step, within its transaction,
# or once that is committed. The step `start` is what comes before all others.
KILLED = """
import os, signal, sys
import django
django.setup()
from django.utils.dateparse import parse_datetime
from consent.rights.leaving import erasing

leaving_id, at, name, moment = int(sys.argv[1]), parse_datetime(sys.argv[2]), sys.argv[3], sys.argv[4]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def deadly(step):
    def run(*arguments):
        if moment == "before":
            die()
        step(*arguments)
        if moment == "within":
            die()
    return run

erasing._shut_the_door = deadly(erasing._shut_the_door) if name == "start" else erasing._shut_the_door
steps = []
for known, step in erasing.STEPS:
    steps.append((known, deadly(step) if known == name else step))
    if known == name and moment == "after":
        steps.append(("", lambda *_: die()))
erasing.STEPS = tuple(steps)
erasing.finish_leaving(leaving_id, at=at)
"""


def url_of(alias: str) -> str:
    """The database of this test run as that role reaches it."""
    config = settings.DATABASES[alias]
    who = quote(config["USER"]) + (f":{quote(config['PASSWORD'])}" if config["PASSWORD"] else "")
    if str(config["HOST"]).startswith("/"):
        return f"postgresql://{who}@/{config['NAME']}?host={config['HOST']}"
    return f"postgresql://{who}@{config['HOST']}:{config['PORT'] or 5432}/{config['NAME']}"


def run_and_die(leaving_id: int, at: str, step: str, moment: str, journal: Path) -> int:
    """The exit code of a real process that erases and is killed there."""
    environment = {
        "DATABASE_URL": url_of("default"),
        "DATABASE_VAULT_URL": url_of("vault"),
        "DATABASE_OWNER_URL": "",
        "ERASURE_JOURNAL_DIR": str(journal.parent),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    arguments = [sys.executable, "-c", KILLED, str(leaving_id), at, step, moment]
    done = subprocess.run(arguments, env=os.environ | environment, timeout=60, capture_output=True, check=False)
    return done.returncode


def program(name: str) -> str | None:
    """A program of PostgreSQL: that of the embedded server, else one on the path."""
    found = find_spec(WHEEL)  # not imported: that would warn about folders it wants
    folders = found.submodule_search_locations if found else None
    own = Path(folders[0]) / INSTALLATION / "bin" / name if folders else None
    return str(own) if own and own.exists() else shutil.which(name)
