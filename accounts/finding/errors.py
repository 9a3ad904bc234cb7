"""Why nobody is searched for."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(eq=False)
class SearchedTooOften(Exception):
    """This key, or its company for this contact, has searched as often as may be (HTTP 429). retry_at: aware."""

    retry_at: datetime
