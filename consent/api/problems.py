"""Every error of the API as RFC 9457 has it: a code for machines, sentences for people in their language."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework import exceptions

from consent.api.kinds import KINDS, Kind, snake_case
from consent.clients.rules import KeyRefused
from consent.ledger.errors import LedgerError, NotTheirs

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
PAGE = "/api/v1/docs/problems/"


class FieldError(msgspec.Struct, frozen=True):
    """One value that is not as it must be. pointer: RFC 6901 into the body, or ?name for a parameter of the address."""

    pointer: str
    code: str
    message: str


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457. type leads to an explanation; title and detail are in the language of Accept-Language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] = []


@dataclass(eq=False)
class ApiProblem(Exception):
    """code: of `kinds`. detail: a sentence for this case, where that of the kind is not enough."""

    code: str
    detail: str | Promise = ""
    errors: Sequence[tuple[str, str, str | Promise]] = ()  # as FieldError
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | None = None

    @property
    def known_kind(self) -> Kind:
        """What `kinds` says about the code, unless the problem brings its own."""
        return self.kind or KINDS[self.code]


def invalid(pointer: str, code: str, message: str | Promise) -> ApiProblem:
    """One value that is not as it must be (422)."""
    return ApiProblem("invalid", errors=[(pointer, code, message)])


def problem_response(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to an error, in the language that the request asks for. What is no error of the caller is logged."""
    with translation.override(translation.get_language_from_request(request)):
        problem = problem_of(error)
        if problem.code == "broken":
            problem.detail = _log(request, error)
        said = _said(problem)
        language = translation.to_locale(translation.get_language() or settings.LANGUAGE_CODE).replace("_", "-")
    headers = {"Content-Language": language, "Cache-Control": "no-store"} | dict(problem.headers)
    response = HttpResponse(msgspec.json.encode(said), MEDIA_TYPE, status=said.status, headers=headers)
    patch_vary_headers(response, ["Accept-Language"])
    vars(response)["_has_been_logged"] = True  # Django would log the address, which may name a person
    return response


def _said(problem: ApiProblem) -> Problem:
    kind = problem.known_kind
    return Problem(
        type=f"{settings.BASE_URL}{PAGE}#{problem.code}",
        title=str(kind.title),
        status=kind.status,
        detail=str(problem.detail or kind.advice),
        code=problem.code,
        errors=[FieldError(pointer, code, str(message)) for pointer, code, message in problem.errors],
    )


def problem_of(error: Exception) -> ApiProblem:
    """Any error of ours, of Django, of the framework or of msgspec as a problem."""
    match error:
        case ApiProblem():
            return error
        case KeyRefused(code=code):
            return ApiProblem(code, headers={"WWW-Authenticate": _challenge(code)})
        case Http404() | NotTheirs() | exceptions.NotFound():
            return ApiProblem("not_found")
        case LedgerError():
            return _ledger_problem(error)
        case msgspec.ValidationError():
            return ApiProblem("invalid", errors=[field_error(str(error))])
        case msgspec.DecodeError() | UnicodeDecodeError() | exceptions.ParseError():
            return ApiProblem("unreadable")
        case SuspiciousOperation():
            return ApiProblem("too_large" if isinstance(error, RequestDataTooBig) else "bad_request")
        case OperationalError() | InterfaceError():
            logger.warning("The database did not answer: %s", type(error).__name__)
            return ApiProblem("unavailable", headers={"Retry-After": "5"})
        case exceptions.APIException():
            return _framework_problem(error)
    return ApiProblem("broken")


_WHERE = re.compile(r" - at `(?:key in )?\$?(?P<path>[^`]*)`$")
_FIELD = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>.*)`$", re.S)


def field_error(said: str) -> tuple[str, str, str]:
    """What msgspec said about a body, as pointer, code and sentence."""
    where = _WHERE.search(said)
    words = said[: where.start()] if where else said
    pointer = _pointer(where["path"]) if where else ""
    if named := _FIELD.match(words):
        name = named["name"].replace("~", "~0").replace("/", "~1")
        missing = named["what"] == "missing required"
        message = _("This member is missing.") if missing else _("There is no such member.")
        return f"{pointer}/{name}", "missing" if missing else "unknown", message
    if words.startswith("Invalid enum value"):
        return pointer, "choice", _("This is not one of the values that are allowed here.")
    if ", got `" in words:
        return pointer, "type", _("A value of another type is expected here.")
    if words.startswith("Expected `") and ("<" in words or ">" in words):
        return pointer, "bounds", _("This is too short, too long, too small or too large.")
    return pointer, "format", _("This is not written as it must be.")


def _pointer(path: str) -> str:
    """`.answers[0].status` as `/answers/0/status`; `[...]` stands for some member of a mapping."""
    return "".join(f"/{part}" for part in re.split(r"[.\[\]]+", path.replace("[...]", "")) if part)


def _ledger_problem(error: LedgerError) -> ApiProblem:
    code = snake_case(type(error).__name__)
    if code in KINDS:
        return ApiProblem(code)
    return ApiProblem(code, kind=Kind(error.http_status, error.message, error.message))


def _framework_problem(error: exceptions.APIException) -> ApiProblem:
    match error:
        case exceptions.MethodNotAllowed():
            return ApiProblem("method_not_allowed")
        case exceptions.NotAcceptable():
            return ApiProblem("not_acceptable")
        case exceptions.UnsupportedMediaType():
            return ApiProblem("unsupported_media_type")
        case exceptions.PermissionDenied():
            return ApiProblem("scope_missing")
    return ApiProblem("broken")


def _challenge(code: str) -> str:
    """Source: RFC 6750, 3: without a key there is nothing wrong with it."""
    return 'Bearer realm="Assent"' if code == "key_missing" else 'Bearer realm="Assent", error="invalid_token"'


def _log(request: HttpRequest, error: Exception) -> str:
    reference = f"E-{token_hex(4)}"
    route = request.resolver_match.route if request.resolver_match else ""  # unlike the path it names nobody
    logger.error("%s %s failed, told the caller %s", request.method, route, reference, exc_info=error)
    return _("The cause is in our log under %(reference)s. What was recorded before is not lost.") % {
        "reference": reference
    }
