"""Every address of the portal, a domain a line."""

from django.urls import include, path

from accounts.otp import urls as otp
from consent.campaigns import urls as campaigns
from consent.clients import urls as clients
from consent.ledger.decisions import urls as decisions
from consent.ledger.receipts import urls as receipts
from consent.ledger.receipts.views import keys
from consent.policies import urls as policies
from consent.rights.compromise import views as compromise
from consent.rights.disclosures import urls as disclosures
from consent.rights.me import urls as me
from consent.rights.me.unsubscribing import unsubscribe
from consent.rights.requests import urls as requests
from consent.rights.retention import urls as retention
from portal import dev_inbox, health, views

desk_urls = [
    *policies.desk_urlpatterns,
    *campaigns.desk_urlpatterns,
    *clients.desk_urlpatterns,
    *decisions.desk_urlpatterns,
    *retention.desk_urlpatterns,
    *disclosures.desk_urlpatterns,
    *requests.desk_urlpatterns,
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
    path("account/verify/", include((otp.verify_urlpatterns, "verify"))),
    path("account/ways/", include((otp.ways_urlpatterns, "ways"))),
    path("account/sign-ins/", include("accounts.devices.urls")),
    path("account/compromised/", include("consent.rights.compromise.urls")),
    path("account/inactive/", compromise.locked, name="account_inactive"),  # allauth's name
    path("", include("consent.rights.requests.urls")),
    path("account/export/", include("consent.rights.export.urls")),
    path("account/", include("consent.rights.leaving.urls")),
    path("account/", include(me.account_urlpatterns)),
    path("account/", include((me.profile_urlpatterns, "profile"))),
    path("account/", include("accounts.contacts.urls")),
    path("account/", include("accounts.users.urls")),
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("desk/", include((desk_urls, "desk"))),
    path("healthz/", health.alive, name="healthz"),
    path("readyz/", health.ready, name="readyz"),
    *dev_inbox.urlpatterns,
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.broken"
