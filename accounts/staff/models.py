"""What somebody who works for the controller may do here."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
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


class PersonalRead(models.Model):
    """Somebody who works here was shown something personal (K61). person_id: empty where nobody is known by the contact
    of the request. what: names of fields or pages, never values. case: number of the request it was for; reason: a
    code. until: for an unmasked field, when it is masked again."""

    at = models.DateTimeField()
    staff_id = models.BigIntegerField()
    person_id = models.BigIntegerField(null=True, blank=True)
    case = models.TextField()
    what = ArrayField(models.TextField())
    reason = models.TextField(blank=True, default="")
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["staff_id", "-at"], name="read_by_staff"),
            models.Index(fields=["person_id", "-at"], name="read_of_person"),
        )

    def __str__(self) -> str:
        return f"read of user {self.person_id} by staff {self.staff_id}"
