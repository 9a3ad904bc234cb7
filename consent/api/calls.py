"""What every call has in common: who makes it, how often, what it brings, and how it is answered."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from accounts.audit.rules import Actor, ActorKind
from consent.api.problems import ApiProblem
from consent.clients import quotas
from consent.clients.authentication import authenticated
from consent.clients.quotas import Taken
from consent.clients.rules import KnownKey

LARGEST_BODY = 1024 * 1024
LONGEST_KEY = 200
PIECE = 64 * 1024
JSON = "application/json"
Body = TypeVar("Body", bound=msgspec.Struct)
Answer = TypeVar("Answer", bound=HttpResponseBase)


class _Body(io.RawIOBase):
    """Half a body must not be taken for a whole one."""

    def __init__(self, request: HttpRequest) -> None:
        # Django takes a body without Content-Length for empty, and granian's own readline stops after one line
        self._read = request.META["wsgi.input"].read if request.META.get("wsgi.input_terminated") else request.read
        self._left = int(request.META.get("CONTENT_LENGTH") or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._read(len(buffer))
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        if not piece and self._left > 0:
            raise ConnectionError("the body was cut off")
        return len(piece)


@dataclass(frozen=True, slots=True)
class Call:
    """A request of somebody who is known. at: aware UTC instant at which it came."""

    request: HttpRequest
    key: KnownKey
    at: datetime

    @classmethod
    def of(cls, request: HttpRequest) -> Call:
        """Raises KeyRefused (401)."""
        at = datetime.now(UTC)
        return cls(request, authenticated(request.META.get("HTTP_AUTHORIZATION"), at), at)

    @property
    def controller_id(self) -> int:
        """The company whose system calls; it sees nothing of another."""
        return self.key.controller_id

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return Actor(ActorKind.CLIENT, self.key.id)

    def take(self) -> Taken:
        """Count the call."""
        return quotas.take(self.key.account, self.key.requests_a_minute, time.time())

    def check_scope(self, scope: str) -> None:
        """Raises ApiProblem (403)."""
        if scope not in self.key.scopes:
            raise ApiProblem("scope_missing")

    def body(self, decoder: msgspec.json.Decoder[Body]) -> Body:
        """The JSON of the body. Raises ApiProblem (413, 415) or msgspec.DecodeError (400, 422)."""
        meta = self.request.META
        if meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != JSON:
            raise ApiProblem("unsupported_media_type")
        length = int(meta.get("CONTENT_LENGTH") or 0)
        if length > LARGEST_BODY:
            raise ApiProblem("too_large")
        octets = self.request.body if length else self.stream().read(LARGEST_BODY + 1)
        if len(octets) > LARGEST_BODY:
            raise ApiProblem("too_large")
        return decoder.decode(octets)

    def stream(self) -> io.BufferedReader:
        """The body as it comes in, chunks of unknown length as well. Reading raises ConnectionError where the caller
        breaks off."""
        return io.BufferedReader(_Body(self.request), PIECE)

    def idempotency_key(self) -> str:
        """Raises ApiProblem (400). Source: draft-ietf-httpapi-idempotency-key-header-07."""
        key: str = self.request.META.get("HTTP_IDEMPOTENCY_KEY", "").strip()
        if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise ApiProblem("idempotency_key")
        return key


def json_response(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer about people, which nobody keeps on the way."""
    return HttpResponse(
        msgspec.json.encode(value),
        JSON,
        status=status,
        headers={"Cache-Control": "private, no-store", **(headers or {})},
    )


def finished(response: Answer, limits: Mapping[str, str]) -> Answer:
    """The response with the headers that every answer has. limits: what is left of the minute."""
    for name, value in limits.items():
        response[name] = value
    if isinstance(response, HttpResponse) and response.status_code != 304:
        response["Content-Length"] = str(len(response.content))
    return response


def conditional(request: HttpRequest, response: HttpResponse, cache_control: str = "private, no-cache") -> HttpResponse:
    """The response with an ETag of its content, or 304 where the caller holds it. Source: RFC 9110, 13."""
    etag = f'"{blake2b(response.content, digest_size=16).hexdigest()}"'
    response["ETag"] = etag
    response["Cache-Control"] = cache_control
    answer: HttpResponseBase | None = get_conditional_response(request, etag=etag, response=response)
    return answer if isinstance(answer, HttpResponse) else response
