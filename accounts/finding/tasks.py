"""Celery tasks of the searches."""

from celery import shared_task
from django.utils import timezone

from accounts.finding.actions import sweep_searches


@shared_task
def sweep() -> None:
    """Beat, once a day."""
    sweep_searches(at=timezone.now())
