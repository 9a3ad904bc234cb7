"""`dev.py check`: the linters, the types, the layers and Django's own checks, each with its time."""

from __future__ import annotations

import base64
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from devstack.contract import for_process
from devstack.processes import spawn
from devstack.progress import Step, say
from devstack.state import ROOT

TEMPLATES = "templates"
PROGRAMS = pathlib.Path(sys.executable).parent
MANAGE = (sys.executable, "-W", "ignore:Got an error checking a consistent migration history", str(ROOT / "manage.py"))


def run_checks() -> int:
    """Run every step, also after one that failed; returns 1 if any did."""
    began = time.monotonic()
    env = for_process(_production_like())
    failed = [name for name, argv in _steps().items() if not _passes(name, argv, env)]
    seconds = time.monotonic() - began
    say(f"failed: {', '.join(failed)} ({seconds:.1f} s)" if failed else f"all checks passed ({seconds:.1f} s)")
    return 1 if failed else 0


def _steps() -> dict[str, list[str]]:
    def program(name: str, *arguments: str) -> list[str]:
        return [str(PROGRAMS / name), *arguments]

    steps = {
        "ruff check": program("ruff", "check", "--output-format", "concise", "."),
        "ruff format": program("ruff", "format", "--check", "--output-format", "concise", "."),
        "mypy": program("mypy"),
        "import-linter": program("lint-imports", "--no-cache", "--no-logo"),
    }
    if any((ROOT / TEMPLATES).rglob("*.html")):
        steps["djlint lint"] = program("djlint", "--quiet", "--lint", TEMPLATES)
        steps["djlint format"] = program("djlint", "--check", TEMPLATES)
    steps["migrations are complete"] = [*MANAGE, "makemigrations", "--check", "--dry-run"]
    steps["check --deploy"] = [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"]
    return steps


def _production_like() -> dict[str, str]:
    """Return settings as in production, without any server: the checks look at code, not at data."""
    nowhere = "127.0.0.1:1"
    return {
        "ASSENT_DEVELOPMENT": "0",
        "SECRET_KEY": secrets.token_urlsafe(64),
        **{
            name: base64.b64encode(secrets.token_bytes(32)).decode()
            for name in ("FIELD_KEY", "INDEX_KEY", "LOG_KEYS", "RECEIPT_KEYS")
        },
        "DATABASE_URL": f"postgresql://assent_app:none@{nowhere}/assent",
        "REDIS_URL": f"redis://{nowhere}/0",
        "CELERY_BROKER_URL": f"redis://{nowhere}/0",
        "BASE_URL": "https://consent.example.com",
        "SMTP_URL": f"smtp://{nowhere}",
        "SMS_GATEWAY_URL": f"http://{nowhere}/sms",
    }


def _passes(name: str, argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Run one step; show its time, and what it said where it failed."""
    step = Step(name)
    with tempfile.TemporaryFile() as output:
        code = _run(argv, env, output.fileno(), step)
        if code:
            output.seek(0)
            say(output.read().decode(errors="replace").rstrip())
    say(f"{'failed' if code else 'ok    '} {step.seconds:6.1f} s  {name}")
    return code == 0


def _run(argv: Sequence[str], env: Mapping[str, str], output: int, step: Step) -> int:
    process = spawn(argv, env={**env, "COLUMNS": os.environ.get("COLUMNS", "120")}, cwd=ROOT, output=output)
    try:
        while True:
            try:
                return process.wait(0.1)
            except subprocess.TimeoutExpired:
                step.tick()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
