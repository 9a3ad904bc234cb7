"""How far a long command has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time

from django.core.management.base import OutputWrapper
from django.utils.translation import gettext as _

BAR_WIDTH = 24
REDRAW_SECONDS = 0.2
LINE_SECONDS = 10.0


class Bar:
    """Draws on `output`."""

    def __init__(self, output: OutputWrapper) -> None:
        self.output = output
        self.terminal = output.isatty()
        self.begun = self.drawn = time.monotonic()

    def show(self, done: int, total: int) -> None:
        """Say how much is done, if the last word is old enough."""
        now = time.monotonic()
        if now - self.drawn < (REDRAW_SECONDS if self.terminal else LINE_SECONDS) and done < total:
            return
        self.drawn = now
        values = {"done": f"{done:,}", "total": f"{total:,}", "rate": f"{done / max(now - self.begun, 1e-9):,.0f}"}
        words = _("%(done)s of %(total)s leaves, %(rate)s a second") % values
        if self.terminal:
            filled = BAR_WIDTH * done // total if total else BAR_WIDTH
            self.output.write(f"\r[{'#' * filled:.<{BAR_WIDTH}}] {words} ", ending="")
            self.output.flush()
        else:
            self.output.write(words)

    def close(self) -> None:
        """End the line."""
        if self.terminal:
            self.output.write("")
