"""Showing that it is you, and the ways in which you can."""

from django.urls import path

from accounts.otp.views import verify, ways

verify_urlpatterns = [
    path("", verify.verify, name="verify"),
    path("go-on/", verify.go_on, name="go_on"),
]

ways_urlpatterns = [
    path("", ways.ways, name="ways"),
    path("app/", ways.add_app, name="add_app"),
    path("app/picture.svg", ways.app_picture, name="app_picture"),
    path("passkey/", ways.add_passkey, name="add_passkey"),
    path("recovery-codes/", ways.recovery_codes, name="recovery_codes"),
    path("<slug:kind>/<int:pk>/", ways.rename, name="rename"),
    path("<slug:kind>/<int:pk>/remove/", ways.remove, name="remove"),
]
