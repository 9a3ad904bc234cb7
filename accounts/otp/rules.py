"""What a code is, how long it lives, how often one may try and ask."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

CODE_DIGITS = 6  # about 20 bits, NIST SP 800-63B
LIFETIME = timedelta(minutes=10)
MAX_WRONG_TRIES = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
DAY = timedelta(days=1)
MAX_CODES_A_DAY = 20  # times five tries makes the hundred failures that NIST SP 800-63B allows


def new_code() -> str:
    """Six digits that nobody can foretell."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def seal_code(challenge_id: UUID, code: str) -> bytes:
    """What is kept of a code: 32 bytes that say nothing without the portal's key, different for each challenge."""
    return salted_hmac("accounts.otp.code", f"{challenge_id}:{code}", algorithm="sha256").digest()


def fits(challenge_id: UUID, code: str, sealed: bytes | memoryview) -> bool:
    """Whether code is the one that was sealed; takes the same time either way."""
    return constant_time_compare(seal_code(challenge_id, code), bytes(sealed))


def digest_parameters(parameters: Mapping[str, str]) -> bytes:
    """32 bytes that stand for the object of the act; keyed, because it may be as guessable as a phone number."""
    text = json.dumps(dict(parameters), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return salted_hmac("accounts.otp.parameters", text, algorithm="sha256").digest()


def lock_number(parameters: Mapping[str, str]) -> int:
    """The advisory lock of one object; two objects may share one, which costs them nothing but a wait."""
    return int.from_bytes(digest_parameters(parameters)[:8], "big") >> 1


def next_code_at(sent_at: Sequence[datetime]) -> datetime | None:
    """From when on the next code may be sent; None for at once.

    sent_at: newest first, of the last day and since the last success. The pause doubles with every code.
    Source: NIST SP 800-63B, at most a hundred failures in a row.
    """
    if not sent_at:
        return None
    if len(sent_at) >= MAX_CODES_A_DAY:
        return sent_at[MAX_CODES_A_DAY - 1] + DAY
    doubled: int = 2 ** (len(sent_at) - 1)
    return sent_at[0] + min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
