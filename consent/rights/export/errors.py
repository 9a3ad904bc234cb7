"""Why an export is not made."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext


class TooManyExports(Exception):
    """One person asks too often (HTTP 429). retry_at: from when on the next one is made."""

    def __init__(self, most: int, retry_at: datetime) -> None:
        super().__init__(most, retry_at)
        self.most, self.retry_at = most, retry_at

    @property
    def message(self) -> str:
        """For the person."""
        said = gettext(
            "You have asked for %(count)d exports within 24 hours. The next one is made from %(at)s on. If you need it"
            " earlier, ask our staff."
        )
        return said % {"count": self.most, "at": date_format(timezone.localtime(self.retry_at), "Y-m-d H:i")}
