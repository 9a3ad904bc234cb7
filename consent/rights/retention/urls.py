"""The desk's addresses of retention, which `portal.urls` mounts under /desk/."""

from django.urls import path

from consent.rights.retention import views

desk_urlpatterns = [
    path("retention/", views.retention, name="retention"),
    path("holds/", views.holds, name="holds"),
    path("holds/<int:hold_id>/lift/", views.lift, name="lift_hold"),
]
