"""Show that something is still being done, and for how long, where it takes more than a moment."""

from __future__ import annotations

import sys
import time

# A step that is over before this is not worth a line; the promise is that nobody waits two seconds without one.
QUIET_SECONDS = 1.0
REPEAT_SECONDS = 5.0


def say(line: str) -> None:
    """Write one line of progress on stderr, so that stdout stays the command's own."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Step:
    """One piece of work with a name; call `tick` from every loop that waits for it."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.began = time.monotonic()
        self._next_line = self.began + QUIET_SECONDS
        self._shown = False

    @property
    def seconds(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.began

    def tick(self) -> None:
        """Write a line if the last one is long enough ago."""
        if time.monotonic() < self._next_line:
            return
        say(f"{self.what} ... {self.seconds:.0f} s" if self._shown else f"{self.what} ...")
        self._shown = True
        self._next_line = time.monotonic() + REPEAT_SECONDS

    def done(self) -> None:
        """Say how long it took, where it was announced at all."""
        if self._shown:
            say(f"{self.what}: done in {self.seconds:.1f} s")
