"""Every write to what is known about a person."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor, ActorKind
from accounts.profile.errors import FieldLocked, LockNotAnnounced
from accounts.profile.models import ExternalCheck, LockNotice, ProfileChange, ProfileItem, Source
from accounts.profile.rules import FIELDS, parse_values, remind_on, with_number
from accounts.users.locking import hold
from accounts.users.models import User

MATCHED = "match"


@transaction.atomic
def write_items(
    user: User,
    values: Mapping[str, str],
    *,
    source: Source,
    actor: Actor,
    at: datetime,
    source_detail: str = "",
) -> list[ProfileItem]:
    """Keep values, by names of FIELDS, with their history; one that is as it was changes nothing and writes nothing.

    source_detail: which merchant or authority. Only the person themselves is stopped by a lock, and everybody where
    the account was closed meanwhile.
    Raises ValidationError by field (HTTP 422), FieldLocked and LockNotAnnounced (HTTP 409); then nothing is written.
    Source: K15, K90, K91, K92.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.closed_at:
        raise FieldLocked(next(iter(values)))
    items = {item.field: item for item in ProfileItem.objects.filter(user=user)}
    known = {code: item.value for code, item in items.items()}
    parsed = parse_values(with_number(values, known), known)
    changed = {code: value for code, value in parsed.items() if known.get(code) != value}
    if actor.kind is ActorKind.SUBJECT:
        _refuse_locked(user, changed, items)
    facts = {"source": source, "source_detail": source_detail, "since_at": at, "verified_at": None}
    for code, value in changed.items():
        ProfileChange.objects.create(
            user=user, field=code, before=known.get(code, ""), after=value, at=at, actor=str(actor)
        )
        kept = {**facts, "value": value, "remind_on": remind_on(value) if code == "id-expiry" else None}
        items[code], _is_new = ProfileItem.objects.update_or_create(user=user, field=code, defaults=kept)
    if "name" in changed:  # what letters and pages call the person
        user.name = changed["name"]
        user.save(update_fields=["name"])
    if changed:
        details = {"fields": sorted(changed), "source": source}
        record_audit("profile.written", actor=actor, target=f"user:{user.pk}", at=at, details=details)
    return [items[code] for code in values]


@transaction.atomic
def remove_item(user: User, field: str, *, actor: Actor, at: datetime) -> None:
    """Forget field of user, also as it was before; that and when it was changed remains. A second time does nothing.

    Raises FieldLocked (HTTP 409). Source: K90; PIPL 47.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    item = ProfileItem.objects.filter(user=user, field=field).first()
    if item is None and not (field == "name" and user.name):  # a name may be older than the profile
        return
    if FIELDS[field].is_locked(is_given=True, is_verified=bool(item and item.verified_at)):
        raise FieldLocked(field)
    if item:
        item.delete()
    ProfileChange.objects.filter(user=user, field=field).update(before="", after="")
    ProfileChange.objects.create(user=user, field=field, at=at, actor=str(actor))
    if field == "name":
        user.name = ""
        user.save(update_fields=["name"])
    record_audit("profile.removed", actor=actor, target=f"user:{user.pk}", at=at, details={"field": field})


def announce_locks(user: User, fields: Iterable[str], *, at: datetime) -> None:
    """Note that user is being told which of fields cannot be edited later. The first time counts. Source: K92."""
    known = set(LockNotice.objects.filter(user=user).values_list("field", flat=True))
    unknown = [code for code in fields if FIELDS[code].lock and code not in known]
    if not unknown:
        return
    with transaction.atomic():
        hold(user)
        notices = [LockNotice(user=user, field=code, shown_at=at) for code in unknown]
        LockNotice.objects.bulk_create(notices, ignore_conflicts=True)


@transaction.atomic
def record_check(user: User, field: str, *, checked_by: str, result: str, actor: Actor, at: datetime) -> ExternalCheck:
    """Note that somebody outside compared field; where the result is `match` the value counts as verified.

    checked_by: a recipient's code such as `id-authority`. at: aware UTC instant of the comparison; a value that is
    younger was not compared. Source: K16, Y16.
    """
    hold(user)
    check = ExternalCheck.objects.create(user=user, field=field, checked_by=checked_by, result=result, at=at)
    if result == MATCHED:
        ProfileItem.objects.filter(user=user, field=field, since_at__lte=at).update(verified_at=at)
    details = {"field": field, "checked_by": checked_by, "result": result}
    record_audit("profile.checked", actor=actor, target=f"user:{user.pk}", at=at, details=details)
    return check


def _refuse_locked(user: User, changed: Mapping[str, str], items: Mapping[str, ProfileItem]) -> None:
    announced = set(LockNotice.objects.filter(user=user).values_list("field", flat=True))
    for code in changed:
        spec, item = FIELDS[code], items.get(code)
        if spec.is_locked(is_given=item is not None, is_verified=bool(item and item.verified_at)):
            raise FieldLocked(code)
        if spec.lock and code not in announced:
            raise LockNotAnnounced
