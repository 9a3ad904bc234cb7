"""What a company's systems read of the ledger; always of one company."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from consent.ledger.log.models import Checkpoint, Leaf
from consent.ledger.models import ConsentEvent, DataSubject

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MARK = 8 + 16


def history_of(
    subject: DataSubject, *, policy_id: int | None, before: tuple[datetime, UUID] | None, limit: int
) -> tuple[list[ConsentEvent], str]:
    """A page of the person's events, newest first, and the cursor of the next page, empty after the last. One query.

    before: (at, id) of the last event of the page before; so a page stays the same when new events arrive.
    """
    events = ConsentEvent.objects.filter(subject_id=subject.pk).order_by("-at", "-id")
    if policy_id is not None:
        events = events.filter(policy_id=policy_id)
    if before:
        events = events.filter(Q(at__lt=before[0]) | Q(at=before[0], id__lt=before[1]))
    page = list(events[: limit + 1])
    return page[:limit], cursor_after(page[limit - 1]) if len(page) > limit else ""


def cursor_after(event: ConsentEvent) -> str:
    """Opaque to callers: instant and id of an event."""
    micros = (event.at - _EPOCH) // _MICROSECOND
    return urlsafe_b64encode(micros.to_bytes(8, "big") + event.id.bytes).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Raises ValueError for what is no cursor."""
    octets = urlsafe_b64decode(cursor.encode("ascii"))
    if len(octets) != _MARK:
        raise ValueError("a cursor has another length")
    try:
        return _EPOCH + int.from_bytes(octets[:8], "big") * _MICROSECOND, UUID(bytes=octets[8:])
    except OverflowError as error:
        raise ValueError("a cursor has no such instant") from error


def event_of(controller_id: int, event_id: UUID) -> ConsentEvent | None:
    """The company's event of that id. Three queries at most.

    Sealed events are found through the log; what is not sealed yet stands at the end of the table, which is looked
    through first, since it may be sealed meanwhile.
    """
    mine = ConsentEvent.objects.filter(controller_id=controller_id, id=event_id)
    sealed_up_to = Checkpoint.objects.order_by("-tree_size").values_list("xact", flat=True).first()
    if event := mine.filter(xact__gte=sealed_up_to or 0).first():
        return event
    leaf = Leaf.objects.filter(event_id=event_id).first()
    return mine.filter(subject_id=leaf.subject_id).first() if leaf else None
