"""Requests and their surroundings for tests."""

import io
import itertools
from datetime import datetime, timedelta
from typing import Any

from PIL import Image

from accounts.audit.rules import Actor, ActorKind
from accounts.models import Role, StaffRole, User
from accounts.otp.tests.factories import make_authenticator
from conftest import NOW
from consent.rights.requests.actions import claim, open_request
from consent.rights.requests.deciding import decide
from consent.rights.requests.models import Channel, Decision, Kind, RightsRequest
from consent.rights.requests.verification import verify_by_device

LATER = NOW + timedelta(days=8)  # when contacts that were proven at NOW prove their owner
_numbers = itertools.count(1)


def person(user: User) -> Actor:
    """user as the one concerned."""
    return Actor(ActorKind.SUBJECT, user.pk)


def staff(user: User) -> Actor:
    """user as one of the staff."""
    return Actor(ActorKind.STAFF, user.pk)


def make_staff(*roles: Role) -> User:
    """One more member of the staff, with an authenticator app."""
    user = User.objects.create_user(
        email=f"staff-{next(_numbers)}@controller.example", email_verified_at=NOW, is_staff=True, name="Staff"
    )
    StaffRole.objects.bulk_create(StaffRole(user=user, role=role) for role in roles)
    make_authenticator(user)
    return user


def make_request(
    user: User | None = None, kind: str = Kind.EXPLANATION, *, at: datetime = LATER, **facts: Any
) -> RightsRequest:
    """A request by telephone, just received."""
    usual: dict[str, Any] = {"channel": Channel.PHONE, "language": "en", "actor": Actor(ActorKind.STAFF, 1)}
    return open_request(kind, user=user, at=at, **usual | facts)


def make_verified(user: User, kind: str = Kind.EXPLANATION, *, at: datetime = LATER, **facts: Any) -> RightsRequest:
    """A request whose author has shown in their account that it is theirs."""
    return verify_by_device(make_request(user, kind, at=at, **facts), actor=person(user), at=at)


def make_claimed(request: RightsRequest, who: User, *, at: datetime = LATER) -> RightsRequest:
    """The same, with who."""
    claim(request, may_decide=True, actor=staff(who), at=at)
    request.refresh_from_db()
    return request


def make_decided(
    user: User, reviewer: User, kind: str = Kind.EXPLANATION, *, at: datetime = LATER, **facts: Any
) -> RightsRequest:
    """A request that reviewer agreed to."""
    request = make_claimed(make_verified(user, kind, at=at, **facts), reviewer, at=at)
    return decide(request, Decision.GRANTED, answer="Yes.", actor=staff(reviewer), at=at)


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    """A small picture."""
    written = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(written, kind, **options)
    return written.getvalue()
