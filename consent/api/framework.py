"""Operations written with REST framework: who calls, what they may do, and how errors are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, NotAcceptable
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.api.calls import Call, finished
from consent.api.problems import ApiProblem, problem_response


class BearerKey(BaseAuthentication):
    """An API key as RFC 6750 has it; request.auth is the Call."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Call]:
        """Raises KeyRefused (401)."""
        return AnonymousUser(), Call.of(request._request)


class Json(BaseRenderer):
    """A name to choose by, like every renderer here: views write their answers themselves."""

    media_type, format, charset = "application/json", "json", None


class JsonBody(BaseParser):
    """Names the one type that is read; `Call.body` reads it."""

    media_type = "application/json"


class ApiView(APIView):
    """scopes: what a key needs, by method."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (BearerKey,)
    permission_classes = ()
    renderer_classes: Sequence[type[BaseRenderer]] = (Json,)
    parser_classes = (JsonBody,)
    http_method_names = ("get", "head", "post", "put")
    scopes: ClassVar[Mapping[str, str]]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """In the language that the request asks for: no middleware chooses one for the API."""
        self.limits: dict[str, str] = {}
        with translation.override(translation.get_language_from_request(request)):
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return finished(response, self.limits)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        """Raises NotAcceptable (406), for a ?format= that is not there as well."""
        try:
            chosen: tuple[BaseRenderer, str] = super().perform_content_negotiation(request, force)
        except Http404 as error:
            raise NotAcceptable from error
        return chosen

    def check_permissions(self, request: Request) -> None:
        """Raises ApiProblem (403, 429)."""
        taken = self.call.take()
        self.limits = taken.headers
        if not taken.granted:
            raise ApiProblem("too_many_requests")
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.scopes:
            raise MethodNotAllowed(method)
        self.call.check_scope(self.scopes[method])

    @property
    def call(self) -> Call:
        """Who calls."""
        return cast(Call, self.request.auth)

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], HttpResponse]:
        """Every error is a problem, one that nobody foresaw as well."""
        return lambda error, context: problem_response(context["request"]._request, error)


class OpenView(ApiView):
    """Answers without a key."""

    authentication_classes = ()

    def check_permissions(self, request: Request) -> None:
        """Nothing to check."""
