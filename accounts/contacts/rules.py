"""How long a changed contact can be taken back, by which link, and when people are asked whether theirs still are."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

UNDO_PERIOD = timedelta(hours=72)
PENDING_LIFE = timedelta(minutes=30)  # from the step-up to the code that proves the new contact
PROVE = "contact.prove"
ASK_AGAIN_AFTER = timedelta(days=14)  # for whoever wants to answer later


def is_time_to_ask(
    proven_at: Iterable[datetime | None],
    confirmed_at: datetime | None,
    ask_after: datetime | None,
    *,
    months: int,
    at: datetime,
) -> bool:
    """Whether somebody should be asked if their contacts are still theirs.

    proven_at: of each contact, None for one that is not. confirmed_at: when they last said so. ask_after: until then
    they want to be left alone. Without a proven contact there is nothing to ask. Source: K119.
    """
    proven = [instant for instant in proven_at if instant]
    if not proven or (ask_after and at < ask_after):
        return False
    since = max(confirmed_at, min(proven)) if confirmed_at else min(proven)
    return at - since >= timedelta(days=months * 365 / 12)


def new_token() -> str:
    """What stands in the link: 256 bits that nobody can guess."""
    return secrets.token_urlsafe(32)


def digest_token(token: str) -> bytes:
    """What is kept of it: 32 bytes that say nothing without the portal's key."""
    return salted_hmac("accounts.contacts.undo", token, algorithm="sha256").digest()
