"""Which codes are open."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from accounts.otp.models import Challenge
from accounts.otp.rules import DAY, MAX_CODES_A_DAY, digest_parameters
from accounts.users.models import User


def open_challenge(user: User, act: str, parameters: Mapping[str, str], *, at: datetime) -> Challenge | None:
    """The code that user can still type for this act and object, if there is one."""
    challenge = latest_challenge(act, parameters, user=user)
    return challenge if challenge and challenge.is_open(at) else None


def latest_challenge(act: str, parameters: Mapping[str, str], *, user: User | None) -> Challenge | None:
    """The only code that could still be accepted, unless it is too late or guessed at too often."""
    return Challenge.objects.filter(
        user=user, act=act, parameters_digest=digest_parameters(parameters), used_at=None, replaced_at=None
    ).first()


def contact_challenge(challenge_id: UUID) -> Challenge | None:
    """What somebody who is not signed in yet was promised, open or not."""
    return Challenge.objects.filter(pk=challenge_id, user=None).first()


def codes_sent_to(user: User, *, at: datetime) -> Sequence[datetime]:
    """When codes were sent within a day and since the last one that was used, newest first."""
    rows = Challenge.objects.filter(user=user, created_at__gt=at - DAY).order_by("-created_at")
    sent: list[datetime] = []
    for created_at, used_at in rows.values_list("created_at", "used_at")[: MAX_CODES_A_DAY + 1]:
        if used_at:
            break
        sent.append(created_at)
    return sent
