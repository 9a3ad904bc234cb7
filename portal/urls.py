"""Every address of the portal, a domain a line."""

from django.urls import include, path

from consent.campaigns import urls as campaigns
from consent.clients import urls as clients
from consent.ledger.decisions import urls as decisions
from consent.ledger.receipts import urls as receipts
from consent.ledger.receipts.views import keys
from consent.policies import urls as policies
from portal import dev_inbox, health, views

desk_urls = [
    *policies.desk_urlpatterns,
    *campaigns.desk_urlpatterns,
    *clients.desk_urlpatterns,
    *decisions.desk_urlpatterns,
]

urlpatterns = [
    path("api/v1/", include("consent.api.v1.urls")),  # first, since it is called most
    path("", views.home, name="home"),
    path("language/<slug:language>/", views.choose_language, name="language"),
    path("policies/", include("consent.policies.urls")),
    path("consents/as-of/", include("consent.ledger.decisions.urls")),
    path("consents/receipts/", include("consent.ledger.receipts.urls")),
    path("check/", include((receipts.check_urlpatterns, "check"))),
    path(".well-known/jwks.json", keys, name="jwks"),
    path(".well-known/gpc.json", views.global_privacy_control, name="gpc"),
    path("consents/", include("consent.ledger.urls")),
    path("log/", include("consent.ledger.log.urls")),
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
