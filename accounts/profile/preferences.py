"""What a person switched on or off: who may find them, what is advertised to them, whether they are profiled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    """switches: by a name of SWITCHES. marketing: by a pair of MARKETING. What is not named is off. labels: by the key
    of a label, whether the person may be treated by it; one that is not named stays as it is."""

    switches: Mapping[str, bool]
    marketing: Mapping[tuple[str, str], bool]
    language: str
    theme: str
    labels: Mapping[int, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Label:
    """A group that somebody is put into. code: the company's own. words, reason: one text for each language, the latter
    from what it was concluded. since: aware UTC instant."""

    code: str
    words: Mapping[str, str]
    reason: Mapping[str, str]
    since: datetime


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
    changed |= _switch_labels(row, chosen.labels, at)
    if changed:
        record_audit("settings.changed", actor=actor, target=f"user:{row.pk}", at=at, details=changed)


@transaction.atomic
def put_labels(user: User, company: str, labels: Iterable[Label], *, actor: Actor, at: datetime) -> list[ProfileLabel]:
    """Say to which groups user belongs in the eyes of company, in place of what it said before; the person sees all.

    company: its short name. One that the person switched off stays switched off, and on file when it is left out. The
    same again writes nothing. Raises NoProfiling (HTTP 409). Source: K73; PIPL 24.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not row.allows_profiling or row.closed_at:
        raise NoProfiling
    known = {label.code: label for label in ProfileLabel.objects.filter(user=row, given_by=company)}
    wanted = {label.code: label for label in labels}
    gone = [label.pk for code, label in known.items() if code not in wanted and not label.switched_off_at]
    ProfileLabel.objects.filter(pk__in=gone).delete()
    written = [_write_label(row, company, known.get(code), label) for code, label in wanted.items()]
    if gone or any(written):
        details = {"company": company, "written": sum(written), "removed": len(gone)}
        record_audit("labels.put", actor=actor, target=f"user:{row.pk}", at=at, details=details)
    return list(ProfileLabel.objects.filter(user=row, given_by=company).order_by("pk"))


def _write_label(user: User, company: str, known: ProfileLabel | None, label: Label) -> bool:
    """Whether anything was new."""
    row = known or ProfileLabel(user=user, given_by=company, code=label.code)
    told = {"words": dict(label.words), "reason": dict(label.reason), "at": label.since}
    if known and all(getattr(known, name) == value for name, value in told.items()):
        return False
    for name, value in told.items():
        setattr(row, name, value)
    row.save()
    return True


def _switch_labels(user: User, chosen: Mapping[int, bool], at: datetime) -> dict[str, bool]:
    """What changed, by `label.key`."""
    changed = {}
    for label in ProfileLabel.objects.filter(user=user, pk__in=chosen):
        if chosen[label.pk] is bool(label.switched_off_at):
            label.switched_off_at = None if chosen[label.pk] else at
            label.save(update_fields=["switched_off_at"])
            changed[f"label.{label.pk}"] = chosen[label.pk]
    return changed


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
