"""Papers that show who asks: kept sealed for as long as the case is open, and not a day longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.audit.actions import record_audit
from accounts.audit.rules import SYSTEM, Actor
from accounts.sealing.rules import opened_bytes, seal_bytes
from consent.rights.requests.errors import RequestError
from consent.rights.requests.models import ENDED, RequestDocument, RightsRequest, Status

MAX_DOCUMENTS = 4
FORGOTTEN_AFTER = timedelta(days=60)  # twice the term; then nobody will judge them any more


@transaction.atomic
def add_documents(
    request: RightsRequest, pictures: Sequence[tuple[str, bytes]], *, actor: Actor, at: datetime
) -> list[RequestDocument]:
    """Keep pictures for the staff to judge; what was judged of earlier ones counts no more.

    pictures: kind of document and redrawn JPEG, see `pictures`. Raises RequestError (409) where identity is proven
    already, or there would be more than four. Source: K33, K95; GB/T 35273-2020 8.5.
    """
    request = RightsRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    require_room(request, len(pictures))
    request.judgements.all().delete()
    made = []
    for kind, content in pictures:
        document = RequestDocument(request=request, kind=kind, uploaded_at=at)
        document.content = seal_bytes(content, document.label)
        document.save(force_insert=True)
        made.append(document)
    details = {"kinds": [document.kind for document in made]}
    record_audit("request.documents_added", actor=actor, target=f"request:{request.number}", at=at, details=details)
    return made


def require_room(request: RightsRequest, count: int = 1) -> None:
    """Raises RequestError (409) where no more pictures are taken; asked before one of them is opened, too."""
    if request.status != Status.RECEIVED or len(live_documents(request)) + count > MAX_DOCUMENTS:
        raise RequestError


def live_documents(request: RightsRequest) -> list[RequestDocument]:
    """Those that can still be looked at."""
    return list(request.documents.filter(destroyed_at=None).order_by("pk"))


def picture_of(document: RequestDocument) -> bytes:
    """The JPEG. Raises ValueError once it is destroyed."""
    if document.content is None:
        raise ValueError("the document is destroyed")
    return opened_bytes(document.content, document.label)


def destroy_documents(request: RightsRequest, *, at: datetime) -> None:
    """Nothing of the papers remains but that they were there. Source: K33; GB/T 35273-2020 8.5."""
    gone = request.documents.filter(destroyed_at=None).update(content=None, destroyed_at=at)
    if gone:
        target = f"request:{request.number}"
        record_audit("request.documents_destroyed", actor=SYSTEM, target=target, at=at, details={"count": gone})


def sweep_documents(*, at: datetime) -> int:
    """Destroy what an ended case left behind, and what was forgotten in an open one; of how many cases."""
    is_due = Q(request__status__in=ENDED) | Q(uploaded_at__lt=at - FORGOTTEN_AFTER)
    due = RequestDocument.objects.filter(is_due, destroyed_at=None)
    requests = list(RightsRequest.objects.filter(pk__in=due.values("request")).order_by("pk"))
    for request in requests:
        with transaction.atomic():
            destroy_documents(request, at=at)
    return len(requests)
