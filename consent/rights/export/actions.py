"""Asking for an export, making it, fetching it once, destroying it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.audit.actions import record_audit
from accounts.audit.rules import SYSTEM, Actor
from accounts.models import User
from accounts.notices.actions import tell
from accounts.notices.broker import wake
from accounts.users.locking import hold
from consent.rights.export.errors import TooManyExports
from consent.rights.export.models import Export, ExportPart
from consent.rights.export.writing import FILES, LEASE, PenLost, write_export
from consent.rights.requests.errors import NotVerified
from consent.rights.requests.models import RightsRequest

MAKE = "consent.rights.export.tasks.make_waiting"
KEPT = timedelta(days=7)
DAY = timedelta(days=1)
MOST_A_DAY = 3  # of what a person asks for themselves; each keeps a worker busy
MOST_TRIES = 5
FETCHED_FOR = timedelta(hours=1)  # a download may still be running
log = logging.getLogger(__name__)


@transaction.atomic
def start_export(user: User, *, request: RightsRequest | None = None, actor: Actor, at: datetime) -> Export:
    """Begin to make an export; the one in the making, or that can still be fetched, where there is one.

    request: the one that the desk carries out, which always gets one of its own day. at: aware UTC instant.
    Raises TooManyExports (HTTP 429), NotVerified (409). Source: K95; PIPL 45; GB/T 35273-2020 8.1, 8.6.
    """
    if request and not request.is_verified:
        raise NotVerified
    hold(user)  # one after another
    mine = Export.objects.filter(user=user)
    making = mine.filter(ready_at=None, failed_at=None).first()
    if making is not None:
        return making
    if request is None:
        waiting = mine.filter(downloaded_at=None, destroyed_at=None, expires_at__gt=at).order_by("-asked_at").first()
        if waiting is not None:
            return waiting
        _refuse_haste(mine, at)
    export = Export.objects.create(user=user, request=request, language=user.language, asked_at=at, total=FILES)
    details = {"export": str(export.pk), "request": request.number if request else ""}
    record_audit("export.asked", actor=actor, target=f"user:{user.pk}", at=at, details=details)
    transaction.on_commit(partial(wake, MAKE), robust=True)
    return export


def _refuse_haste(mine: QuerySet[Export], at: datetime) -> None:
    asked = mine.filter(request=None, asked_at__gt=at - DAY).order_by("-asked_at").values_list("asked_at", flat=True)
    if len(asked) >= MOST_A_DAY:
        raise TooManyExports(MOST_A_DAY, asked[MOST_A_DAY - 1] + DAY)


def make_next(*, at: datetime) -> bool:
    """Make one export that waits, or whose maker was killed; False if there is none. Outside any transaction."""
    export = _take_pen(at)
    if export is None:
        return False
    ExportPart.objects.filter(export=export).exclude(token=export.token).delete()
    try:
        size = write_export(export)
        _finish(export, size)
    except PenLost:
        log.warning("export %s is written by another worker now", export.pk)
    except Exception:  # whatever it is, the export must end: ready, tried again, or failed
        log.exception("export %s was not made", export.pk)
        _give_back(export)
    return True


def take_download(user: User, export_id: UUID, *, actor: Actor, at: datetime) -> Export | None:
    """The export, for the one time that it can be fetched; None for another person's as for none, and a second time.
    Of two at once one gets it."""
    mine = Export.objects.filter(pk=export_id, user=user, downloaded_at=None, destroyed_at=None, expires_at__gt=at)
    with transaction.atomic():
        if not mine.update(downloaded_at=at):
            return None
        details = {"export": str(export_id)}
        record_audit("export.downloaded", actor=actor, target=f"user:{user.pk}", at=at, details=details)
    return Export.objects.get(pk=export_id)


@transaction.atomic
def destroy_old(*, at: datetime) -> int:
    """Destroy what was fetched, failed, or was not fetched in time; the number of exports."""
    over = Q(expires_at__lte=at) | Q(downloaded_at__lte=at - FETCHED_FOR) | Q(failed_at__lte=at)
    due = list(Export.objects.select_for_update(skip_locked=True).filter(over, destroyed_at=None))
    ExportPart.objects.filter(export__in=due).delete()
    Export.objects.filter(pk__in=[export.pk for export in due]).update(destroyed_at=at)
    return len(due)


@transaction.atomic
def _take_pen(at: datetime) -> Export | None:
    free = Q(lease_until=None) | Q(lease_until__lte=at)
    waiting = Export.objects.select_for_update(of=("self",), skip_locked=True).filter(
        free, ready_at=None, failed_at=None
    )
    export = waiting.select_related("user").order_by("asked_at").first()
    if export is not None:
        export.token, export.lease_until, export.done = export.token + 1, at + LEASE, 0
        export.save(update_fields=["token", "lease_until", "done"])
    return export


@transaction.atomic
def _finish(export: Export, size: int) -> None:
    now = timezone.now()
    mine = Export.objects.filter(pk=export.pk, token=export.token, ready_at=None)
    if not mine.update(ready_at=now, size=size, expires_at=now + KEPT, lease_until=None, done=FILES):
        raise PenLost
    record_audit(
        "export.ready", actor=SYSTEM, target=f"user:{export.user_id}", at=now, details={"export": str(export.pk)}
    )
    parameters = {
        "url": f"{settings.BASE_URL}{reverse('export:export')}",
        "until": timezone.localtime(now + KEPT).strftime("%Y-%m-%d %H:%M"),
    }
    contacts = [contact for contact in export.user.contacts if contact.is_proven]
    tell(export.user, "export_ready", parameters, contacts=contacts, at=now)


def _give_back(export: Export) -> None:
    """To be tried again when the lease ends, or given up."""
    mine = Export.objects.filter(pk=export.pk, token=export.token, ready_at=None)
    if export.token >= MOST_TRIES:
        mine.update(failed_at=timezone.now(), lease_until=None)
