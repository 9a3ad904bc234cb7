"""Cancellations of accounts: what was decided, how far the erasure has come, and what each item's fate was."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Leaving(models.Model):
    """One cancellation. mark: 32 bytes that stand for the account in the erasure journal. proofs: by which kinds of
    device the person proved that they want it. due_at: end of the cooling-off period. started_at: from then on there is
    no way back; plan: each item's fate as it was found then, without values. replayed: the person had left before, and
    came back with a restored backup."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    request = models.ForeignKey(
        "consent.RightsRequest", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    mark = models.BinaryField(max_length=32)
    proofs = ArrayField(models.TextField())
    begun_at = models.DateTimeField()
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    plan = models.JSONField(default=list)
    finished_at = models.DateTimeField(null=True, blank=True)
    replayed = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user"], condition=Q(undone_at__isnull=True), name="leaving_once"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(started_at__isnull=True), name="leaving_undone_before_it_starts"
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("begun_at")), name="leaving_due_after_it_begins"),
        )
        indexes = (
            models.Index(
                fields=["due_at"],
                name="leaving_due",
                condition=Q(undone_at__isnull=True, finished_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"leaving {self.pk} of user {self.user_id}"

    @property
    def can_be_undone(self) -> bool:
        """Until the erasure starts."""
        return self.undone_at is None and self.started_at is None


class LeavingStep(models.Model):
    """A step of the erasure that is done, written in the step's own transaction."""

    leaving = models.ForeignKey(Leaving, models.CASCADE, related_name="steps", db_index=False)
    name = models.TextField()
    done_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["leaving", "name"], name="leaving_step_once"),)

    def __str__(self) -> str:
        return f"{self.name} of leaving {self.leaving_id}"


class LeavingReceipt(models.Model):
    """What a person keeps after they left: each item's fate. It names nobody; token_digest: SHA-256 of what stands in
    its address, which only the person was told."""

    token_digest = models.BinaryField(max_length=32, primary_key=True)
    closed_at = models.DateTimeField()
    fates = models.JSONField()

    def __str__(self) -> str:
        return "receipt of an erasure"


class Erasure(models.Model):
    """A line of the erasure journal, as it stands in the file too. mark: as in `Leaving`. Append-only."""

    mark = models.BinaryField(max_length=32, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"erasure {self.pk}"


class VaultRecord(models.Model):
    """What a law wants kept of somebody who left. It lies in the schema `vault`, which the application's role cannot
    see; use `leaving.vault`. mark: as in `Leaving`. rule: code of the retention rule. indexes: keyed, of the contacts
    and the identity number, by which a query of an authority finds it. content: sealed under VAULT_KEY."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mark = models.BinaryField(max_length=32)
    item = models.TextField()
    rule = models.TextField()
    closed_on = models.DateField()
    due_on = models.DateField()
    indexes = ArrayField(models.BinaryField(max_length=32))
    content = models.BinaryField()

    class Meta:
        managed = False
        db_table = "vault_record"

    def __str__(self) -> str:
        return f"vault record {self.pk}"


class VaultAccess(models.Model):
    """Somebody used the vault. act: `store`, `read` or `destroy`. staff: ids of the two who read. reason: theirs."""

    at = models.DateTimeField()
    act = models.TextField()
    staff = ArrayField(models.BigIntegerField(), default=list)
    reason = models.TextField(blank=True, default="")
    records = ArrayField(models.UUIDField(), default=list)

    class Meta:
        managed = False
        db_table = "vault_access"

    def __str__(self) -> str:
        return f"{self.act} of {len(self.records)} records"
