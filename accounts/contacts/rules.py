"""How long a changed contact can be taken back, and the link by which that is done."""

import secrets
from datetime import timedelta

from django.utils.crypto import salted_hmac

UNDO_PERIOD = timedelta(hours=72)
PENDING_LIFE = timedelta(minutes=30)  # from the step-up to the code that proves the new contact
PROVE = "contact.prove"


def new_token() -> str:
    """What stands in the link: 256 bits that nobody can guess."""
    return secrets.token_urlsafe(32)


def digest_token(token: str) -> bytes:
    """What is kept of it: 32 bytes that say nothing without the portal's key."""
    return salted_hmac("accounts.contacts.undo", token, algorithm="sha256").digest()
