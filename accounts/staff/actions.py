"""Giving and taking roles; noting what staff were shown of people."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from accounts.audit.actions import record_audit
from accounts.audit.models import AuditEntry
from accounts.audit.rules import SYSTEM, Actor
from accounts.notices.actions import tell
from accounts.otp.actions import lock_contact
from accounts.staff.models import PersonalRead, Role, StaffRole
from accounts.users.actions import free_unproven_contact
from accounts.users.models import User
from accounts.users.rules import Contact
from accounts.users.selectors import holders_of

AN_HOUR = timedelta(hours=1)
MANY_READS = "staff.many_reads"


@transaction.atomic
def open_staff_account(contact: Contact, *, name: str, actor: Actor, at: datetime) -> User:
    """The account of contact, made if there is none, as one of somebody who works here.

    A new account has an unproven contact: its first sign-in by code proves it.
    """
    lock_contact(contact)
    user = holders_of(contact).select_for_update(no_key=True).first()
    if user is None:
        free_unproven_contact(contact)
        user = User.objects.create_user(**contact.as_fields())
    if not user.is_staff:
        record_audit("staff.account_opened", actor=actor, target=f"user:{user.pk}", at=at)
    user.is_staff, user.name = True, name or user.name
    user.save(update_fields=["is_staff", "name"])
    return user


@transaction.atomic
def grant_role(user: User, role: Role, *, actor: Actor, at: datetime) -> StaffRole:
    """Give role to user. A second time changes nothing and writes nothing. Source: K60, K61."""
    granted, is_new = StaffRole.objects.get_or_create(user=user, role=role)
    if is_new:
        record_audit("staff.role_granted", actor=actor, target=f"user:{user.pk}", at=at, details={"role": role})
    return granted


@transaction.atomic
def withdraw_role(user: User, role: Role, *, actor: Actor, at: datetime) -> bool:
    """Take role from user; False where there was none. Source: K60, K61."""
    deleted, _ = StaffRole.objects.filter(user=user, role=role).delete()
    if deleted:
        record_audit("staff.role_withdrawn", actor=actor, target=f"user:{user.pk}", at=at, details={"role": role})
    return bool(deleted)


@transaction.atomic
def record_read(
    staff: User,
    person: User | None,
    *,
    case: str,
    what: Sequence[str],
    reason: str = "",
    until: datetime | None = None,
    at: datetime,
) -> PersonalRead:
    """Note that staff was shown something of person, before it is shown.

    case: number of the request. what: names of fields or pages, never values. reason: a code; until: for a field that
    is unmasked. Above STAFF_READS_PER_HOUR administrators are told, once an hour. Source: K60, K61.
    """
    read = PersonalRead.objects.create(
        at=at,
        staff_id=staff.pk,
        person_id=person.pk if person else None,
        case=case,
        what=list(what),
        reason=reason,
        until=until,
    )
    _warn_of_many_reads(staff, at)
    return read


def _warn_of_many_reads(staff: User, at: datetime) -> None:
    reads = PersonalRead.objects.filter(staff_id=staff.pk, at__gt=at - AN_HOUR)
    if (count := reads.count()) <= settings.STAFF_READS_PER_HOUR:
        return
    target = f"user:{staff.pk}"
    with connection.cursor() as cursor:  # two reads at once warn once
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{MANY_READS}:{staff.pk}"])
    if AuditEntry.objects.filter(target=target, act=MANY_READS, at__gt=at - AN_HOUR).exists():
        return
    record_audit(MANY_READS, actor=SYSTEM, target=target, at=at, details={"count": count})
    for administrator in User.objects.filter(
        is_active=True, is_staff=True, staff_roles__role=Role.ADMINISTRATOR
    ).exclude(pk=staff.pk):
        proven = [contact for contact in administrator.contacts if contact.is_proven]
        words = {"staff": str(staff.pk), "count": str(count), "limit": str(settings.STAFF_READS_PER_HOUR)}
        tell(administrator, "many_reads", words, contacts=proven[:1], at=at)
