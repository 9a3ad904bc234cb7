"""What must happen after a commit: written in the transaction that calls for it, delivered later."""

from django.db import models
from django.utils import timezone


class OutboxMessage(models.Model):
    """topic: `policy.published`. payload: ids only, never personal data. done_at: null until it was handled."""

    topic = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")
    due_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["due_at"], name="outbox_waiting", condition=models.Q(done_at__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"
