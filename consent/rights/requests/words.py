"""How the state and the history of a request read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.audit.models import AuditEntry
from accounts.models import PersonalRead
from accounts.profile.rules import FIELDS
from consent.rights.requests.desk_forms import REASONS
from consent.rights.requests.models import Decision, Kind, Refusal, RequestDocument, RightsRequest, Status, Way
from consent.rights.requests.rules import values_wanted

ACTS: Mapping[str, str | Promise] = {
    "request.opened": gettext_lazy("Received and acknowledged"),
    "request.claimed": gettext_lazy("Case taken"),
    "request.released": gettext_lazy("Case given back"),
    "request.code_sent": gettext_lazy("Code sent to a contact on file"),
    "request.documents_added": gettext_lazy("Documents received"),
    "request.documents_judged": gettext_lazy("Documents judged"),
    "request.documents_destroyed": gettext_lazy("Documents destroyed"),
    "request.verified": gettext_lazy("Identity proven"),
    "request.decided": gettext_lazy("Decided"),
    "request.carried_out": gettext_lazy("Carried out and closed"),
    "request.restriction_lifted": gettext_lazy("Restriction lifted by the person"),
    "request.withdrawn": gettext_lazy("Withdrawn by the person"),
    "request.lapsed": gettext_lazy("Ended: identity not shown"),
}
FOLLOWS: Mapping[str, str | Promise] = {
    Kind.ACCESS: gettext_lazy("A copy of everything is put together. The person downloads it in their account."),
    Kind.CORRECTION: gettext_lazy("The new value is written, and the change stands in the person's history."),
    Kind.DELETION: gettext_lazy("The account is closed after the cooling-off period, and what is in it erased."),
    Kind.CANCELLATION: gettext_lazy("The account is closed after the cooling-off period, and what is in it erased."),
    Kind.RESTRICTION: gettext_lazy("From now on nothing may be done with the information but keeping it."),
    Kind.OBJECTION: gettext_lazy("Profiling, marketing and being found by others are switched off."),
    Kind.EXPLANATION: gettext_lazy("The answer above is the explanation; nothing else is done."),
    Kind.COMPROMISED: gettext_lazy("The account is opened again, as from a browser that nobody knows."),
}
_DONE = {Status.RECEIVED: 1, Status.VERIFIED: 2, Status.DECIDED: 3, Status.CLOSED: 5}


@dataclass(frozen=True, slots=True)
class Step:
    """state: `done`, `current` or empty."""

    label: str
    state: str


def steps_of(request: RightsRequest) -> list[Step]:
    """The way of a request, and how far it has come."""
    if request.status in (Status.WITHDRAWN, Status.LAPSED):
        return [Step(str(Status.RECEIVED.label), "done"), Step(request.get_status_display(), "done")]
    labels: list[str | Promise] = [
        Status.RECEIVED.label,
        _("Identity"),
        _("Decision"),
        _("Carrying out"),
        Status.CLOSED.label,
    ]
    done = _DONE[Status(request.status)]
    if request.decision == Decision.REFUSED:
        labels[2:] = [Decision.REFUSED.label, Status.CLOSED.label]
    return [
        Step(str(label), "done" if place < done else "current" if place == done else "")
        for place, label in enumerate(labels)
    ]


def wanted_words(request: RightsRequest, *, masked: bool = False) -> list[tuple[str, str]]:
    """Each item that is to be corrected, and the new value in words; masked: as on the person's own pages."""
    values = values_wanted(request.wanted)
    specs = [(FIELDS[code], value) for code, value in values.items()]
    return [(str(spec.label), spec.shown(value) if masked else spec.display(value)) for spec, value in specs]


def happened(entry: AuditEntry) -> str:
    """One line of a case's history in words; codes beside it, never anything personal."""
    return " · ".join(filter(None, [str(ACTS.get(entry.act, entry.act)), _detail(entry)]))


def actor_words(actor: str) -> str:
    """`staff:17` as “staff 17”."""
    kind, _colon, number = actor.partition(":")
    words = {"staff": _("staff %(number)s"), "subject": _("the person"), "system": _("the portal")}
    return words.get(kind, actor) % {"number": number}


def read_words(read: PersonalRead, reader: str = "person") -> str:
    """What staff were shown, in words. reader: `person` for whom it is about, `staff` for everybody else."""
    return pgettext("between items", ", ").join(_thing(code, reader == "staff") for code in read.what)


def reason_words(read: PersonalRead) -> str:
    """Why they needed to see it; empty where it was masked."""
    return str(REASONS.get(read.reason, read.reason))


def _thing(code: str, is_for_staff: bool) -> str:
    if code.startswith("document:"):
        return str(RequestDocument.Kind(code.partition(":")[2]).label)
    known = {
        "case": _("the request") if is_for_staff else _("your request"),
        "state": _("how far the request is") if is_for_staff else _("how far your request is"),
        "queue": _("the list of requests, masked"),
        "email": _("e-mail address"),
        "phone": _("mobile number"),
    }
    if code in known:
        return known[code]
    return str(FIELDS[code].label) if code in FIELDS else code


def _detail(entry: AuditEntry) -> str:
    details = entry.details
    if entry.act == "request.verified":
        return str(Way(details["way"]).label)
    if entry.act == "request.decided":
        said = str(Decision(details["decision"]).label)
        return f"{said}, {Refusal(details['refusal']).label}" if "refusal" in details else said
    if entry.act == "request.documents_judged":
        return _("good") if details["good"] else _("not good")
    return ""
