"""What the desk sees of requests: masked, as far as a case needs it, and noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.models import AuditEntry
from accounts.models import PersonalRead, User
from accounts.profile.masks import mask_name
from accounts.profile.rules import FIELDS
from accounts.profile.selectors import items_on_page
from accounts.users.rules import mask_email, mask_phone
from consent.rights.requests.documents import live_documents
from consent.rights.requests.models import ENDED, RequestDocument, RightsRequest, Status
from consent.rights.requests.rules import fields_needed, term_of
from consent.rights.requests.selectors import Clock, clock_of

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the queue. who: masked name; reached: masked contact. is_barred: the reader may not decide it."""

    request: RightsRequest
    clock: Clock
    who: str
    reached: str
    is_barred: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the person. shown: masked, or whole while until is to come."""

    code: str
    label: str
    shown: str
    until: datetime | None
    is_known: bool


def queue(
    *, staff: User, number: str = "", status: str = "", kind: str = "", mine: bool = False
) -> QuerySet[RightsRequest]:
    """Cases, the one whose last day comes first on top; ended ones newest first."""
    found = RightsRequest.objects.select_related("user", "claimed_by")
    ended = status == "ended"
    found = found.filter(status__in=ENDED) if ended else found.exclude(status__in=ENDED)
    if status and not ended:
        found = found.filter(status=status)
    if kind:
        found = found.filter(kind=kind)
    if number:
        found = found.filter(number__iendswith=number.strip())
    if mine:
        found = found.filter(claimed_by=staff)
    return found.order_by("-ended_at", "-pk") if ended else found.order_by("due_on", "pk")


def rows_of(requests: Sequence[RightsRequest], *, staff: User, at: datetime) -> list[Row]:
    """Lines of the queue. No query."""
    return [
        Row(
            request,
            clock(request, at),
            mask_name(_name_of(request)),
            _reached(request),
            is_barred=request.status == Status.VERIFIED and staff.pk in request.barred,
        )
        for request in requests
    ]


def clock(request: RightsRequest, at: datetime) -> Clock:
    """How long the request may still take."""
    term = term_of(request.kind, settings.REQUEST_TERMS)
    return clock_of(request, timezone.localdate(at), is_working=term.is_working)


def case_of(number: str) -> RightsRequest | None:
    """The case, with the person and whoever has it. One query."""
    found = RightsRequest.objects.select_related("user", "claimed_by", "appeal_of")
    return found.filter(number=number).first()


def fields_of(
    request: RightsRequest, *, staff: User, documents: Sequence[RequestDocument], at: datetime
) -> list[Field]:
    """What the case needs to know of the person, masked but for what staff has unmasked. Two queries."""
    codes = fields_needed(request.kind, request.wanted, has_documents=bool(documents), is_verified=request.is_verified)
    values = _values(request.user, codes)
    open_until = unmasked(request, staff, at)
    return [_field(code, values[code], open_until.get(code)) for code in codes if code in values]


def unmasked(request: RightsRequest, staff: User, at: datetime) -> dict[str, datetime]:
    """Until when staff sees which field of this case whole. One query."""
    reads = PersonalRead.objects.filter(staff_id=staff.pk, case=request.number, until__gt=at).order_by("until")
    return {code: read.until for read in reads for code in read.what if read.until}


def history_of(request: RightsRequest) -> list[AuditEntry]:
    """Everything that happened with the case, newest first. One query."""
    return list(AuditEntry.objects.filter(target=f"request:{request.number}").order_by("-at", "-pk"))


def document_of(request: RightsRequest, pk: int) -> RequestDocument | None:
    """A picture that is still there."""
    return next((document for document in live_documents(request) if document.pk == pk), None)


def _values(user: User | None, codes: Sequence[str]) -> Mapping[str, str]:
    if user is None:
        return {}
    items = items_on_page(user, [code for code in codes if code in FIELDS])
    values = {code: item.value for code, item in items.items()}
    return {"email": user.email, "phone": user.phone, **values, "name": values.get("name") or user.name}


def _field(code: str, value: str, until: datetime | None) -> Field:
    labels = {"email": _("E-mail address"), "phone": _("Mobile number")}
    spec = FIELDS.get(code)
    label = labels.get(code) or str(spec.label if spec else code)
    whole = spec.display(value) if spec else value
    return Field(code, label, whole if until else _masked(code, value), until, bool(value))


def _masked(code: str, value: str) -> str:
    if not value:
        return ""
    if code == "email":
        return mask_email(value)
    return mask_phone(value) if code == "phone" else FIELDS[code].mask(value)


def _name_of(request: RightsRequest) -> str:
    return (request.user.name if request.user else "") or request.name


def _reached(request: RightsRequest) -> str:
    contact = request.contact or (request.user.proven_contact if request.user else None)
    return contact.masked if contact else ""
