"""Changes of the address or number by which a person is reached."""

from django.conf import settings
from django.db import models

from accounts.sealing.fields import SealedField


class ContactChange(models.Model):
    """kind: `email` or `phone`. before, after: empty where there was none, or none that was proven. undo_until: until
    then whoever was reached before can take the change back with the link that went there; undo_digest: 32 bytes,
    keyed, of its token."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="contact_changes", db_index=False)
    kind = models.TextField()
    before = SealedField(blank=True, default="")
    after = SealedField(blank=True, default="")
    at = models.DateTimeField()
    undo_until = models.DateTimeField()
    undo_digest = models.BinaryField(max_length=32, null=True, unique=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["user", "-at"], name="contact_change_by_user"),)

    def __str__(self) -> str:
        return f"change of {self.kind} of user {self.user_id}"
