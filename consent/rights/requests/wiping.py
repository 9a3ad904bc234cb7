"""What people without an account wrote and left to be reached by is not kept for ever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent.rights.leaving.rules import months_later
from consent.rights.requests.models import ENDED, RightsRequest, Status

READ_FOR = timedelta(days=30)  # the answer can be read, and an appeal made; then nothing but a law keeps it
EMPTY = {"contact_kind": "", "contact_value": "", "name": "", "details": "", "wanted": None, "answer": ""}
AT_ONCE = 500


def wipe(requests: QuerySet[RightsRequest], *, at: datetime) -> int:
    """Leave of requests their numbers, kinds and dates: that one was answered, and when, is the company's to prove."""
    return requests.update(**EMPTY, wiped_at=at)


def wipe_strangers(keep: Iterable[tuple[int, date, date | None]], *, at: datetime) -> int:
    """Wipe the ended requests of people without an account whose term is over; how many.

    keep: terms in months, and the days between which a request must have ended for a term to hold; of several the
    longest counts. A law keeps answers: a request that ended because nobody showed who they are, or that was taken
    back, is kept for READ_FOR only, and so is everything where no law says more. Nothing is wiped while an appeal
    about it is open. Source: PIPL 19, 47.
    """
    terms, wiped, after = list(keep), 0, 0
    while chunk := _candidates(after, at):
        due = [request.pk for request in chunk if _kept_until(request, terms) <= timezone.localdate(at)]
        with transaction.atomic():
            wiped += wipe(RightsRequest.objects.filter(pk__in=due, user=None, wiped_at=None), at=at)
        after = chunk[-1].pk
    return wiped


def _candidates(after: int, at: datetime) -> list[RightsRequest]:
    over = RightsRequest.objects.filter(
        user=None, wiped_at=None, status__in=ENDED, ended_at__lte=at - READ_FOR, pk__gt=after
    )
    is_appealed = Q(appeal__isnull=False) & ~Q(appeal__status__in=ENDED)
    return list(over.exclude(is_appealed).only("pk", "status", "ended_at").order_by("pk")[:AT_ONCE])


def _kept_until(request: RightsRequest, terms: Sequence[tuple[int, date, date | None]]) -> date:
    ended_on = timezone.localdate(request.ended_at)  # an ended request has one, PostgreSQL sees to it
    months = [months for months, first, last in terms if first <= ended_on and (last is None or ended_on <= last)]
    if request.status != Status.CLOSED or not months:
        return ended_on
    return months_later(ended_on, max(months))
