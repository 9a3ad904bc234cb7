"""Wiring only: settings, URLs, Celery, the frame that every page shares."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
