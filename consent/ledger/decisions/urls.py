"""Addresses of what was agreed to on a day: the person's own page, and the auditor's, mounted under /desk/."""

from django.urls import path

from consent.ledger.decisions import views

app_name = "decisions"

urlpatterns = [path("", views.own, name="own")]
desk_urlpatterns = [path("consents/as-of/", views.audit, name="as_of")]
