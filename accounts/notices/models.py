"""Messages to one person that must leave once the act they tell of is committed."""

import uuid

from django.db import models

from accounts.sealing.fields import SealedField, SealedJSONField


class Notice(models.Model):
    """A message of `templates/emails/<event>-…` or `templates/sms/<event>.txt`. id: also the message's own, so that a
    second sending of the same is known as such. user_id: empty for somebody without an account. destination: address
    or number. parameters: texts of the message; no code, ever. sent_at: when a server took it; given_up_at: when it
    was tried for the last time, in vain."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user_id = models.BigIntegerField(null=True, blank=True)
    event = models.TextField()
    kind = models.TextField()
    destination = SealedField()
    parameters = SealedJSONField()
    language = models.TextField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["due_at"],
                name="notice_due",
                condition=models.Q(sent_at__isnull=True, given_up_at__isnull=True),
            ),
            models.Index(fields=["user_id", "-created_at"], name="notice_by_user"),
        )

    def __str__(self) -> str:
        return f"{self.event} to user {self.user_id}"
