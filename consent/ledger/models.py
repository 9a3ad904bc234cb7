"""Who answered what, when, and to which text. Events are only ever added; a state is the last event of its kind.

The tables are made by SQL in the migration (enums instead of CHECK: PostgreSQL parses a CHECK anew with every INSERT
statement); these classes name the columns. No foreign keys from the hot tables: what they point to is frozen and is
checked by the action that writes.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.policies.models import Controller


class ConsentStatus(models.TextChoices):
    """DPV's consent states. withdrawn: by the person; revoked: by somebody else."""

    REQUESTED = "requested", _("Not answered")
    DEFERRED = "deferred", _("To be answered later")
    GIVEN = "given", _("Agreed")
    RENEWED = "renewed", _("Agreed again")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    REVOKED = "revoked", _("Revoked")
    EXPIRED = "expired", _("Expired")
    INVALIDATED = "invalidated", _("No longer valid")


class ConsentKind(models.TextChoices):
    """separate: asked apart from everything else (PIPL 23, 29). implied: by continued use (K120), never more."""

    EXPLICIT = "explicit", _("explicit")
    SEPARATE = "separate", _("separate")
    IMPLIED = "implied", _("by continued use")


class Surface(models.TextChoices):
    """Where the person acted (K44)."""

    PAGE = "page", _("page")
    FLOW = "flow", _("flow")
    AGREEMENT = "agreement", _("agreement")
    BANNER = "banner", _("banner")
    API = "api", _("API")
    STAFF = "staff", _("staff")
    IMPORT = "import", _("import")


class DataSubject(models.Model):
    """A person in the eyes of one controller. ref: 32 bytes, HMAC of the controller's own reference to them. adult_on:
    their 18th birthday where it is known; guardian_confirmed_at: since when a guardian agreed for them (K105, K106).
    restricted_at: since when nothing but keeping it may be done with what is known about them (PIPL 44, 47)."""

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="+")
    ref = models.BinaryField(max_length=32)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    restricted_at = models.DateTimeField(null=True, blank=True)
    adult_on = models.DateField(null=True, blank=True)
    guardian_confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "data_subject"
        constraints = (
            models.UniqueConstraint(fields=["controller", "ref"], name="subject_once_a_controller"),
            models.UniqueConstraint(
                fields=["user", "controller"], name="subject_once_a_user", condition=models.Q(user__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"subject {self.pk}"


class SubjectKey(models.Model):
    """The key of a person's pseudonym, 32 bytes. Deleting it cuts the person's link to every sealed event."""

    subject = models.OneToOneField(DataSubject, models.CASCADE, primary_key=True, related_name="key")
    secret = models.BinaryField(max_length=32)

    class Meta:
        db_table = "subject_key"

    def __str__(self) -> str:
        return f"key of subject {self.subject_id}"


class ConsentEvent(models.Model):
    """One act. at: the server's instant, which rules; claimed_at: what the client said. id: derived from controller,
    subject, idempotency key and position, so the primary key is the idempotency check. xact: number of the writing
    transaction, by which the sealer finds new rows. Order of time is (at, id). Append-only by trigger and grants."""

    pk = models.CompositePrimaryKey("subject_id", "id")
    subject_id = models.BigIntegerField()
    id = models.UUIDField()
    at = models.DateTimeField()
    xact = models.BigIntegerField()
    claimed_at = models.DateTimeField(null=True)
    controller_id = models.BigIntegerField()
    policy_id = models.BigIntegerField()
    version_id = models.BigIntegerField()
    shown_sha256 = models.BinaryField(max_length=32)
    purpose = models.TextField()  # empty: the policy as a whole
    recipient = models.TextField()
    status = models.TextField(choices=ConsentStatus)
    kind = models.TextField(choices=ConsentKind)
    surface = models.TextField(choices=Surface)
    language = models.TextField()
    actor = models.TextField()
    network = models.TextField()  # truncated before it comes here
    agent = models.TextField()  # family and system only
    idempotency_key = models.TextField()

    class Meta:
        db_table = "consent_event"

    def __str__(self) -> str:
        return f"event {self.id}"


class ConsentState(models.Model):
    """The answer in force to one version of one question; which version counts is decided by `rules`."""

    pk = models.CompositePrimaryKey("subject_id", "policy_id", "purpose", "recipient", "version_id")
    subject_id = models.BigIntegerField()
    policy_id = models.BigIntegerField()
    purpose = models.TextField()
    recipient = models.TextField()
    version_id = models.BigIntegerField()
    at = models.DateTimeField()
    event_id = models.UUIDField()
    status = models.TextField(choices=ConsentStatus)
    kind = models.TextField(choices=ConsentKind)

    class Meta:
        db_table = "consent_state"

    def __str__(self) -> str:
        return f"state {self.event_id}"
