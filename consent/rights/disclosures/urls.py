"""The desk's addresses of the register of disclosures, which `portal.urls` mounts under /desk/."""

from django.urls import path

from consent.rights.disclosures import views

desk_urlpatterns = [
    path("disclosures/", views.disclosures, name="disclosures"),
    path("disclosures/new/", views.new_disclosure, name="new_disclosure"),
]
