"""Requests as the person concerned sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from accounts.models import ContactChange, User
from accounts.users.rules import Contact
from consent.rights.requests.links import fits
from consent.rights.requests.models import ENDED, RightsRequest
from consent.rights.requests.rules import CONTACT_AGE, working_days_left


@dataclass(frozen=True, slots=True)
class Clock:
    """days: until the last day, negative where it is past; is_working: working days are meant."""

    days: int
    is_working: bool

    @property
    def is_overdue(self) -> bool:
        """Whether the answer is late."""
        return self.days < 0

    @property
    def late_days(self) -> int:
        """By how many days."""
        return -self.days

    @property
    def is_near(self) -> bool:
        """Whether little time is left."""
        return 0 <= self.days <= 5


def clock_of(request: RightsRequest, today: date, *, is_working: bool) -> Clock:
    """How long a request may still take."""
    days = (request.due_on - today).days
    return Clock(working_days_left(today, request.due_on), True) if is_working and days >= 0 else Clock(days, False)


def requests_of(user: User) -> QuerySet[RightsRequest]:
    """Everything that user asked, newest first."""
    return RightsRequest.objects.filter(user=user).order_by("-received_at")


def open_requests_of(user: User) -> QuerySet[RightsRequest]:
    """What is not over yet."""
    return requests_of(user).exclude(status__in=ENDED)


def own_request(user: User, number: str) -> RightsRequest | None:
    """The person's own request; another's is no different from none."""
    found = RightsRequest.objects.filter(user=user, number=number)
    return found.select_related("user", "appeal_of", "appeal").first()


def request_by_link(number: str, token: str) -> RightsRequest | None:
    """The request whose link somebody was sent."""
    if not fits(number, token):
        return None
    return RightsRequest.objects.filter(number=number).select_related("user", "appeal_of", "appeal").first()


@dataclass(frozen=True, slots=True)
class OnFile:
    """contact: proven. since: from when it has been this person's. is_old: whether that is long enough to prove who
    somebody is."""

    contact: Contact
    since: datetime
    is_old: bool

    @property
    def days(self) -> int:
        """For how many days, as of now; for the reader."""
        return (datetime.now(self.since.tzinfo) - self.since).days


def contacts_on_file(user: User | None, at: datetime) -> Sequence[OnFile]:
    """The proven contacts of user and since when they are there. Two queries at most.

    A contact that came by a change is as old as that change, whenever it was proven. Source: K95.
    """
    if user is None:
        return []
    changed = {
        change.kind: change.at
        for change in ContactChange.objects.filter(user=user, at__gt=at - CONTACT_AGE).order_by("at")
    }
    found = []
    for contact in user.contacts:
        proven_at: datetime | None = getattr(user, f"{contact.kind}_verified_at")
        if proven_at:
            since = max(filter(None, [proven_at, changed.get(str(contact.kind))]))
            found.append(OnFile(contact, since, is_old=since <= at - CONTACT_AGE))
    return found


def has_new_contact(user: User, at: datetime) -> bool:
    """Whether a contact was replaced so lately that signing in proves little."""
    return any(change.before for change in ContactChange.objects.filter(user=user, at__gt=at - CONTACT_AGE))
