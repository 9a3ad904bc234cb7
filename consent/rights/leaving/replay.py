"""Erasing again whoever came back with a restored backup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import SYSTEM
from accounts.models import User
from consent.rights.leaving.erasing import finish_leaving
from consent.rights.leaving.journal import erasures_in, journal_path, mark_of
from consent.rights.leaving.models import Erasure, Leaving

AT_ONCE = 2_000


def replay(journals: Iterable[Path], *, at: datetime) -> tuple[int, int]:
    """Erase again everybody of the table and of the files; how many erasures these know, and how many were done again.

    Raises OSError for a file that cannot be read, NoJournal, NoVault (500). Source: K69.
    """
    marks = {bytes(erasure.mark): erasure.at for erasure in Erasure.objects.all()}
    for path in list(journals) or [journal_path()]:
        marks.update(erasures_in(path))
    found = returned(marks)
    for user_id, erased_at in found:
        erase_again(user_id, erased_at, at=at)
    return len(marks), len(found)


def returned(marks: Mapping[bytes, datetime]) -> list[tuple[int, datetime]]:
    """(user id, instant of the erasure) of everybody who was erased and is here again. Reads every open account."""
    there = User.objects.filter(closed_at=None).only("pk", "date_joined").order_by("pk")
    found = ((user.pk, marks.get(mark_of(user))) for user in there.iterator(chunk_size=AT_ONCE))
    return [(user_id, erased_at) for user_id, erased_at in found if erased_at]


def erase_again(user_id: int, erased_at: datetime, *, at: datetime) -> None:
    """As on the day on which they left, with the terms of that day and without a message: they were told then.

    Raises NoJournal, NoVault (500). Source: K69.
    """
    leaving_id = _leaving_again(user_id, erased_at, at)
    finish_leaving(leaving_id, at=at)


@transaction.atomic
def _leaving_again(user_id: int, erased_at: datetime, at: datetime) -> int:
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    leaving = Leaving.objects.select_for_update().filter(user=user, undone_at=None).first()
    if leaving is None:
        leaving = Leaving(user=user, mark=mark_of(user), proofs=[], begun_at=erased_at)
    if leaving.started_at is None:
        leaving.begun_at, leaving.due_at, leaving.replayed = min(leaving.begun_at, erased_at), erased_at, True
        leaving.save()
        record_audit("leaving.replayed", actor=SYSTEM, target=f"user:{user.pk}", at=at)
    return leaving.pk
