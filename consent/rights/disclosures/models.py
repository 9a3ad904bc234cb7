"""What was given to an authority, because a law demands it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Disclosure(models.Model):
    """authority, ground, document: which one, by which law, and the number of its letter; no names of people. items:
    codes of `leaving.holdings`. person_id: of an account, empty for a report about nobody in particular. secret_until:
    the last day on which the person must not know; empty where nothing forbids it. key: of the form, so that one sent
    twice is kept once. Append-only (K70)."""

    key = models.UUIDField(unique=True)
    at = models.DateTimeField()
    entered_by_id = models.BigIntegerField()
    authority = models.TextField()
    ground = models.TextField()
    document = models.TextField()
    disclosed_on = models.DateField()
    items = ArrayField(models.TextField())
    person_id = models.BigIntegerField(null=True, blank=True)
    secret_until = models.DateField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["-at"], name="disclosure_by_time"),
            models.Index(
                fields=["person_id"], name="disclosure_of_person", condition=models.Q(person_id__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"disclosure {self.pk}"
