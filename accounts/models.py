"""Every table of the app, so that Django finds them."""

from accounts.audit.models import AuditEntry
from accounts.contacts.models import ContactChange
from accounts.devices.models import Browser, SignIn
from accounts.finding.models import PersonSearch
from accounts.notices.models import Notice
from accounts.otp.models import Authenticator, Challenge, RecoveryCode
from accounts.profile.models import (
    ExternalCheck,
    LockNotice,
    MarketingChoice,
    ProfileChange,
    ProfileItem,
    ProfileLabel,
)
from accounts.staff.models import PersonalRead, Role, StaffRole
from accounts.users.models import User

__all__ = [
    "AuditEntry",
    "Authenticator",
    "Browser",
    "Challenge",
    "ContactChange",
    "ExternalCheck",
    "LockNotice",
    "MarketingChoice",
    "Notice",
    "PersonSearch",
    "PersonalRead",
    "ProfileChange",
    "ProfileItem",
    "ProfileLabel",
    "RecoveryCode",
    "Role",
    "SignIn",
    "StaffRole",
    "User",
]
