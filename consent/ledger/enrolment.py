"""Making somebody known to a controller, with a key of their own, at first sight."""

from __future__ import annotations

import os
from datetime import datetime

from django.db import connection

from accounts.models import User
from consent.ledger.models import DataSubject
from consent.ledger.references import account_ref, reference_ref

_ENROL = """
WITH new AS (
    INSERT INTO data_subject (controller_id, ref, user_id, created_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO subject_key (subject_id, secret) SELECT id, %s FROM new
"""


def enrol(user: User, controller_id: int, *, at: datetime) -> DataSubject:
    """The account's holder in the eyes of one controller.

    at: aware UTC instant of that first sight. Two at once end with one row.
    """
    mine = DataSubject.objects.filter(user=user, controller=controller_id)
    if (subject := mine.first()) is not None:
        return subject
    _enrol(controller_id, account_ref(user.pk), user.pk, at)
    return mine.get()


def enrol_reference(controller_id: int, reference: str, *, at: datetime) -> DataSubject:
    """The person whom a controller's own systems call `reference`. at and two at once: as for `enrol`."""
    ref = reference_ref(reference)
    theirs = DataSubject.objects.filter(controller=controller_id, ref=ref)
    if (subject := theirs.first()) is not None:
        return subject
    _enrol(controller_id, ref, None, at)
    return theirs.get()


def _enrol(controller_id: int, ref: bytes, user_id: int | None, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ENROL, [controller_id, ref, user_id, at, os.urandom(32)])
