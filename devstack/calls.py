"""`dev.py test`, `bench`, `manage` and `env`: one call with a database, not the whole portal."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
import tempfile
import time
from collections.abc import Sequence

from devstack.contract import for_process
from devstack.errors import PlainError
from devstack.places import is_root
from devstack.progress import Step
from devstack.roles import require_test_databases
from devstack.services import start_services, start_sinks
from devstack.stack import MANAGE, chosen_port, prepare_translations
from devstack.state import ROOT, State, StateLock, default_folder
from devstack.supervisor import Supervisor


def run_tests(arguments: Sequence[str]) -> int:
    """Run pytest against real servers that are thrown away afterwards; returns pytest's exit code."""
    state = State(_temporary_folder(), throwaway=True)
    try:
        with Supervisor(state.logs) as supervisor:
            supervisor.guard.remove_after(state.folder)
            outside = State(default_folder()) if os.environ.get("DATABASE_URL") else None
            services = start_services(supervisor, state, port=chosen_port(), outside_state=outside)
            for folder in state.outside:
                supervisor.guard.remove_after(folder)
            require_test_databases(services.names["DATABASE_OWNER_URL"])
            if importlib.util.find_spec("devstack.sinks"):
                start_sinks(supervisor, services)
            prepare_translations(supervisor, for_process(services.names))
            argv = [sys.executable, "-m", "pytest", *arguments]
            return supervisor.run_in_foreground(argv, env=for_process(services.names), cwd=ROOT)
    finally:
        state.remove()


def run_bench(arguments: Sequence[str]) -> int:
    """Measure on servers that flush to the disk as those of a running portal do, and are thrown away afterwards."""
    if os.environ.get("DATABASE_URL"):
        raise PlainError("The measurement fills databases of its own: unset DATABASE_URL.")
    state = State(_temporary_folder())
    try:
        with Supervisor(state.logs) as supervisor:
            supervisor.guard.remove_after(state.folder)
            services = start_services(supervisor, state, port=chosen_port())
            for folder in state.outside:
                supervisor.guard.remove_after(folder)
            prepare_translations(supervisor, for_process(services.names))
            argv = [sys.executable, "-m", "bench", *arguments]
            return supervisor.run_in_foreground(argv, env=for_process(services.names), cwd=ROOT)
    finally:
        state.remove()


def run_manage(arguments: Sequence[str]) -> int:
    """Run manage.py with the running stack's environment, or with services started for this call."""
    state = State(default_folder())
    lock = StateLock(state)
    folder = os.environ.get("ASSENT_CALLER_FOLDER") or os.getcwd()
    names = _attach(state, lock, "manage")
    if names is not None:
        os.chdir(folder)
        os.execve(MANAGE[0], [*MANAGE, *arguments], for_process(names))  # noqa: S606
    try:
        with Supervisor(state.logs, keep=[lock.fileno()]) as supervisor:
            services = start_services(supervisor, state, port=chosen_port())
            argv = [*MANAGE, *arguments]
            return supervisor.run_in_foreground(argv, env=for_process(services.names), cwd=folder)
    finally:
        lock.release()


def print_environment() -> int:
    """Write the running stack's environment as KEY=VALUE lines on stdout; raises PlainError where there is none."""
    folder = default_folder()
    state = State(folder) if folder.is_dir() else None
    if state is None or not StateLock(state).is_held() or StateLock(state).holder().get("command") != "run":
        raise PlainError(f"No stack runs on {folder}: start one with python3 dev.py.")
    names = state.stored_environment()
    if names is None:
        raise PlainError(f"The stack on {folder} is still starting: ask again when it says ready.")
    sys.stdout.write("".join(f"{key}={value}\n" for key, value in names.items()))
    return 0


def _attach(state: State, lock: StateLock, command: str) -> dict[str, str] | None:
    """Return the running stack's environment, or None with the lock taken; waits for who is starting or stopping."""
    step = Step(f"waiting for another dev.py on {state.folder}")
    while not lock.try_take(command):
        if lock.holder().get("command") == "run":
            names = state.stored_environment()
            if names is not None:
                return names
        step.tick()
        time.sleep(0.1)
    return None


def _temporary_folder() -> pathlib.Path:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="assent-"))
    folder.chmod(0o711 if is_root() else 0o700)
    return folder
