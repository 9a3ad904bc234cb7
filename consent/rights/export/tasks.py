"""Celery task of exports. A message is only a wake-up; what is to be made stands in the table."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from consent.rights.export.actions import make_next


@shared_task
def make_waiting() -> None:
    """Beat, every ten seconds, and after each commit. One export a call, since one may take long."""
    make_next(at=timezone.now())
