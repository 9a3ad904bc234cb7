"""What was done by whom to what: rows that are only ever added."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class AuditEntry(models.Model):
    """actor: `staff:17`. act: `staff.role_granted`. target: `user:17`. details: never personal data."""

    at = models.DateTimeField()
    actor = models.TextField()
    act = models.TextField()
    target = models.TextField()
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        indexes = (
            models.Index(fields=["target", "-at"], name="audit_by_target"),
            models.Index(fields=["actor", "-at"], name="audit_by_actor"),
        )

    def __str__(self) -> str:
        return f"{self.act} by {self.actor}"
