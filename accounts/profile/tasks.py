"""Celery tasks of the profile."""

from celery import shared_task
from django.utils import timezone

from accounts.profile.reminders import remind_of_expiry


@shared_task
def remind() -> None:
    """Beat, once a day: whose identity document expires soon."""
    while remind_of_expiry(at=timezone.now()):
        pass
