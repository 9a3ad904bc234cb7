"""Addresses of one's own contacts, below /account/."""

from django.urls import path

from accounts.contacts import views

app_name = "contacts"
urlpatterns = [
    path("contacts/still-mine/", views.still_mine, name="still_mine"),
    path("contacts/later/", views.later, name="later"),
    path("contacts/<slug:kind>/", views.change, name="change"),
    path("contacts/<slug:kind>/code/", views.prove, name="prove"),
    path("contacts/<slug:kind>/remove/", views.remove, name="remove"),
    path("contacts/<slug:kind>/confirm/", views.confirm, name="confirm"),
    path("undo/<str:token>/", views.undo, name="undo"),
]
