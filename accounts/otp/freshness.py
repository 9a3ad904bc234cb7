"""How long ago the person of this session came in."""

from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase

from accounts.otp.rules import FRESH

SIGNED_IN_AT = "signed_in_at"  # session key: seconds since 1970


def mark_signed_in(session: SessionBase, *, at: datetime) -> None:
    """Note that somebody just signed in here."""
    session[SIGNED_IN_AT] = at.timestamp()


def is_fresh(session: SessionBase, *, at: datetime) -> bool:
    """Whether that was a moment ago, so that it stands for a proof."""
    signed_in_at: float = session.get(SIGNED_IN_AT, 0)
    return at.timestamp() < signed_in_at + FRESH.total_seconds()
