"""Every address of the portal, a domain a line."""

from django.urls import include, path

from consent.campaigns import urls as campaigns
from consent.policies import urls as policies
from portal import dev_inbox, health, views

desk_urls = [*policies.desk_urlpatterns, *campaigns.desk_urlpatterns]

urlpatterns = [
    path("", views.home, name="home"),
    path("language/<slug:language>/", views.choose_language, name="language"),
    path("policies/", include("consent.policies.urls")),
    path("consents/", include("consent.ledger.urls")),
    path("announcements/", include("consent.campaigns.urls")),
    path("account/", include("accounts.users.urls")),
    path("desk/", include((desk_urls, "desk"))),
    path("healthz/", health.alive, name="healthz"),
    path("readyz/", health.ready, name="readyz"),
    *dev_inbox.urlpatterns,
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.broken"
