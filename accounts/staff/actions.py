"""Giving and taking roles."""

from datetime import datetime

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.otp.actions import lock_contact
from accounts.staff.models import Role, StaffRole
from accounts.users.actions import free_unproven_contact
from accounts.users.models import User
from accounts.users.rules import Contact
from accounts.users.selectors import holders_of


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
