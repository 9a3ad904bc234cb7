"""A person's export: a ZIP file that is sealed piece by piece and can be fetched once."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Export(models.Model):
    """done, total: files written of files to write. token: of the worker that may write; a newer one takes the pen away
    from a worker that was killed. language: of the page in the file that people read. size: octets of the ZIP file.
    failed_at: it was tried for the last time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    request = models.ForeignKey(
        "consent.RightsRequest", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    language = models.TextField()
    asked_at = models.DateTimeField()
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    size = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    downloaded_at = models.DateTimeField(null=True, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ready_at__isnull=True, failed_at__isnull=True),
                name="export_one_in_the_making",
            ),
        )
        indexes = (models.Index(fields=["user", "-asked_at"], name="export_by_user"),)

    def __str__(self) -> str:
        return f"export {self.pk}"


class ExportPart(models.Model):
    """The pieces of the ZIP file in their order, each sealed under a label that names its place."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts", db_index=False)
    token = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    sealed_file = "content"  # for manage.py rotate_keys

    class Meta:
        constraints = (models.UniqueConstraint(fields=["export", "token", "number"], name="export_part_once"),)

    def __str__(self) -> str:
        return f"part {self.number} of export {self.export_id}"

    @property
    def label(self) -> str:
        """What is authenticated with a part: it opens in no other place, and in no other export."""
        return f"consent_exportpart.content:{self.export_id}:{self.number}"
