"""Addresses of announcements, and the desk's page of a campaign, which `portal.urls` mounts under /desk/."""

from django.urls import path

from consent.campaigns import views

app_name = "campaigns"

urlpatterns = [
    path("", views.announcement_list, name="announcements"),
    path("feed/", views.AnnouncementFeed(), name="announcement_feed"),
    path("<slug:policy>/<int:number>/", views.announcement, name="announcement"),
]

desk_urlpatterns = [
    path("campaigns/<int:version_id>/", views.desk_campaign, name="campaign"),
    path("campaigns/<int:version_id>/pause/", views.desk_pause, name="campaign_pause"),
    path("campaigns/<int:version_id>/resume/", views.desk_resume, name="campaign_resume"),
]
