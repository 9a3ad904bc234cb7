"""What of the portal a call can see: its own company's policies and people, and nothing else, as if nothing else were
there."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from consent.api.calls import Call
from consent.api.problems import ApiProblem, invalid
from consent.ledger.errors import VersionNotPublished
from consent.ledger.models import DataSubject
from consent.ledger.selectors import subject_by_reference
from consent.policies import schedule
from consent.policies.published import PublishedVersion
from consent.policies.schedule import PolicySchedule

V1 = "/api/v1"
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# An address could not tell these from the resource of a shorter name.
_RESOURCES = ("/consents", "/history", "/as-of")
_UNUSABLE = _("Give 1 to 200 printable characters that do not end in /consents, /history or /as-of.")


def policies_of(call: Call) -> list[PolicySchedule]:
    """The company's published policies, by short name. No query."""
    return sorted(schedule.book(call.controller_id).policies, key=lambda policy: policy.slug)


def policy_of(call: Call, slug: str) -> PolicySchedule:
    """Raises ApiProblem (404). No query."""
    for policy in schedule.book(call.controller_id).policies:
        if policy.slug == slug:
            return policy
    raise ApiProblem("not_found")


def version_of(policy: PolicySchedule, number: int | None, call: Call) -> PublishedVersion:
    """The version of that number, or the one in effect. Raises VersionNotPublished (409)."""
    if number is None:
        version = policy.in_effect(call.at)
    else:
        version = next((each for each in policy.versions if each.facts.number == number), None)
    if version is None:
        raise VersionNotPublished
    return version


def check_reference(reference: str, pointer: str = "/subject") -> str:
    """A name under which somebody may become known. Raises ApiProblem (422)."""
    if not (0 < len(reference) <= 200 and reference.isprintable()) or reference.endswith(_RESOURCES):
        raise invalid(pointer, "format", _UNUSABLE)
    return reference


def person_of(call: Call, reference: str) -> DataSubject:
    """Whom the company calls so. Raises ApiProblem (404). One query."""
    subject = subject_by_reference(call.controller_id, reference)
    if subject is None:
        raise ApiProblem("not_found")
    return subject


def check_instant(at: datetime, pointer: str) -> datetime:
    """In UTC. Raises ApiProblem (422) for an instant that no calendar of ours reaches."""
    if not EARLIEST <= at < LATEST:
        raise invalid(pointer, "bounds", _("Give an instant between 1970 and 2200."))
    return at.astimezone(UTC)


def address(path: str) -> str:
    """Of something in this version of the API."""
    return f"{settings.BASE_URL}{V1}/{path}"


def receipt_address(event_id: UUID) -> str:
    """Of an event's receipt."""
    return address(f"receipts/{event_id}")
