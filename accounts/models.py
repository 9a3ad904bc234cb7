"""Every table of the app, so that Django finds them."""

from accounts.audit.models import AuditEntry
from accounts.otp.models import Challenge
from accounts.staff.models import Role, StaffRole
from accounts.users.models import User

__all__ = ["AuditEntry", "Challenge", "Role", "StaffRole", "User"]
