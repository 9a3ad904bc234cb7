"""Addresses of the page about oneself and of what is edited there, below /account/."""

from django.urls import path

from consent.rights.me import views

account_urlpatterns = [path("", views.account, name="account")]
profile_urlpatterns = [
    path("profile/<slug:field>/", views.edit, name="edit"),
    path("profile/<slug:field>/show/", views.show, name="show"),
    path("profile/<slug:field>/remove/", views.remove, name="remove"),
    path("settings/", views.settings, name="settings"),
    path("history/", views.history, name="history"),
]
