"""Addresses of policies: the public's, and the desk's, which `portal.urls` mounts under /desk/."""

from django.urls import path

from consent.policies.recipients import views as recipients
from consent.policies.views import desk, public

app_name = "policies"

urlpatterns = [
    path("", public.policy_list, name="list"),
    path("<slug:slug>/", public.policy, name="policy"),
    path("<slug:slug>/versions/<int:number>/", public.version, name="version"),
    path("<slug:slug>/versions/<int:number>.json", public.version_json, name="version_json"),
    path("<slug:slug>/versions/<int:number>.md", public.version_markdown, name="version_markdown"),
    path("<slug:slug>/versions/<int:number>/notice.json", public.version_notice, name="version_notice"),
    path("<slug:slug>/changes/<int:old>-<int:new>/", public.changes, name="changes"),
]

desk_urlpatterns = [
    path("", desk.home, name="home"),
    path("policies/<slug:slug>/draft/", desk.draft, name="draft"),
    path("policies/<slug:slug>/draft/new/", desk.new_draft, name="new_draft"),
    path("policies/<slug:slug>/draft/preview/", desk.preview, name="preview"),
    path("policies/<slug:slug>/draft/new-purpose/", desk.purpose, name="new_purpose"),
    path("policies/<slug:slug>/draft/purposes/<slug:code>/", desk.purpose, name="purpose"),
    path("policies/<slug:slug>/draft/purposes/<slug:code>/remove/", desk.remove, name="remove_purpose"),
    path("policies/<slug:slug>/publish/", desk.publish, name="publish"),
    path("controllers/<slug:slug>/", desk.controller, name="controller"),
    path("controllers/<slug:slug>/recipients/", recipients.recipients, name="recipients"),
    path("controllers/<slug:slug>/recipients/new/", recipients.new_recipient, name="new_recipient"),
    path("controllers/<slug:slug>/recipients/of/<slug:code>/", recipients.recipient, name="recipient"),
    path(
        "controllers/<slug:slug>/recipients/of/<slug:code>/agreements/", recipients.new_agreement, name="new_agreement"
    ),
    path(
        "controllers/<slug:slug>/recipients/of/<slug:code>/agreements/<int:pk>/end/",
        recipients.end_agreement,
        name="end_agreement",
    ),
]
