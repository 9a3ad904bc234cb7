"""An outbox for messages to one person: written with the act they tell of, sent once that is committed.

A worker claims some for LEASE, sends them outside any transaction and records each result by itself. One that dies in
between costs at most one repetition of one message, under the same id, so that whoever gets it twice can tell.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.notices.broker import wake
from accounts.notices.models import Notice
from accounts.notices.rules import AT_ONCE, KEPT, LEASE, PATIENCE, next_try_at
from accounts.users.models import User
from accounts.users.rules import Contact

SEND = "accounts.notices.tasks.send_due"
CLAIM = """
    UPDATE accounts_notice SET attempts = attempts + 1, due_at = %(until)s
    WHERE id IN (
        SELECT id FROM accounts_notice
        WHERE due_at <= %(at)s AND sent_at IS NULL AND given_up_at IS NULL
        ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )
    RETURNING *
"""
WIPED = {"destination": "", "parameters": {}}


def tell(
    user: User | None,
    event: str,
    parameters: Mapping[str, str],
    *,
    contacts: Iterable[Contact],
    at: datetime,
    language: str = "",
) -> list[Notice]:
    """Send each of contacts the message of event as soon as the caller's transaction commits.

    user: whom it concerns, None for somebody without an account. event: names `templates/emails/<event>-…` and
    `templates/sms/<event>.txt`. parameters: texts of the message in its language; never a code. contacts: also ones
    that user has given up; with none nothing happens. at: aware UTC instant. language: without it user's, or the
    portal's.
    """
    if "code" in parameters:
        raise ValueError("a code must not wait")
    rows = [
        Notice(
            user_id=user.pk if user else None,
            event=event,
            kind=contact.kind,
            destination=contact.value,
            parameters=dict(parameters),
            language=language or (user.language if user else settings.LANGUAGE_CODE),
            created_at=at,
            due_at=at,
        )
        for contact in contacts
    ]
    if rows:
        Notice.objects.bulk_create(rows)
        transaction.on_commit(lambda: wake(SEND), robust=True)
    return rows


def claim_due(*, at: datetime) -> list[Notice]:
    """Up to AT_ONCE messages that nobody else sends before `at + LEASE`, the longest due first."""
    claimed = Notice.objects.raw(CLAIM, {"at": at, "until": at + LEASE, "limit": AT_ONCE})
    return sorted(claimed, key=lambda notice: notice.created_at)


def record_sent(notice: Notice, *, at: datetime) -> None:
    """A server took it; to whom it went and what it said is not kept."""
    Notice.objects.filter(pk=notice.pk).update(sent_at=at, **WIPED)


@transaction.atomic
def record_refused(notice: Notice, contact: Contact, *, at: datetime) -> None:
    """A server will never take it: it is given up, and whoever has contact is asked about it (K119)."""
    _give_up(Q(pk=notice.pk), at)
    if notice.user_id is not None:
        User.objects.naming(contact).filter(pk=notice.user_id).update(**{f"{contact.kind}_bounced_at": at})


def record_failed(notice: Notice, *, at: datetime) -> None:
    """It did not leave: it is tried again later, or given up."""
    due_at = next_try_at(notice.attempts, created_at=notice.created_at, at=at)
    # Whoever has claimed it since knows more.
    mine = Q(pk=notice.pk, attempts=notice.attempts)
    if due_at is None:
        _give_up(mine, at)
    else:
        Notice.objects.filter(mine, sent_at=None).update(due_at=due_at)


def sweep_notices(*, at: datetime) -> None:
    """Give up what dead workers left, and forget that anything was sent at all."""
    _give_up(Q(created_at__lt=at - PATIENCE - LEASE), at)
    Notice.objects.filter(created_at__lt=at - KEPT).delete()


def _give_up(which: Q, at: datetime) -> None:
    Notice.objects.filter(which, sent_at=None, given_up_at=None).update(given_up_at=at, **WIPED)
