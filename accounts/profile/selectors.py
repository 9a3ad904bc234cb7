"""Every read of what is known about a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.audit.rules import Actor, ActorKind
from accounts.profile.models import (
    ExternalCheck,
    MarketingChoice,
    ProfileChange,
    ProfileItem,
    ProfileLabel,
    Source,
)
from accounts.profile.rules import DOCUMENT, FIELDS
from accounts.profile.specs import FieldSpec, Holder
from accounts.users.models import User
from accounts.users.rules import ContactKind


@dataclass(frozen=True, slots=True)
class Item:
    """A field of a person. value: empty where none is known; then the rest says nothing."""

    spec: FieldSpec
    value: str = ""
    source: Source = Source.SUBJECT
    source_detail: str = ""
    since_at: datetime | None = None
    verified_at: datetime | None = None

    @property
    def shown(self) -> str:
        """The value as it stands on the person's own page."""
        return self.spec.shown(self.value) if self.value else ""

    @property
    def masked(self) -> str:
        """The value as everybody else sees it."""
        return self.spec.mask(self.value)

    @property
    def is_locked(self) -> bool:
        """Whether the person themselves can no longer edit it."""
        return self.spec.is_locked(is_given=bool(self.value), is_verified=self.verified_at is not None)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a field, with values as the person's own page shows them."""

    spec: FieldSpec
    before: str
    after: str
    at: datetime
    by_subject: bool


@dataclass(frozen=True, slots=True)
class Check:
    """Somebody outside compared a field (K16)."""

    spec: FieldSpec
    checked_by: str
    result: str
    at: datetime


def items_of(user: User) -> list[Item]:
    """Every field that a person like user has, given or not, and whatever else is known of them, in the order of
    FIELDS. One query."""
    rows = {row.field: row for row in ProfileItem.objects.filter(user=user)}
    holder = Holder(rows["account-holder"].value) if "account-holder" in rows else Holder.PERSON
    items = {code: _item(user, spec, rows.get(code)) for code, spec in FIELDS.items()}
    return [item for item in items.values() if item.value or holder in item.spec.holders]


def values_of(user: User) -> dict[str, str]:
    """What is known of user, by code. One query."""
    return {item.spec.code: item.value for item in items_of(user) if item.value}


def items_on_page(user: User, codes: Sequence[str]) -> dict[str, Item]:
    """Those fields of user, by code, given or not. One query."""
    rows = {row.field: row for row in ProfileItem.objects.filter(user=user, field__in=codes)}
    return {code: _item(user, FIELDS[code], rows.get(code)) for code in codes}


def expiry_of(items: Sequence[Item]) -> str:
    """The last day of the identity document among items, or empty."""
    return next((item.value for item in items if item.spec.code == DOCUMENT[-1]), "")


def changes_of(user: User, *, limit: int = 200) -> list[Change]:
    """What changed in the profile of user, newest first. One query."""
    rows = ProfileChange.objects.filter(user=user).order_by("-at", "-pk")[:limit]
    return [_change(row) for row in rows if row.field in FIELDS]


def checks_of(user: User, *, limit: int = 50) -> list[Check]:
    """Who confirmed something about user, newest first. One query."""
    rows = ExternalCheck.objects.filter(user=user).order_by("-at", "-pk")[:limit]
    return [Check(FIELDS[row.field], row.checked_by, row.result, row.at) for row in rows if row.field in FIELDS]


def labels_of(user: User) -> list[ProfileLabel]:
    """The groups that user was put into. One query."""
    return list(ProfileLabel.objects.filter(user=user).order_by("-at"))


def marketing_of(user: User) -> dict[tuple[str, str], datetime]:
    """Since when user wants marketing, by channel and topic; what is off is not in it. One query."""
    rows = MarketingChoice.objects.filter(user=user, is_on=True)
    return {(row.channel, row.topic): row.at for row in rows}


def wanting(channel: str, topic: str) -> Q:
    """Those to whom marketing of topic may be sent over channel, now: the one rule for every sender.

    Nobody without a proven contact of that channel, and nobody who is locked, on their way out, closed or shut out.
    Source: K39, K71, K74.
    """
    kind = ContactKind.EMAIL if channel == MarketingChoice.Channel.EMAIL else ContactKind.PHONE
    chosen = MarketingChoice.objects.filter(user=OuterRef("pk"), channel=channel, topic=topic, is_on=True)
    reachable = Q(is_active=True, locked_at=None, leaving_at=None, closed_at=None)
    return reachable & Q(Exists(chosen), **{f"{kind}_verified_at__isnull": False})


def wants(user: User, channel: str, topic: str) -> bool:
    """Whether marketing of topic may be sent to user over channel, now. One query."""
    return User.objects.filter(wanting(channel, topic), pk=user.pk).exists()


def _item(user: User, spec: FieldSpec, row: ProfileItem | None) -> Item:
    if row is None and spec.code == "name" and user.name:  # the account is older than its profile
        return Item(spec, user.name, Source.IMPORT, since_at=user.date_joined)
    if row is None:
        return Item(spec)
    return Item(spec, row.value, Source(row.source), row.source_detail, row.since_at, row.verified_at)


def _change(row: ProfileChange) -> Change:
    spec = FIELDS[row.field]
    before, after = (spec.shown(value) if value else "" for value in (row.before, row.after))
    return Change(spec, before, after, row.at, by_subject=row.actor == str(Actor(ActorKind.SUBJECT, row.user_id)))
