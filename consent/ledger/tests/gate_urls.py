"""A small site behind the gate."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from consent.ledger.gate import gate_exempt


def page(request: HttpRequest, **_kwargs: str) -> HttpResponse:
    """Any page."""
    return HttpResponse("here you are")


@gate_exempt
def free(request: HttpRequest) -> HttpResponse:
    """A page that everybody may see."""
    return HttpResponse("here you are")


urlpatterns = [
    path("page/", page, name="page"),
    path("free/", free, name="free"),
    path("healthz/", page, name="healthz"),
    path("account/logout/", page, name="account_logout"),
    path("policies/", include(([path("", page, name="list")], "policies"))),
    path("rights/", include(([path("export/", page, name="export")], "rights"))),
    path(
        "consents/",
        include(([path("", page, name="consents"), path("<slug:slug>/answer/", page, name="answer")], "ledger")),
    ),
]
