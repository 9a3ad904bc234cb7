"""Who may do which work."""

from django.contrib.auth.models import AnonymousUser

from accounts.staff.models import Role, StaffRole
from accounts.users.models import User


def has_role(user: User | AnonymousUser, *roles: Role) -> bool:
    """Whether user works here, is not locked out, and has at least one of roles."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return False
    return StaffRole.objects.filter(user=user, role__in=roles).exists()
