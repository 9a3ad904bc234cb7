"""Start and end processes so that none of them outlives what started it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36

# What asks a stack to stop.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Every process of a stack carries this in its environment, whatever session or parent it moved to.
MARK = "ASSENT_STACK"


@dataclass(frozen=True)
class Account:
    """The user and group that a process is to run as."""

    uid: int
    gid: int


def _prctl(option: int, value: int | bytes) -> None:
    if LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def adopt_orphans() -> None:
    """Make grandchildren whose parent died children of this process, so that they can be reaped."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def name_process(name: str) -> None:
    """Show this process under another name in `ps -o comm`."""
    _prctl(PR_SET_NAME, name.encode())


def _die_with(parent: int, death_signal: int) -> Callable[[], None] | None:
    if not LINUX:
        return None
    prctl = ctypes.CDLL(None).prctl

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return before_exec


def spawn(
    argv: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str] = "/",
    output: IO[bytes] | int | None = None,
    own_session: bool = True,
    account: Account | None = None,
    death_signal: int = signal.SIGTERM,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program that gets `death_signal` when the calling process dies, even by kill -9 (on Linux).

    output: where stdout and stderr go; None keeps those of the caller. Without a session of its own the program
    also keeps the caller's stdin, and Ctrl-C reaches it. account: run as that user (root only).
    Raises OSError where it cannot be started.
    """
    return subprocess.Popen(  # noqa: S603 - every argv is put together here in devstack
        [os.fspath(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL if own_session else None,
        stdout=output,
        stderr=output,
        start_new_session=own_session,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        # The supervisor has one thread, which is what preexec_fn asks for.
        preexec_fn=_die_with(os.getpid(), death_signal),
        pass_fds=pass_fds,
    )


def signal_group(group: int, signum: int) -> bool:
    """Send a signal to a process group; return whether it still had a member."""
    try:
        os.killpg(group, signum)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says this of a group of zombies
        return False
    return True


def end_groups(groups: Mapping[int, int], *, grace_seconds: float, poll: Callable[[], bool] = lambda: False) -> None:
    """Send each group's leader its polite signal, wait until the groups are gone, and kill what is left of them.

    A leader tells its own (a Celery worker lets a running task end); a group without its leader is killed at once.
    groups: process group id -> polite signal. poll is called while waiting, reaps what the caller started,
    and returns True where the caller cannot wait any longer.
    """
    for group, signum in groups.items():
        with contextlib.suppress(ProcessLookupError):
            if is_alive(group):
                os.kill(group, signum)
            else:
                os.killpg(group, signal.SIGKILL)
    left: set[int] = set(groups)
    deadline = time.monotonic() + grace_seconds
    while (left := {group for group in left if signal_group(group, 0)}) and time.monotonic() < deadline:
        if poll():
            break
        time.sleep(0.02)
    for group in left:
        signal_group(group, signal.SIGKILL)


def marked_processes(mark: str) -> list[int]:
    """Return the ids of all living processes that carry this stack's mark (Linux; elsewhere none)."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def kill_marked(mark: str) -> None:
    """Kill whatever left its process group and would outlive the stack."""
    for pid in marked_processes(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Tell whether a process of that id runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        return ") Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text()
    return True
