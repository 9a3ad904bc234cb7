"""Addresses of a person's receipts, and of the public check."""

from django.urls import path

from consent.ledger.receipts import views

app_name = "receipts"

urlpatterns = [
    path("<uuid:event_id>/", views.receipt, name="receipt"),
    path("<uuid:event_id>.json", views.bundle, name="bundle"),
    path("<uuid:event_id>.pdf", views.pdf, name="pdf"),
    path("<uuid:event_id>/kantara.json", views.kantara, name="kantara"),
]
check_urlpatterns = [
    path("", views.check_page, name="check"),
    path("verify_receipt.py", views.program, name="program"),
    path("<uuid:event_id>/", views.entry, name="entry"),
]
