"""What somebody who works for the controller may do here."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """One kind of work; a person may have several (K60)."""

    PUBLISHER = "publisher", _("Publisher")
    APPROVER = "approver", _("Approver")
    SUPPORT = "support", _("Support agent")
    REVIEWER = "reviewer", _("Reviewer")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class StaffRole(models.Model):
    """user has role. Who gave it, and when, is in the audit trail."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="staff_roles", db_index=False)
    role = models.CharField(_("role"), max_length=20, choices=Role)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "role"], name="staff_role_once"),)

    def __str__(self) -> str:
        return f"{self.role} of user {self.user_id}"
