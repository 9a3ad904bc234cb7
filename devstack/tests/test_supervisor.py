"""The supervisor leaves nothing behind, and says what died."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
from collections.abc import Callable

import pytest

from devstack.processes import is_alive
from devstack.tests.conftest import wait_until, wait_until_gone

Start = Callable[[str], subprocess.Popen[bytes]]

# A family: the child, a grandchild of its group, and one that moved to a session of its own. None of them listens to
# SIGTERM. Each puts its process id into a file.
FAMILY = """
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
here, depth = pathlib.Path(sys.argv[1]), sys.argv[2]
if depth == "child":
    for name in ("grandchild", "runaway"):
        subprocess.Popen([sys.executable, __file__, str(here), name], start_new_session=name == "runaway")
(here / f"{depth}.new").write_text(str(os.getpid()))
(here / f"{depth}.new").rename(here / f"{depth}.pid")
time.sleep(300)
"""

SUPERVISOR = """
import pathlib, sys
import devstack.supervisor
from devstack.errors import plainly
from devstack.supervisor import Supervisor
here = pathlib.Path({here!r})
devstack.supervisor.CHILD_GRACE_SECONDS = {grace}
def run():
    with Supervisor(here) as supervisor:
        (here / "guard").write_text(str(supervisor.guard.pid))
        supervisor.start("family", [sys.executable, here / "family.py", here, "child"], env=dict())
        supervisor.watch()
sys.exit(plainly(run))
"""


@pytest.fixture
def family(
    tmp_path: pathlib.Path, start_python: Start, request: pytest.FixtureRequest
) -> tuple[subprocess.Popen[bytes], dict[str, int]]:
    """A supervisor with a family under it, and the process ids. The parameter is the grace in seconds."""
    (tmp_path / "family.py").write_text(FAMILY)
    grace = getattr(request, "param", 1)
    supervisor = start_python(SUPERVISOR.format(here=str(tmp_path), grace=grace))
    names = ("child", "grandchild", "runaway")
    assert wait_until(lambda: all((tmp_path / f"{name}.pid").exists() for name in names))
    pids = {name: int((tmp_path / f"{name}.pid").read_text()) for name in names}
    return supervisor, {**pids, "guard": int((tmp_path / "guard").read_text())}


def test_a_killed_supervisor_leaves_no_process_behind(
    family: tuple[subprocess.Popen[bytes], dict[str, int]],
) -> None:
    supervisor, pids = family

    supervisor.kill()
    supervisor.wait()

    assert wait_until_gone(list(pids.values())) == []


def test_a_child_that_is_killed_takes_its_group_along_and_is_named(
    family: tuple[subprocess.Popen[bytes], dict[str, int]], tmp_path: pathlib.Path
) -> None:
    supervisor, pids = family

    os.kill(pids["child"], signal.SIGKILL)

    assert supervisor.wait(30) == 1
    assert wait_until_gone(list(pids.values())) == []
    assert "family died: killed by SIGKILL." in (tmp_path / "output-0").read_text()


@pytest.mark.parametrize("family", [30], indirect=True)
def test_a_second_signal_ends_what_does_not_listen_to_the_first(
    family: tuple[subprocess.Popen[bytes], dict[str, int]],
) -> None:
    supervisor, pids = family
    supervisor.terminate()
    assert not wait_until(lambda: supervisor.poll() is not None, 0.5)

    supervisor.send_signal(signal.SIGINT)

    assert supervisor.wait(5) == 128 + signal.SIGTERM
    assert wait_until_gone(list(pids.values())) == []


def test_without_its_guard_the_supervisor_stops(
    family: tuple[subprocess.Popen[bytes], dict[str, int]], tmp_path: pathlib.Path
) -> None:
    supervisor, pids = family

    os.kill(pids["guard"], signal.SIGKILL)

    assert wait_until(lambda: "guard process was killed" in (tmp_path / "output-0").read_text(), 30)
    assert supervisor.wait(30) == 1
    assert wait_until_gone(list(pids.values())) == []


def test_what_a_stack_left_whose_guard_was_killed_too_is_ended_by_the_next(
    family: tuple[subprocess.Popen[bytes], dict[str, int]], tmp_path: pathlib.Path, start_python: Start
) -> None:
    supervisor, pids = family
    os.kill(pids["guard"], signal.SIGKILL)
    supervisor.kill()
    supervisor.wait()
    assert is_alive(pids["runaway"])

    start_python(SUPERVISOR.format(here=str(tmp_path), grace=1))

    assert wait_until_gone(list(pids.values())) == []


def test_a_child_that_fails_is_shown_with_its_code_and_its_last_words(
    tmp_path: pathlib.Path, start_python: Start
) -> None:
    (tmp_path / "family.py").write_text("import sys; sys.exit('the cellar is flooded')")

    supervisor = start_python(SUPERVISOR.format(here=str(tmp_path), grace=1))

    assert supervisor.wait(20) == 1
    said = (tmp_path / "output-0").read_text()
    assert "family died: exit code 1." in said
    assert "the cellar is flooded" in said
    assert "Traceback" not in said
