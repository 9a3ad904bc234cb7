"""Locking one's own account. What a locked account says has a name that allauth knows: see portal.urls."""

from django.urls import path

from consent.rights.compromise import views

app_name = "compromise"
urlpatterns = [path("", views.report, name="report")]
