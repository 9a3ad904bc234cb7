"""Who may do which work, and what they were shown of people."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.staff.models import PersonalRead, Role, StaffRole
from accounts.users.models import User


def has_role(user: User | AnonymousUser, *roles: Role) -> bool:
    """Whether user works here, is not locked out, and has at least one of roles."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return False
    return StaffRole.objects.filter(user=user, role__in=roles).exists()


def roles_of(user: User | AnonymousUser) -> frozenset[Role]:
    """Every role of user; none for whoever does not work here or is locked out."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return frozenset()
    return frozenset(Role(role) for role in StaffRole.objects.filter(user=user).values_list("role", flat=True))


def reads_of(person_id: int, limit: int = 50) -> list[PersonalRead]:
    """What staff were shown of a person, newest first. One query."""
    return list(PersonalRead.objects.filter(person_id=person_id).order_by("-at", "-pk")[:limit])


def reads_by(staff_id: int, since: datetime, until: datetime) -> QuerySet[PersonalRead]:
    """What one of the staff was shown from since to before until, newest first."""
    return PersonalRead.objects.filter(staff_id=staff_id, at__gte=since, at__lt=until).order_by("-at", "-pk")
