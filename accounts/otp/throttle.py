"""How often codes were asked for, and whether another one may be sent yet: by person, by destination, by network.

Everything is counted in the challenges themselves, so it is as old as they are and outlives a restart of anything.
"""

from collections.abc import Collection
from datetime import datetime
from math import ceil

from django.db.models import QuerySet

from accounts.otp.errors import TooSoon
from accounts.otp.models import Challenge
from accounts.otp.rules import (
    BY_MESSAGE,
    FROM_ANYWHERE,
    FROM_KNOWN_BROWSER,
    FROM_ONE_NETWORK,
    NETWORK,
    PERSON,
    Pace,
    WayKind,
)
from accounts.users.models import User
from accounts.users.rules import Contact

LOOKED_AT = 500


def refuse_haste(user: User, kind: WayKind, *, contact: Contact | None, network: str, at: datetime) -> None:
    """Raise TooSoon where user must wait before being sent, or trying, another code. Call it with user locked.

    contact: where the code would go, None where none is sent. A contact that is not user's own is counted by itself
    too, so that many accounts together cannot flood one number.
    """
    _keep(PERSON, _without_result(user, BY_MESSAGE if contact else [kind], at), at)
    if contact is None:
        return
    if contact not in [own for own in user.contacts if own.is_proven]:
        sent = Challenge.objects.filter(user__isnull=False, destination_index=contact.index)
        _keep(PERSON, _since_success(sent, PERSON, at), at)
    _keep_network(network, at)


def refuse_strangers_haste(contact: Contact, *, network: str, asker: bytes | None, at: datetime) -> None:
    """Raise TooSoon where somebody who is not signed in must wait for a code to contact. Call it with contact locked.

    asker: a browser that signed in as whoever has contact before. It has an allowance of its own, so that nobody can
    keep the owner out by asking for codes.
    """
    sent = Challenge.objects.filter(user=None, destination_index=contact.index, asker=asker)
    if asker:
        _keep(FROM_KNOWN_BROWSER, _since_success(sent, FROM_KNOWN_BROWSER, at), at)
        return
    _keep(FROM_ONE_NETWORK, _since_success(sent.filter(network=network), FROM_ONE_NETWORK, at), at)
    _keep(FROM_ANYWHERE, _since_success(sent, FROM_ANYWHERE, at), at)
    _keep_network(network, at)


def _keep(pace: Pace, asked_at: list[datetime], at: datetime) -> None:
    retry_at = pace.next_at(asked_at)
    if retry_at and retry_at > at:
        raise TooSoon(retry_at, wait_seconds=ceil((retry_at - at).total_seconds()))


def _keep_network(network: str, at: datetime) -> None:
    if network:
        unused = Challenge.objects.filter(network=network, created_at__gt=at - NETWORK.window, used_at=None)
        _keep(NETWORK, list(unused.order_by("-created_at").values_list("created_at", flat=True)[:LOOKED_AT]), at)


def _without_result(user: User, kinds: Collection[WayKind], at: datetime) -> list[datetime]:
    """When codes of kinds were asked for, newest first, each way since it last succeeded: success by one way says
    nothing about guesses at another. A way without a message counts once it was guessed at."""
    rows = Challenge.objects.filter(user=user, created_at__gt=at - PERSON.window).order_by("-created_at")
    asked: list[datetime] = []
    succeeded = set()
    for channel, index, created_at, used_at, wrong_tries in rows.values_list(
        "channel", "destination_index", "created_at", "used_at", "wrong_tries"
    )[:LOOKED_AT]:
        way = (channel, bytes(index or b""))
        if used_at:
            succeeded.add(way)
        elif channel in kinds and way not in succeeded and (channel in BY_MESSAGE or wrong_tries):
            asked.append(created_at)
    return asked


def _since_success(sent: QuerySet[Challenge], pace: Pace, at: datetime) -> list[datetime]:
    asked: list[datetime] = []
    rows = sent.filter(created_at__gt=at - pace.window).order_by("-created_at")
    for created_at, used_at in rows.values_list("created_at", "used_at")[:LOOKED_AT]:
        if used_at:
            break
        asked.append(created_at)
    return asked
