"""Every read of API keys but that of a request, which `authentication` does."""

from __future__ import annotations

from django.db.models import QuerySet

from consent.clients.models import ApiKey
from consent.policies.models import Controller


def keys_of(controller: Controller) -> QuerySet[ApiKey]:
    """Every key that the controller was ever given, newest first."""
    return ApiKey.objects.filter(controller=controller).order_by("-created_at", "-id")
