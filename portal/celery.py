"""The Celery application: everything that can wait."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "accounts.notices",
        "accounts.devices",
        "accounts.finding",
        "accounts.profile",
        "consent.outbox",
        "consent.campaigns",
        "consent.ledger.decisions",
        "consent.ledger.log",
        "consent.rights.export",
        "consent.rights.leaving",
        "consent.rights.requests",
        "consent.rights.retention",
    ]
)
