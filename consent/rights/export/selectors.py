"""Every read of exports: a person's own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.models import User
from consent.rights.export.models import Export


def latest_export(user: User) -> Export | None:
    """The newest that was asked for; None without one. One query."""
    return Export.objects.filter(user=user).order_by("-asked_at").first()


def own_export(user: User, export_id: UUID) -> Export | None:
    """The person's export of that id; None for another's as for none. One query."""
    return Export.objects.filter(user=user, pk=export_id).first()


def state_of(export: Export | None, at: datetime) -> str:
    """`none`, `making`, `ready`, `fetched`, `expired` or `failed`."""
    if export is None:
        return "none"
    if export.failed_at:
        return "failed"
    if export.ready_at is None:
        return "making"
    if export.downloaded_at:
        return "fetched"
    is_over = export.destroyed_at or export.expires_at is None or export.expires_at <= at
    return "expired" if is_over else "ready"
