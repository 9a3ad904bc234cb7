"""Sign-ins and sessions of the person who looks."""

from django.urls import path

from accounts.devices import views

app_name = "sign_ins"
urlpatterns = [
    path("", views.sign_ins, name="list"),
    path("again/", views.again, name="again"),
    path("again/prove/", views.prove, name="prove"),
    path("end-others/", views.end_others, name="end_others"),
    path("<int:sign_in_id>/end/", views.end, name="end"),
    path("<int:sign_in_id>/not-me/", views.not_me, name="not_me"),
]
