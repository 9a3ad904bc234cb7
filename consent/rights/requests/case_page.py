"""What stands on the page of a case, for the member of staff who reads it; what they are shown is noted first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.staff.actions import record_read
from accounts.staff.models import Role
from accounts.staff.selectors import roles_of
from consent.rights.requests.desk import clock, fields_of, history_of
from consent.rights.requests.desk_forms import CorrectionForm, DecisionForm, UnmaskForm, wanted_form
from consent.rights.requests.documents import live_documents
from consent.rights.requests.models import RightsRequest, Status
from consent.rights.requests.selectors import contacts_on_file
from consent.rights.requests.verification import live_code
from consent.rights.requests.words import FOLLOWS, actor_words, happened, steps_of, wanted_words


def case_context(
    request: RightsRequest,
    *,
    staff: User,
    at: datetime,
    decision: DecisionForm | None = None,
    correction: CorrectionForm | None = None,
) -> dict[str, Any]:
    """Everything for whoever has the case; its state and history alone for everybody else. decision, correction: forms
    that were sent and are to be mended."""
    is_mine = request.is_open and request.claimed_by_id == staff.pk
    roles = roles_of(staff)
    may_decide = Role.REVIEWER in roles and staff.pk not in request.barred
    context: dict[str, Any] = {
        "case": request,
        "clock": clock(request, at),
        "steps": steps_of(request),
        "history": [(entry, happened(entry), actor_words(entry.actor)) for entry in history_of(request)],
        "is_mine": is_mine,
        "may_claim": _may_claim(request, staff, roles),
        "is_barred": staff.pk in request.barred,
        "section": "requests",
    }
    if not is_mine:
        record_read(staff, request.user, case=request.number, what=["state"], at=at)
        return context
    return context | {
        **_shown_to_whoever_has_it(request, staff, at),
        "decision": (decision or DecisionForm()) if may_decide and request.status == Status.VERIFIED else None,
        "correction": (correction or wanted_form(request)) if request.status == Status.DECIDED else None,
        "what_follows": FOLLOWS[request.kind] if request.user else "",
        "may_lapse": request.status == Status.RECEIVED and context["clock"].days <= 0,
    }


def _shown_to_whoever_has_it(request: RightsRequest, staff: User, at: datetime) -> dict[str, Any]:
    """What it says of the person, and how they are to be recognised."""
    documents = live_documents(request)
    judges = set(request.judgements.values_list("staff_id", flat=True)) if documents else set()
    fields = fields_of(request, staff=staff, documents=documents, at=at)
    code = live_code(request) if request.status == Status.RECEIVED else None
    # Noted before anything is shown, words of the person included.
    record_read(staff, request.user, case=request.number, what=["case", *[field.code for field in fields]], at=at)
    return {
        "fields": fields,
        "unmask": UnmaskForm(),
        "wanted": wanted_words(request),
        "documents": documents,
        "may_judge": bool(documents) and staff.pk not in judges and request.status == Status.RECEIVED,
        "has_judged": staff.pk in judges,
        "on_file": contacts_on_file(request.user, at) if request.status == Status.RECEIVED else [],
        "code": code if code and code.is_open(at) else None,
    }


def _may_claim(request: RightsRequest, staff: User, roles: frozenset[Role]) -> bool:
    if not request.is_open or staff.pk in (request.claimed_by_id, request.user_id):
        return False
    is_reviewer = Role.REVIEWER in roles
    if request.claimed_by_id and not is_reviewer:
        return False
    return request.status != Status.VERIFIED or (is_reviewer and staff.pk not in request.barred)
