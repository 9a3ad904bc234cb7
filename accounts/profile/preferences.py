"""What a person switched on or off: who may find them, what is advertised to them, whether they are profiled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.profile.errors import NoProfiling
from accounts.profile.models import MarketingChoice, ProfileLabel
from accounts.users.locking import hold
from accounts.users.models import User

SWITCHES = ("findable_by_phone", "findable_by_email", "allows_profiling")
MARKETING = tuple((channel, topic) for topic in MarketingChoice.Topic for channel in MarketingChoice.Channel)


@dataclass(frozen=True, slots=True)
class Settings:
    """switches: by a name of SWITCHES. marketing: by a pair of MARKETING. What is not named is off."""

    switches: Mapping[str, bool]
    marketing: Mapping[tuple[str, str], bool]
    language: str
    theme: str


@transaction.atomic
def change_settings(user: User, chosen: Settings, *, actor: Actor, at: datetime) -> None:
    """Keep what user chose. Without profiling their labels are deleted. A second time changes and writes nothing.

    Source: K26, K39, K71, K73, K74, K82.
    """
    row = hold(user)
    turned = {name: chosen.switches.get(name, False) for name in SWITCHES}
    changed = {name: is_on for name, is_on in turned.items() if getattr(row, name) != is_on}
    changed |= _change_marketing(row, chosen.marketing, at)
    for instance in (row, user):
        for name, value in {**turned, "language": chosen.language, "theme": chosen.theme}.items():
            setattr(instance, name, value)
    row.save(update_fields=[*SWITCHES, "language", "theme"])
    if not row.allows_profiling:
        ProfileLabel.objects.filter(user=row).delete()
    if changed:
        record_audit("settings.changed", actor=actor, target=f"user:{row.pk}", at=at, details=changed)


@transaction.atomic
def put_label(user: User, label: str, *, reason: str, at: datetime) -> ProfileLabel:
    """Say of user that they belong to a group, and from what that was concluded; the person sees both.

    Raises NoProfiling (HTTP 409). Source: K73; PIPL 24.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not row.allows_profiling:
        raise NoProfiling
    return ProfileLabel.objects.create(user=row, label=label, reason=reason, at=at)


def _change_marketing(user: User, chosen: Mapping[tuple[str, str], bool], at: datetime) -> dict[str, bool]:
    """What changed, by `topic.channel`."""
    rows = {(row.channel, row.topic): row for row in MarketingChoice.objects.filter(user=user)}
    changed = {}
    for channel, topic in MARKETING:
        is_on, row = chosen.get((channel, topic), False), rows.get((channel, topic))
        if is_on == bool(row and row.is_on):
            continue
        MarketingChoice.objects.update_or_create(
            user=user, channel=channel, topic=topic, defaults={"is_on": is_on, "at": at}
        )
        changed[f"{topic}.{channel}"] = is_on
    return changed
