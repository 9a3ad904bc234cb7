"""Celery task of retention."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from consent.rights.retention.actions import run_retention


@shared_task
def destroy_due() -> None:
    """Beat, once a day."""
    run_retention(at=timezone.now())
