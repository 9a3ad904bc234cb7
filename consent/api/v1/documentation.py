"""The document of the API, its pages, and the page of problems. They need no key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer2
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from consent.api.calls import conditional
from consent.api.framework import Json, OpenView
from consent.api.kinds import KINDS
from consent.api.problems import ApiProblem, problem_response
from consent.ledger.gate import gate_exempt

PUBLIC = "public, no-cache"


class Yaml(BaseRenderer):
    """As it is registered for OpenAPI documents."""

    media_type, format, charset = "application/yaml", "yaml", "utf-8"


class Html(BaseRenderer):
    """A page."""

    media_type, format, charset = "text/html", "html", "utf-8"


@extend_schema(exclude=True)
class Document(OpenView):
    """OpenAPI 3.1, as JSON or as YAML."""

    media: ClassVar[str] = Json.media_type
    renderer_classes = (Json, Yaml)

    def get(self, request: Request) -> HttpResponse:
        """The same for everybody."""
        content = written() if self.media == Json.media_type else written_as_yaml()
        return conditional(request._request, HttpResponse(content, self.media), PUBLIC)


@extend_schema(exclude=True)
class DocumentationPage(OpenView):
    """A page of the portal. context: what its template needs."""

    template: ClassVar[str] = ""
    context: ClassVar[Callable[[], dict[str, Any]]] = dict
    renderer_classes = (Html,)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Readable for everybody, whatever they have been asked."""
        return gate_exempt(super().as_view(**initkwargs))

    def perform_authentication(self, request: Request) -> None:
        """Nobody brings a key; who is signed in stays so."""

    def get(self, request: Request) -> HttpResponse:
        """In the reader's language, with their name above."""
        page = request._request
        response = render(page, self.template, type(self).context())
        response["Cache-Control"] = "private, no-cache" if page.user.is_authenticated else PUBLIC
        return response


class Operations(DocumentationPage):
    """What can be called, to read."""

    template = "api/operations.html"
    context = staticmethod(lambda: {"operations": list(operations())})


class Problems(DocumentationPage):
    """Every kind of problem with what to do about it; the addresses in `type` lead here."""

    template = "api/problems.html"
    context = staticmethod(lambda: {"kinds": KINDS})


@method_decorator(csp_update({"img-src": ["data:"]}), name="dispatch")
class Trial(DocumentationPage):
    """What can be called, to try: Swagger UI, from our own files. Its icons stand in its stylesheet as data."""

    template = "api/trial.html"


def nowhere(request: HttpRequest, path: str = "") -> HttpResponseBase:
    """404, as a problem."""
    return problem_response(request, ApiProblem("not_found"))


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation as the page shows it. says: its paragraphs. parameters, answers: of the document."""

    method: str
    path: str
    scope: str
    says: list[str]
    parameters: list[dict[str, Any]]
    body: str
    answers: dict[str, dict[str, Any]]


def operations() -> Iterator[Shown]:
    """What the document says, in its order."""
    for path, methods in document()["paths"].items():
        for method, said in methods.items():
            yield Shown(
                method=method.upper(),
                path=path,
                scope=said["x-scope"],
                says=said["description"].split("\n\n"),
                parameters=said.get("parameters", []),
                body=_example(said),
                answers=said["responses"],
            )


@cache
def document() -> dict[str, Any]:
    """The same in all processes: it follows from the code alone."""
    with translation.override("en"):
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


@cache
def written() -> bytes:
    """As JSON."""
    return json.dumps(document(), ensure_ascii=False, indent=1).encode()


@cache
def written_as_yaml() -> bytes:
    """As YAML."""
    return bytes(OpenApiYamlRenderer2().render(document(), renderer_context={}))  # type: ignore[no-untyped-call]


def _example(said: dict[str, Any]) -> str:
    if "requestBody" not in said:
        return ""
    (example, *_others) = next(iter(said["requestBody"]["content"].values()))["examples"].values()
    value = example["value"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
