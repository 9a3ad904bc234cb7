"""One-time codes that were asked for."""

import uuid
from base64 import b32decode
from datetime import datetime
from time import time

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, TimestampMixin
from django_otp.oath import TOTP

from accounts.otp.rules import MAX_WRONG_TRIES, WayKind
from accounts.sealing.fields import SealedField


class Challenge(models.Model):
    """A code that proves one act, once.

    user: who must prove it; empty while somebody signs in or up, where the contact in the parameters is what is
    proven. parameters_digest: 32 bytes, keyed. channel: the way of proving it. destination: masked. code_hmac: 32
    bytes, keyed; random where no code was sent, so that nothing fits. replaced_at: a newer one came. spent_at: the act
    that it proved was done. destination_index: see accounts.sealing; network: truncated; asker: 32 bytes, keyed, of a
    browser that signed in before; the three only to see how often codes are asked for.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    act = models.TextField()
    parameters_digest = models.BinaryField(max_length=32)
    channel = models.CharField(max_length=8, choices=WayKind)
    destination = models.TextField()
    destination_index = models.BinaryField(max_length=32, null=True)
    network = models.TextField(blank=True, default="")
    asker = models.BinaryField(max_length=32, null=True)
    code_hmac = models.BinaryField(max_length=32)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)
    spent_at = models.DateTimeField(null=True, blank=True)

    device: Device | None = None  # the person's own that accepted it; known to the request that judged, and not kept

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "act"],
                condition=Q(user__isnull=False, used_at__isnull=True, replaced_at__isnull=True),
                name="challenge_one_live_a_person_and_act",
            ),
        )
        indexes = (
            models.Index(fields=["user", "created_at"], name="challenge_by_user", condition=Q(user__isnull=False)),
            models.Index(fields=["expires_at"], name="challenge_to_sweep"),
            models.Index(fields=["destination_index", "created_at"], name="challenge_by_destination"),
            models.Index(fields=["network", "created_at"], name="challenge_by_network"),
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


class Authenticator(TimestampMixin, Device):  # type: ignore[misc]  # django-otp ships no types
    """An authenticator app (TOTP, RFC 6238). key: base32. drift: by how many steps its clock is off. last_step: the
    newest time step whose token was taken; none is taken twice. How often one may guess is the Challenge's to say."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = SealedField()
    drift = models.SmallIntegerField(default=0)
    last_step = models.BigIntegerField(default=-1)

    class Meta:
        verbose_name = _("authenticator app")

    def verify_token(self, token: str) -> bool:
        """Whether token is the app's of now, or of half a minute before or after. Call it with the row locked, as
        django_otp.verify_token does."""
        clock = TOTP(b32decode(self.key), drift=self.drift)
        clock.time = time()  # held, so that the step that is noted is the one that was judged
        if not (token.isdecimal() and clock.verify(int(token), tolerance=1, min_t=self.last_step + 1)):
            return False
        self.last_step, self.drift = clock.t(), clock.drift
        self.set_last_used_timestamp(commit=False)
        self.save()
        return True


class RecoveryCode(models.Model):
    """A printed code that proves an act once. digest: 32 bytes, keyed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes", db_index=False)
    digest = models.BinaryField(max_length=32)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once"),)

    def __str__(self) -> str:
        return f"recovery code of user {self.user_id}"
