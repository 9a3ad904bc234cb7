"""Addresses of cancelling, which `portal.urls` mounts under /account/."""

from django.urls import path

from consent.rights.leaving import views

app_name = "leaving"
urlpatterns = [
    path("leave/", views.leave, name="leave"),
    path("leave/undo/", views.undo, name="undo"),
    path("leave/sign-out/", views.sign_out, name="sign_out"),
    path("left/<str:token>/", views.receipt, name="receipt"),
]
