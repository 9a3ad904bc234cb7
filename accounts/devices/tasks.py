"""Celery tasks of the sign-in log."""

from celery import shared_task
from django.utils import timezone

from accounts.devices.actions import sweep_sign_ins


@shared_task
def sweep() -> None:
    """Beat, once a day."""
    sweep_sign_ins(at=timezone.now())
