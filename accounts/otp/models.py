"""One-time codes that were asked for."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.otp.rules import MAX_WRONG_TRIES


class Challenge(models.Model):
    """A code that proves one act, once.

    user: who must prove it; empty while somebody signs in or up, where the contact in the parameters is what is
    proven. parameters_digest: 32 bytes, keyed. destination: masked. code_hmac: 32 bytes, keyed; random where no code
    was sent, so that nothing fits. replaced_at: a newer code came, or this one could not be sent.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        SMS = "sms", _("text message")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    act = models.TextField()
    parameters_digest = models.BinaryField(max_length=32)
    channel = models.CharField(max_length=5, choices=Channel)
    destination = models.TextField()
    code_hmac = models.BinaryField(max_length=32)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "act"],
                condition=Q(user__isnull=False, used_at__isnull=True, replaced_at__isnull=True),
                name="challenge_one_live_a_person_and_act",
            ),
            models.UniqueConstraint(
                fields=["parameters_digest", "act"],
                condition=Q(user__isnull=True, used_at__isnull=True, replaced_at__isnull=True),
                name="challenge_one_live_a_contact",
            ),
        )
        indexes = (
            models.Index(fields=["user", "created_at"], name="challenge_by_user", condition=Q(user__isnull=False)),
            models.Index(fields=["expires_at"], name="challenge_to_sweep"),
        )

    def __str__(self) -> str:
        return f"challenge {self.pk} for {self.act}"

    @property
    def tries_left(self) -> int:
        """How often a code may still be wrong."""
        return max(MAX_WRONG_TRIES - self.wrong_tries, 0)

    def is_open(self, at: datetime) -> bool:
        """Whether a code can still be typed at the given instant."""
        return self.used_at is None and self.replaced_at is None and self.tries_left > 0 and at < self.expires_at
