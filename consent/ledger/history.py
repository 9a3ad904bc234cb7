"""What a person did, act by act. A person sees their own, nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from consent.ledger.models import ConsentEvent
from consent.ledger.selectors import subject_ids_of
from consent.policies.models import PolicyVersion, Purpose


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An event with what it is about. purpose: None for the policy as a whole."""

    event: ConsentEvent
    version: PolicyVersion
    purpose: Purpose | None


def history_of(user: User, *, limit: int = 50, before: tuple[datetime, UUID] | None = None) -> list[HistoryEntry]:
    """The user's acts towards every controller, newest first. before: (at, id) of the last event of the page before.
    Four queries."""
    events = ConsentEvent.objects.filter(subject_id__in=subject_ids_of(user)).order_by("-at", "-id")
    if before:
        events = events.filter(Q(at__lt=before[0]) | Q(at=before[0], id__lt=before[1]))
    page = list(events[:limit])
    versions = PolicyVersion.objects.select_related("policy").in_bulk({event.version_id for event in page})
    purposes = {(purpose.version_id, purpose.code): purpose for purpose in Purpose.objects.filter(version__in=versions)}
    return [HistoryEntry(e, versions[e.version_id], purposes.get((e.version_id, e.purpose))) for e in page]


def history_page(user: User, before: str = "", *, limit: int = 50) -> tuple[list[HistoryEntry], str]:
    """A page of `history_of`, and the mark by which the next one is asked for, empty after the last.

    before: the mark of the page before; one that cannot be read gives the first page.
    """
    entries = history_of(user, limit=limit + 1, before=_mark(before))
    more = len(entries) > limit
    last = entries[:limit][-1].event if more else None
    return entries[:limit], f"{last.at.isoformat()}~{last.id}" if last else ""


def _mark(text: str) -> tuple[datetime, UUID] | None:
    at, _tilde, event_id = text.partition("~")
    try:
        mark = datetime.fromisoformat(at), UUID(event_id)
    except ValueError:
        return None
    return mark if mark[0].utcoffset() is not None else None
