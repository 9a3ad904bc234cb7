"""How long what is kept after somebody left, on which law; who may not be erased for now; what was destroyed when."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.sealing.fields import SealedField
from consent.policies.fields import LocalizedField, localized


class RetentionRule(models.Model):
    """A law that wants something kept. items: codes of `leaving.holdings`. months: from the day on which the account
    was closed. valid_from, valid_until: days on which an account must be closed for the rule to hold for it; a law that
    was changed gets a new row, so that each record keeps the term of its own time (K55, Y30)."""

    code = models.SlugField()
    title = LocalizedField()
    citation = LocalizedField()
    items = ArrayField(models.SlugField())
    months = models.PositiveSmallIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["code", "valid_from"], name="retention_rule_once"),
            models.CheckConstraint(condition=Q(months__gte=1), name="retention_of_a_month_at_least"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="retention_rule_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return localized(self.title) or self.code


class LegalHold(models.Model):
    """While it stands, nothing of the person is destroyed. reason, lift_reason: in the words of the reviewer."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    reason = SealedField()
    placed_at = models.DateTimeField()
    placed_by_id = models.BigIntegerField()
    lift_reason = SealedField(blank=True, default="")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["user"], name="hold_in_force", condition=Q(lifted_at__isnull=True)),)

    def __str__(self) -> str:
        return f"hold {self.pk} on user {self.user_id}"


class RetentionRun(models.Model):
    """What one daily run destroyed: counts by kind, nothing else. problem: what kept it from finishing. Append-only."""

    at = models.DateTimeField()
    destroyed: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField()
    problem = models.TextField(blank=True, default="")

    class Meta:
        indexes = (models.Index(fields=["-at"], name="retention_run_by_time"),)

    def __str__(self) -> str:
        return f"retention run {self.pk}"

    @property
    def vault_records(self) -> int | None:
        """How many were destroyed; None where that failed."""
        return self.destroyed.get("vault-records")

    @property
    def exports(self) -> int | None:
        """How many were destroyed; None where that failed."""
        return self.destroyed.get("exports")

    @property
    def requests(self) -> int | None:
        """How many were wiped of people without an account; None where that failed, or was not done yet then."""
        return self.destroyed.get("requests")
