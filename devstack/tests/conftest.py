"""What the tests of the stack share: an environment without outside servers, and waiting for things that happen."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from devstack.places import temporary_place
from devstack.processes import MARK, is_alive
from devstack.state import ROOT

OUTSIDE = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_VAULT_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "PORT",
    "DEV_STATE_DIR",
)


@pytest.fixture
def environment(tmp_path: pathlib.Path) -> Iterator[dict[str, str]]:
    """The environment of a stack of its own, in a state of its own."""
    inherited = {key: value for key, value in os.environ.items() if key not in (*OUTSIDE, MARK)}
    yield {**inherited, "DEV_STATE_DIR": str(tmp_path / "state")}
    identity = tmp_path / "state" / "secrets" / "identity"
    if identity.exists():
        shutil.rmtree(temporary_place() / f"assent-postgres-{identity.read_text()}", ignore_errors=True)


@pytest.fixture
def no_outside_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded servers, whatever this run of the tests itself uses."""
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def start_python(tmp_path: pathlib.Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a Python script in a process of its own, and ends it after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(script: str) -> subprocess.Popen[bytes]:
        file = tmp_path / f"script-{len(started)}.py"
        file.write_text(script)
        output = open(tmp_path / f"output-{len(started)}", "wb")  # noqa: SIM115 - the process keeps it
        with output:
            env = {**os.environ, "PYTHONPATH": str(ROOT)}
            started.append(subprocess.Popen([sys.executable, str(file)], env=env, stdout=output, stderr=output))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Poll until the condition holds; False where the seconds pass first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def wait_until_gone(pids: list[int], seconds: float = 20) -> list[int]:
    """Wait for processes to end; returns those that did not."""
    wait_until(lambda: not any(is_alive(pid) for pid in pids), seconds)
    return [pid for pid in pids if is_alive(pid)]
