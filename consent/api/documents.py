"""The OpenAPI document: made of the types that are read and written, and of the problems that can be met."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec
from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from consent.api import problems
from consent.api.framework import ApiView, BearerKey
from consent.api.kinds import KINDS, snake_case
from consent.api.problems import Problem

F = TypeVar("F", bound=Callable[..., Any])
Shape = type[msgspec.Struct]

_ALWAYS = ("bad_request", "method_not_allowed", "broken", "unavailable")
_WITH_KEY = ("key_missing", "key_unknown", "key_expired", "key_revoked", "scope_missing", "too_many_requests")
_WITH_BODY = ("unreadable", "too_large", "unsupported_media_type", "invalid")
_REF = "#/components/schemas/{name}"
_shapes: set[Shape] = set()

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    OpenApiParameter.HEADER,
    required=True,
    description="Your name for this act. The same key with the same content records nothing twice.",
)
REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description="true: an earlier call with this key and content recorded these events.",
)


def ref(shape: Shape) -> dict[str, str]:
    """A reference to a type, which becomes part of the document."""
    _shapes.add(shape)
    return {"$ref": _REF.format(name=shape.__name__)}


def operation(
    answer: Shape | None = None,
    *,
    status: Sequence[int] = (200,),
    media: Sequence[str] = (),
    body: Shape | None = None,
    parameters: Sequence[OpenApiParameter] = (),
    conditional: bool = False,
    refusals: Sequence[str] = (),
    example: dict[str, Any] | None = None,
) -> Callable[[F], F]:
    """Documents a method of a view; what every operation refuses is added by `Schema`.

    answer: what it gives with each status, as JSON; media: other types that it can give. conditional: answers 304 to
    somebody who holds it. refusals: codes of `kinds` of its own. example: a body.
    """
    responses: dict[Any, Any] = {code: _answer(answer) for code in status} if answer else {}
    for kind in media:
        content = OpenApiTypes.OBJECT if kind.endswith("+json") else OpenApiTypes.STR
        responses |= {(code, kind): content for code in status}
    if conditional:
        responses[304] = OpenApiResponse(description="You hold this already.")
    documented = extend_schema(
        request={"application/json": ref(body)} if body else None,
        responses=responses,
        parameters=list(parameters),
        examples=[OpenApiExample("A call", example, request_only=True)] if example else None,
    )

    def decorate(method: F) -> F:
        vars(method).update(refusals=tuple(refusals), has_body=body is not None)
        decorated: F = documented(method)
        return decorated

    return decorate


class Schema(AutoSchema):
    """Adds the problems and the headers that all operations share."""

    def get_operation_id(self) -> str:
        """The method and the view's name: `post_consents`."""
        return f"{self.method.lower()}_{snake_case(type(self.view).__name__)}"

    def get_extensions(self) -> dict[str, str]:
        """What a key needs."""
        return {"x-scope": str(self.view.scopes[self.method])}  # type: ignore[attr-defined]

    def get_auth(self) -> list[dict[str, Any]]:
        """Without the empty alternative that the framework's lack of permission classes would add."""
        return [requirement for requirement in super().get_auth() if requirement]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        by_status: dict[int, list[str]] = defaultdict(list)
        for code in self._refusals():
            by_status[KINDS[code].status].append(code)
        for status, codes in sorted(by_status.items()):
            response = OpenApiResponse(_problem(codes), description=_described(codes))
            media = (problems.MEDIA_TYPE,)
            found[str(status)] = self._get_response_for_code(response, str(status), media, direction)  # type: ignore[no-untyped-call]
        return dict(sorted(found.items()))

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_headers_for_code(status_code, direction)
        if self._has_key() and status_code != "401":
            found["RateLimit"] = _header('What is left of the minute: "minute";r=requests;t=seconds.')
            found["RateLimit-Policy"] = _header('Requests a minute: "minute";q=requests;w=60.')
        if status_code == "401":
            found["WWW-Authenticate"] = _header("Bearer, RFC 6750.")
        if status_code in ("429", "503"):
            found["Retry-After"] = _header("Seconds to wait.")
        documented = cast(Mapping[Any, Any], self.get_response_serializers())
        if status_code in ("200", "304") and 304 in documented:
            found["ETag"] = _header("Send it back in If-None-Match.")
        return found

    def _refusals(self) -> Iterable[str]:
        method = getattr(self.view, self.method.lower())
        yield from _ALWAYS
        if self._has_key():
            yield from _WITH_KEY
        if isinstance(self.view, ApiView):
            yield "not_acceptable"
        if method.has_body:
            yield from _WITH_BODY
        if "{" in self.path:
            yield "not_found"
        yield from method.refusals

    def _has_key(self) -> bool:
        return bool(self.view.authentication_classes)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Authorization: Bearer and an API key."""

    target_class = BearerKey
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Source: OpenAPI 3.1, Security Scheme Object."""
        return {"type": "http", "scheme": "bearer", "description": "A key that the publishing desk gives out."}


def add_shapes(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """The types that operations name, as components. A hook of drf-spectacular's."""
    found = msgspec.json.schema_components(sorted(_shapes, key=lambda shape: shape.__name__), ref_template=_REF)
    schemas = result["components"].setdefault("schemas", {})
    schemas.update(sorted(found[1].items()))
    return result


def _answer(shape: Shape) -> OpenApiResponse:
    return OpenApiResponse(ref(shape), description=(inspect.getdoc(shape) or "").partition("\n")[0])


def _problem(codes: Iterable[str]) -> dict[str, Any]:
    """A problem with one of the codes."""
    return {"allOf": [ref(Problem), {"properties": {"code": {"enum": sorted(set(codes))}}}]}


def _described(codes: Iterable[str]) -> str:
    with translation.override("en"):
        return " · ".join(f"{code}: {KINDS[code].title}" for code in dict.fromkeys(codes))


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}
