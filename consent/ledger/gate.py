"""Whoever is signed in is asked before they go on, as soon as a version asks them something; otherwise nothing is read.

The session notes for which versions in effect nothing was due, and until when. The note holds for a day at the most; it
falls as soon as another version is in effect, for everybody at once and without touching anybody's rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language
from django_htmx.http import HttpResponseClientRedirect

from accounts.audit.rules import Actor, ActorKind
from accounts.devices.network import agent_family, truncate_network
from accounts.models import User
from consent.ledger.actions import accept_by_use, enrol
from consent.ledger.answers import Circumstances
from consent.ledger.models import DataSubject, Surface
from consent.ledger.rules import Standing, StateFacts, implied_acceptance_due, standing
from consent.ledger.selectors import states_of, subjects_of
from consent.policies import schedule
from consent.policies.schedule import PolicySchedule, Snapshot

NOTE = "consent_gate"  # session key: [token, seconds since 1970 until which nothing is due]
NOTE_LIFE = timedelta(days=1)
ANSWER_PAGE = "ledger:answer"
# Public pages, and what somebody who will not answer must reach all the same: signing out, exporting, leaving (K11).
EXEMPT_NAMESPACES = frozenset(
    {"policies", "campaigns", "announcements", "log", "rights", "contacts", "verify", "ways", "sign_ins"}
)
EXEMPT_NAMES = frozenset({"account", "language", "healthz", "readyz", "dev_inbox", "dev_inbox_json", ANSWER_PAGE})
ACCOUNT_PREFIX = "account_"

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def gate_exempt(view: View) -> View:
    """Let people see this page whatever they have not answered."""
    view.consent_gate_exempt = True  # type: ignore[attr-defined]
    return view


class ConsentGateMiddleware:
    """Source: K11, K76, K109, K120, K121; PIPL 14, 16."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """None lets the request go on. No query while the session's note holds."""
        if request.method not in ("GET", "HEAD") or is_exempt(view, request.resolver_match):
            return None
        user = request.user
        if not user.is_authenticated or user.is_staff:
            return None
        at = datetime.now(UTC)
        snapshot = schedule.current(at)
        note = request.session.get(NOTE)
        if note and note[0] == snapshot.token and at.timestamp() < note[1]:
            return None
        return _evaluate(request, user, snapshot, at)


def is_exempt(view: Callable[..., HttpResponseBase], match: ResolverMatch | None) -> bool:
    """True for views that are never gated."""
    if match is None or getattr(view, "consent_gate_exempt", False):
        return True
    name = match.view_name
    return match.namespace in EXEMPT_NAMESPACES or name in EXEMPT_NAMES or name.startswith(ACCOUNT_PREFIX)


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the person stands with a policy that has a version in effect."""

    policy: PolicySchedule
    subject: DataSubject
    states: list[StateFacts]
    standing: Standing


def _evaluate(request: HttpRequest, user: User, snapshot: Snapshot, at: datetime) -> HttpResponseBase | None:
    """Ask, or let go on and note it. Two queries for somebody known, whatever the number of policies."""
    found = _stand(user, snapshot, at)
    for each in found:
        if each.standing.must_ask:
            return _to_answer_page(request, each.policy)
    for each in found:
        if implied_acceptance_due(each.policy.facts, each.states, at):
            _accept_by_use(request, user, each, at)
    pauses = [each.standing.pause_ends for each in found if each.standing.pause_ends]
    request.session[NOTE] = [snapshot.token, min([at + NOTE_LIFE, *pauses]).timestamp()]
    return None


def _stand(user: User, snapshot: Snapshot, at: datetime) -> list[_Found]:
    policies = [policy for policy in snapshot.policies if policy.in_effect(at)]
    subjects = subjects_of(user, {policy.controller_id for policy in policies})
    for policy in policies:
        if policy.controller_id not in subjects:
            subjects[policy.controller_id] = enrol(user, policy.controller_id, at=at)
    states = states_of([subject.pk for subject in subjects.values()], [policy.policy_id for policy in policies])
    found = []
    for policy in policies:
        subject = subjects[policy.controller_id]
        if subject.closed_at is None:
            mine = states[subject.pk, policy.policy_id]
            found.append(_Found(policy, subject, mine, standing(policy.facts, mine, at, pause=policy.pause)))
    return found


def _accept_by_use(request: HttpRequest, user: User, found: _Found, at: datetime) -> None:
    version = found.policy.in_effect(at)
    if version is None:
        return
    language, shown = version.notice(get_language() or "")
    circumstances = Circumstances(
        surface=Surface.PAGE,
        language=language,
        shown_sha256=shown,
        network=truncate_network(get_adapter().get_client_ip(request)),
        agent=agent_family(request.headers.get("User-Agent", "")),
    )
    actor = Actor(ActorKind.SUBJECT, user.pk)
    accept_by_use(found.subject, version.facts.id, circumstances=circumstances, actor=actor)


def _to_answer_page(request: HttpRequest, policy: PolicySchedule) -> HttpResponseBase:
    here = request.get_full_path()
    htmx = getattr(request, "htmx", None)
    if htmx and not htmx.boosted:  # the fragment is no page to come back to
        here = htmx.current_url_abs_path or "/"
    url = f"{reverse(ANSWER_PAGE, args=[policy.slug])}?{urlencode({'next': here})}"
    response = HttpResponseClientRedirect(url) if htmx else HttpResponseRedirect(url)
    add_never_cache_headers(response)
    return response
