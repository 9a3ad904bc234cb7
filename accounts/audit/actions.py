"""Writing the audit trail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.audit.models import AuditEntry
from accounts.audit.rules import Actor


def record_audit(
    act: str, *, actor: Actor, target: str, at: datetime, details: Mapping[str, Any] | None = None
) -> AuditEntry:
    """Add a row to the trail, in the transaction of the act itself.

    act: `domain.what_happened`. target: `kind:id`. at: aware UTC instant. details: ids, codes and counts; never
    personal data, because the row can never be erased.
    Source: K61; GovStack Consent BB (log all admin and individual actions).
    """
    return AuditEntry.objects.create(act=act, actor=str(actor), target=target, at=at, details=dict(details or {}))
