"""Sign-ins and open sessions of a person, and what they say about the next sign-in."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.devices.models import Browser, SignIn
from accounts.devices.rules import FAILURES_SINCE, WARY_FOR, Attempt, Past, Risk, risks_of
from accounts.devices.traces import Trace
from accounts.users.models import User

PAGE = 20
LOOKED_BACK_AT = 500  # sign-ins; more in the log's days are a machine's


def sign_ins_of(user: User, limit: int = PAGE, *, before: int | None = None) -> QuerySet[SignIn]:
    """The newest attempts to enter user's account. before: id of the last one that was shown already."""
    mine = SignIn.objects.filter(user=user)
    shown = Q() if before is None else Q(at__lt=Subquery(mine.filter(pk=before).values("at")))
    return mine.filter(shown).order_by("-at", "-pk")[:limit]


def sessions_of(user: User) -> QuerySet[SignIn]:
    """The sign-ins whose sessions are open now, newest first."""
    lasting = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    return SignIn.objects.filter(Exists(lasting), user=user, ended_at=None).order_by("-at", "-pk")


def sign_in_of(user: User, sign_in_id: int) -> SignIn | None:
    """One of user's sign-ins; None for somebody else's, as for one that does not exist."""
    return SignIn.objects.filter(user=user, pk=sign_in_id).first()


def unusual(user: User, trace: Trace, *, at: datetime) -> list[Risk]:
    """What distinguishes this sign-in from user's earlier ones. Ask before signing in. Source: K31."""
    is_known = Browser.objects.filter(user=user, token_digest=trace.digest(user)).exists()
    return risks_of(Attempt(is_known, trace.network, trace.place), past_of(user, at=at))


def past_of(user: User, *, at: datetime) -> Past:
    """What is remembered of user's sign-ins; `last_login` remains when they are swept."""
    since = at - timedelta(days=settings.SIGN_IN_LOG_DAYS)
    rows = SignIn.objects.filter(user=user, at__gt=since).order_by("-at", "-pk")[:LOOKED_BACK_AT]
    networks, places, failures = set(), set(), 0
    has_entered = was_disowned = False
    for result, seen_at, network, place, disowned_at in rows.values_list(
        "result", "at", "network", "place", "disowned_at"
    ):
        was_disowned |= disowned_at is not None and disowned_at > at - WARY_FOR
        if result == SignIn.Result.ENTERED and disowned_at is None:
            has_entered = True
            networks.add(network)
            places.add(place)
        elif result == SignIn.Result.WRONG_CODE and not has_entered and seen_at > at - FAILURES_SINCE:
            failures += 1
    return Past(
        is_first=user.last_login is None,
        networks=frozenset(networks - {""}),
        places=frozenset(places - {""}),
        failures=failures,
        was_disowned=was_disowned,
    )
