"""One watched process: what is known of it, and what is said when it dies."""

from __future__ import annotations

import os
import pathlib
import signal
import time
from dataclasses import dataclass
from subprocess import Popen

TAIL_LINES = 15


@dataclass
class Child:
    """A process that is to run as long as the stack does."""

    name: str
    process: Popen[bytes]
    log: pathlib.Path
    polite_signal: int
    is_server: bool = False
    is_starting: bool = False  # whoever starts it looks after it itself


def obituary(child: Child) -> str:
    """Say which child died, of what, and what it said last."""
    lines = child.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    last_words = "".join(f"\n    {line}" for line in lines) or " (empty)"
    return f"{child.name} died: {describe_exit(child.process.returncode)}. The end of {child.log}:{last_words}"


def describe_exit(code: int) -> str:
    """Put a Popen return code into words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def wait_or_kill(process: Popen[bytes], seconds: float) -> None:
    """Wait for a process to end, and kill it when the seconds are over."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if process.poll() is None:
        process.kill()
        process.wait()


def reap_orphans(group: int = 0) -> None:
    """Reap adopted processes that are dead: of one group, or (0) whatever is left of the children."""
    try:
        while os.waitpid(-group if group else -1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return
