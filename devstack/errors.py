"""Turn what a person can mend into one plain sentence."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

NO_SPACE_SIGNS = ("No space left on device", "Disk quota exceeded", "could not extend file")


class PlainError(Exception):
    """An error that a person can mend, said in one sentence; shown without a traceback, exit 1."""


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came while something was still being started.

    signum: the signal's number.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by signal {signum}")
        self.signum = signum


def sentence_for(error: OSError) -> str | None:
    """Say what the operating system refused, or None where only a programmer could mend it."""
    where = f" at {error.filename}" if error.filename else ""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"There is no space left on the disk{where}: free some and start again."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"Access is denied{where}: change its permissions, or choose another folder."
        case errno.ENOENT | errno.ENOTDIR | errno.EISDIR | errno.EEXIST | errno.ENAMETOOLONG | errno.ELOOP:
            return f"A folder cannot be made{where}: {error.strerror}."
        case errno.EMFILE | errno.ENFILE | errno.EAGAIN | errno.ENOMEM:
            return f"This machine has run out of something{where}: {error.strerror}."
        case _:
            return None


def reason_in(output: str) -> str:
    """Pick from a failed program's output the line that says why; empty where it said nothing."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if any(sign in output for sign in NO_SPACE_SIGNS):
        return "there is no space left on the disk"
    causes = [line.removeprefix("cause:").strip() for line in lines if line.startswith("cause:")]
    for sign in ("FATAL:", "PANIC:", "error:", "ERROR:", "Error:"):
        for line in reversed(lines):
            if sign in line:
                said = line[line.index(sign) + len(sign) :].strip() if sign != "Error:" else line
                return f"{said} ({causes[-1]})" if causes else said
    return lines[-1] if lines else ""


def plainly(command: Callable[[], int]) -> int:
    """Run a command and return its exit code; or say why not in one sentence on stderr, and return 1.

    The code is 128+n where signal n stopped it.
    """
    try:
        return command()
    except PlainError as error:
        sys.stderr.write(f"{error}\n")
    except Interrupted as error:
        return 128 + error.signum
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
    return 1
