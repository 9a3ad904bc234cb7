"""Addresses of a person's own consents."""

from django.urls import path

from consent.ledger import views

app_name = "ledger"

urlpatterns = [
    path("", views.consents, name="consents"),
    path("<slug:slug>/answer/", views.answer, name="answer"),
    path("<slug:slug>/changes/<int:number>/", views.changes, name="changes"),
    path("<slug:slug>/decide/", views.decide, name="decide"),
]
