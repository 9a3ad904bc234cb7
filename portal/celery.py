"""The Celery application: everything that can wait."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    ["accounts.users", "consent.outbox", "consent.campaigns", "consent.ledger.decisions", "consent.ledger.log"]
)
