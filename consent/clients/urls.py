"""The desk's addresses of API keys, which `portal.urls` mounts under /desk/."""

from django.urls import path

from consent.clients import views

desk_urlpatterns = [
    path("controllers/<slug:slug>/keys/", views.keys, name="api_keys"),
    path("controllers/<slug:slug>/keys/<int:key_id>/revoke/", views.revoke, name="revoke_api_key"),
]
