"""Addresses of a person's export, which `portal.urls` mounts under /account/export/."""

from django.urls import path

from consent.rights.export import views

app_name = "export"
urlpatterns = [
    path("", views.export, name="export"),
    path("<uuid:export_id>/", views.download, name="download"),
]
