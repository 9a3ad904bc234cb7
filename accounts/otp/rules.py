"""What a code is, how long it lives, how often one may try and ask."""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import TextChoices
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.sealing.rules import index_key

CODE_DIGITS = 6  # about 20 bits, NIST SP 800-63B
LIFETIME = timedelta(minutes=10)
MAX_WRONG_TRIES = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
DAY = timedelta(days=1)
MAX_CODES_A_DAY = 20  # times five tries makes the hundred failures that NIST SP 800-63B allows
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
PROOF_LIFETIME = timedelta(minutes=5)  # from the proof to the act it was given for
FRESH = timedelta(minutes=10)  # how long a sign-in stands for the first device of one's own


def counts_from(added_at: datetime | None, hours: float) -> datetime:
    """From when on a way that was added then counts where several proofs are needed; None: added before that was noted.

    Whoever has somebody's mailbox can add a way of their own; that makes no second proof before its owner, who was told
    of it at every proven contact, has had time to object. Source: NIST SP 800-63B 4.1.2.1 and 4.6.
    """
    return datetime.min.replace(tzinfo=UTC) if added_at is None else added_at + timedelta(hours=hours)


class WayKind(TextChoices):
    """By what somebody shows that it is them (K30)."""

    EMAIL = "email", _("code by e-mail")
    SMS = "sms", _("code by text message")
    TOTP = "totp", _("authenticator app")
    PASSKEY = "passkey", _("passkey")
    RECOVERY = "recovery", _("recovery code")


BY_MESSAGE = (WayKind.EMAIL, WayKind.SMS)
OWN_DEVICES = (WayKind.TOTP, WayKind.PASSKEY)  # what a code that was sent somewhere cannot replace
STRONG = (*OWN_DEVICES, WayKind.RECOVERY)  # what whoever reads somebody's mail does not have


def new_code() -> str:
    """Six digits that nobody can foretell."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def seal_code(challenge_id: UUID, code: str) -> bytes:
    """What is kept of a code: 32 bytes that say nothing without the portal's key, different for each challenge."""
    return salted_hmac("accounts.otp.code", f"{challenge_id}:{code}", algorithm="sha256").digest()


def fits(challenge_id: UUID, code: str, sealed: bytes | memoryview) -> bool:
    """Whether code is the one that was sealed; takes the same time either way."""
    return constant_time_compare(seal_code(challenge_id, code), bytes(sealed))


def new_recovery_code() -> str:
    """50 bits in two groups of letters and digits that do not look alike."""
    letters = [secrets.choice(RECOVERY_ALPHABET) for _ in range(10)]
    return f"{''.join(letters[:5])}-{''.join(letters[5:])}"


def digest_recovery_code(user_id: int, code: str) -> bytes:
    """What is kept of a printed code: 32 bytes, keyed by what never changes, because paper lives long."""
    return hmac.digest(index_key(), f"assent/recovery/1/{user_id}:{code}".encode(), "sha256")


def digest_parameters(parameters: Mapping[str, str]) -> bytes:
    """32 bytes that stand for the object of the act; keyed, because it may be as guessable as a phone number."""
    text = json.dumps(dict(parameters), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return salted_hmac("accounts.otp.parameters", text, algorithm="sha256").digest()


def lock_number(parameters: Mapping[str, str]) -> int:
    """The advisory lock of one object; two objects may share one, which costs them nothing but a wait."""
    return int.from_bytes(digest_parameters(parameters)[:8], "big") >> 1


@dataclass(frozen=True, slots=True)
class Pace:
    """How often codes may be asked for. free: how many at once. pause: after those, doubling with each up to longest.
    most: how many within a day. window: how far back one looks."""

    free: int
    pause: timedelta
    longest: timedelta
    most: int
    window: timedelta = DAY

    def next_at(self, asked_at: Sequence[datetime]) -> datetime | None:
        """From when on the next one may be sent; None for at once. asked_at: newest first, those within window that
        came to nothing. Source: NIST SP 800-63B, at most a hundred failures in a row."""
        if len(asked_at) >= self.most:
            return asked_at[self.most - 1] + self.window
        if len(asked_at) < self.free:
            return None
        doubled: int = 2 ** min(len(asked_at) - self.free, 16)
        return asked_at[0] + min(self.pause * doubled, self.longest)


PERSON = Pace(1, FIRST_PAUSE, LONGEST_PAUSE, MAX_CODES_A_DAY)
# Of those who are not signed in. What one network asks for a contact never uses up what others may ask: whoever wants
# to keep somebody out needs many networks, and not even then keeps out a browser that signed in before.
FROM_ONE_NETWORK = Pace(4, timedelta(minutes=10), timedelta(hours=6), 8)
FROM_ANYWHERE = Pace(16, timedelta(minutes=10), LONGEST_PAUSE, MAX_CODES_A_DAY)
FROM_KNOWN_BROWSER = Pace(4, timedelta(minutes=10), LONGEST_PAUSE, MAX_CODES_A_DAY)
# Of a whole network, behind which a carrier may put many people: counted in codes that nobody used.
NETWORK = Pace(60, timedelta(seconds=10), timedelta(minutes=10), 10_000, timedelta(hours=1))
