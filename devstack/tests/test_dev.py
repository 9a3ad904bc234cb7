"""`dev.py` itself: the whole portal comes up, says so, keeps its data, and goes without a trace."""

from __future__ import annotations

import os
import pathlib
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from devstack.processes import MARK, is_alive, marked_processes
from devstack.state import ROOT, claim_port
from devstack.tests.conftest import wait_until, wait_until_gone

START_SECONDS = 120
USER = "__import__('accounts.models').models.User.objects"
Dev = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def dev(environment: dict[str, str]) -> Dev:
    """Calls dev.py to its end, from another folder."""

    def call(*arguments: str, **names: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "dev.py"), *arguments],
            env={**environment, **names},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    return call


@pytest.fixture
def stack(environment: dict[str, str], tmp_path: pathlib.Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the whole portal, waits for `ready`, and ends it after the test."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        environment["PORT"] = str(probe.getsockname()[1])
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        said = tmp_path / f"said-{len(started)}"
        with open(said, "wb") as output:
            argv = [sys.executable, str(ROOT / "dev.py")]
            process = subprocess.Popen(argv, env=environment, cwd="/", stdout=output, stderr=output)
        started.append(process)
        ready = f"ready http://127.0.0.1:{environment['PORT']}\n"
        assert wait_until(lambda: ready in said.read_text() or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, said.read_text()
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def test_the_portal_runs_and_a_kill_leaves_its_data_but_no_process(
    stack: Callable[[], subprocess.Popen[bytes]], dev: Dev, environment: dict[str, str]
) -> None:
    portal = stack()
    names = dict(line.split("=", 1) for line in dev("env").stdout.splitlines())
    made = dev("manage", "shell", "-c", f"{USER}.create_user(email='kept@people.example')")
    second_instance = dev()
    processes = _tree(portal.pid)
    told_of_owner = [pid for pid in processes if is_alive(pid) and b"assent_owner" in _environment_of(pid)]

    portal.kill()
    portal.wait()
    left = wait_until_gone(processes)
    found = dev("manage", "shell", "-v0", "-c", f"print({USER}.latest('pk').email)")

    assert (made.returncode, second_instance.returncode) == (0, 1)
    assert f"Another instance (process {portal.pid}, dev.py run)" in second_instance.stderr
    assert second_instance.stderr.count("\n") == 1
    assert names["BASE_URL"] == f"http://127.0.0.1:{environment['PORT']}"
    assert len(processes) >= 10
    assert told_of_owner == []
    assert left == []
    assert found.stdout == "kept@people.example\n"


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _environment_of(pid: int) -> bytes:
    return pathlib.Path(f"/proc/{pid}/environ").read_bytes()


def test_a_taken_port_is_said_in_one_sentence(dev: Dev) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        told = dev(PORT=port)

    assert told.returncode == 1
    assert told.stderr == f"Port {port} is taken by another program: stop it, or set PORT to another one.\n"


def test_a_port_on_which_another_stack_is_only_just_starting_is_taken(dev: Dev) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    claim = claim_port(port)
    assert claim
    with claim:
        told = dev(PORT=str(port))

    assert told.returncode == 1
    assert told.stderr == f"Port {port} is taken by another program: stop it, or set PORT to another one.\n"


@pytest.mark.parametrize(
    ("arguments", "names", "sentence"),
    [
        ((), {"PORT": "80a"}, "PORT is '80a', and must be a number from 1 to 65535."),
        ((), {"DEV_STATE_DIR": "/dev/null/state"}, "A folder cannot be made at /dev/null/state: Not a directory."),
        (("env",), {"DEV_STATE_DIR": "/nowhere"}, "No stack runs on /nowhere: start one with python3 dev.py."),
        (
            ("manage", "check"),
            {"DATABASE_OWNER_URL": "postgresql://owner@/assent"},
            "DATABASE_OWNER_URL is set and DATABASE_URL is not: set both or neither.",
        ),
    ],
)
def test_what_a_person_can_mend_is_one_sentence_without_a_traceback(
    arguments: tuple[str, ...], names: dict[str, str], sentence: str, dev: Dev
) -> None:
    told = dev(*arguments, **names)

    assert told.returncode == 1
    assert told.stderr == f"{sentence}\n"
    assert told.stdout == ""


def test_a_step_that_fails_is_one_sentence_and_leaves_nothing_running(
    dev: Dev, environment: dict[str, str], tmp_path: pathlib.Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])

    told = dev(PORT=port, TIME_ZONE="Mars/Olympus")

    assert told.returncode == 1
    last = told.stderr.splitlines()[-1]
    assert re.match(r"(Preparing the translations|The migration) failed: ValueError: .*Mars/Olympus; all it said", last)
    assert "Traceback" not in told.stderr
    assert marked_processes((tmp_path / "state" / "logs" / "mark").read_text()) == []


def test_manage_without_a_running_stack_starts_services_for_the_call(dev: Dev) -> None:
    told = dev(
        "manage", "shell", "-v0", "-c", "from django.db import connection as c; c.ensure_connection(); print('yes')"
    )

    assert (told.returncode, told.stdout) == (0, "yes\n")


def test_an_unknown_command_is_refused_and_help_names_all(dev: Dev) -> None:
    assert dev("tset").returncode == 2
    told = dev("--help").stdout
    assert all(word in told for word in ("test", "check", "manage", "env", "PORT", "DEV_STATE_DIR", "DATABASE_URL"))
    assert MARK not in os.environ or MARK not in told
