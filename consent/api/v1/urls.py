"""Addresses of version 1. A person's name may hold a slash: `path` takes it, and what stands behind comes first."""

from django.urls import path, re_path

from consent.api.v1 import (
    acts,
    decisions,
    documentation,
    holders,
    labels,
    marketing,
    past,
    people,
    policies,
    proof,
    states,
    transfer,
)

app_name = "api"

urlpatterns = [
    # called most, found first
    path("consents", acts.Consents.as_view(), name="consents"),
    path("decisions", decisions.Decisions.as_view(), name="decisions"),
    path("subjects/<path:reference>/consents", states.States.as_view(), name="states"),
    path("policies", policies.Policies.as_view(), name="policies"),
    path("policies/<slug:slug>", policies.OnePolicy.as_view(), name="policy"),
    path("policies/<slug:slug>/versions", policies.Versions.as_view(), name="versions"),
    path("policies/<slug:slug>/versions/<int:number>", policies.OneVersion.as_view(), name="version"),
    path("policies/<slug:slug>/versions/<int:number>/text", policies.VersionText.as_view(), name="text"),
    path("withdrawals", acts.Withdrawals.as_view(), name="withdrawals"),
    path("subjects/<path:reference>/history", people.History.as_view(), name="history"),
    path("subjects/<path:reference>/as-of", past.Past.as_view(), name="past"),
    path("subjects/<path:reference>", people.Person.as_view(), name="person"),
    path("decisions/batch", decisions.ManyDecisions.as_view(), name="many_decisions"),
    path("people/find", holders.FindPerson.as_view(), name="find_person"),
    path("people/identify", holders.IdentifyPerson.as_view(), name="identify_person"),
    path("people/<str:person>/labels", labels.Labels.as_view(), name="labels"),
    path("people/<str:person>/checks", labels.Checks.as_view(), name="checks"),
    path("marketing/check", marketing.MarketingCheck.as_view(), name="marketing_check"),
    path("marketing/opt-outs", marketing.OptOuts.as_view(), name="opt_outs"),
    path("receipts/<uuid:event>", proof.Receipts.as_view(), name="receipt"),
    path("log/checkpoint", proof.Checkpoint.as_view(), name="checkpoint"),
    path("log/proofs/<uuid:event>", proof.Proofs.as_view(), name="proof"),
    path("log/consistency", proof.LogConsistency.as_view(), name="consistency"),
    path("imports", transfer.Imports.as_view(), name="imports"),
    path("exports/events", transfer.ExportedEvents.as_view(), name="exported_events"),
    path("openapi.json", documentation.Document.as_view(), name="document"),
    path("openapi.yaml", documentation.Document.as_view(media="application/yaml"), name="document_yaml"),
    path("docs/", documentation.Operations.as_view(), name="docs"),
    path("docs/try/", documentation.Trial.as_view(), name="trial"),
    path("docs/problems/", documentation.Problems.as_view(), name="problems"),
    re_path(r"", documentation.nowhere),
]
