"""Who calls the API on behalf of a controller."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.policies.models import Controller


class Scope(models.TextChoices):
    """What a key may do. Nothing is implied by another."""

    POLICIES_READ = "policies:read", _("read policies")
    CONSENTS_READ = "consents:read", _("read consents and history")
    CONSENTS_WRITE = "consents:write", _("record and withdraw consents")
    DECISIONS_READ = "decisions:read", _("ask for decisions")
    RECEIPTS_READ = "receipts:read", _("read receipts")
    SUBJECTS_WRITE = "subjects:write", _("describe data subjects")
    IMPORTS_WRITE = "imports:write", _("import existing consents")
    EXPORTS_READ = "exports:read", _("export for auditors")
    PEOPLE_FIND = "people:find", _("search for people who may be found")
    PEOPLE_READ = "people:read", _("read labels of account holders")
    PEOPLE_WRITE = "people:write", _("put labels and checks of account holders")
    MARKETING_SEND = "marketing:send", _("ask whether advertising may be sent")


class ApiKey(models.Model):
    """digest: SHA-256 of the whole key, which is 256 random bits, shown once and kept nowhere. prefix: its beginning,
    by which people tell keys apart. last_used_at: to the minute."""

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    requests_a_minute = models.PositiveIntegerField(default=6000)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @property
    def scope_names(self) -> list[str]:
        """What it may do, in the reader's language."""
        return [str(Scope(code).label) for code in self.scopes]
