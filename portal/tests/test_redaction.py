"""No log line holds an address that opens something."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.models import User
from consent.rights.requests.links import token_of
from consent.rights.requests.tests.factories import make_request
from portal.redaction import RedactingFormatter, redact

SECRET = ("token", "reference")  # parts of addresses that open something, or may name a person
# Parts by which nobody gets in who could not otherwise: numbers, codes of the register, ids behind a sign-in, and the
# sealed name by which one company calls an account holder.
HARMLESS = {
    *("code", "controller", "event", "event_id", "export_id", "field", "hold_id", "key_id", "kind", "language"),
    *(
        "level",
        "new",
        "number",
        "old",
        "path",
        "person",
        "pk",
        "policy",
        "sign_in_id",
        "size",
        "slug",
        "version_id",
        "width",
    ),
}
LOGGING: Any = settings.LOGGING
TOKEN = "Zm9v-YmFy_43-characters-of-a-token-that-opens"  # noqa: S105 - of nothing


def patterns(resolver: Any, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the portal with what stands before its own pattern."""
    for found in resolver.url_patterns:
        if isinstance(found, URLPattern):
            yield before + str(found.pattern), found
        else:
            yield from patterns(found, before + str(found.pattern))


def test_every_part_of_an_address_is_known_as_harmless_or_is_taken_out() -> None:
    unknown, shown, secret = set(), [], 0

    for route, found in patterns(get_resolver()):
        names = found.pattern.converters or found.pattern.regex.groupindex
        unknown |= set(names) - HARMLESS - set(SECRET)
        if set(names) & set(SECRET):
            secret += 1
            path = route
            for name, converter in found.pattern.converters.items():
                kind = next(kind for kind in ("int", "slug", "str", "path", "uuid") if f"<{kind}:{name}>" in route)
                path = path.replace(f"<{kind}:{name}>", TOKEN if name in SECRET else "R-2026-000001")
                assert converter
            if TOKEN in redact(f"Not Found: {path}"):
                shown.append(path)

    assert unknown == set()
    assert shown == []
    assert secret >= 7


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["delete", "post"])
def test_a_refused_request_is_logged_without_its_token(
    alice: User, client: Client, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    request = make_request(alice)
    token = token_of(request.number)
    formatter = RedactingFormatter(LOGGING["formatters"]["line"]["format"])

    answer = getattr(client, method)(f"/requests/{request.number}/{token}/")

    lines = [formatter.format(record) for record in caplog.records if record.name == "django.request"]
    assert answer.status_code in (404, 405)
    assert any(f"/requests/{request.number}/***/" in line for line in lines)
    assert token not in "".join(lines)


def test_the_handler_of_the_portal_uses_it() -> None:
    assert LOGGING["formatters"]["line"]["()"] == "portal.redaction.RedactingFormatter"
    assert LOGGING["handlers"]["stream"]["formatter"] == "line"
    assert LOGGING["root"]["handlers"] == ["stream"]


@pytest.mark.parametrize(
    "line",
    [
        f"Not Found: /account/undo//{TOKEN}/",
        f"Not Found: //requests//R-2026-000001/{TOKEN}/",
        f"Not Found: /Account/Undo/{TOKEN}",
        f"Not Found: /API/v1/Subjects/{TOKEN}/consents",
        f"Not Found: /api//v1/subjects/{TOKEN}",
    ],
)
def test_an_address_that_was_written_carelessly_shows_no_more(line: str) -> None:
    assert TOKEN not in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /account/requests/R-2026-000001/confirm/",
        "Not Found: /desk/requests/R-2026-000001/claim/",
        "Not Found: /policies/privacy/",
        "200 rows of requests/1 done",
    ],
)
def test_what_opens_nothing_stays_readable(line: str) -> None:
    assert redact(line) == line


def test_a_traceback_is_read_too() -> None:
    try:
        raise ValueError(f"/account/undo/{TOKEN}/")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "broken", None, (ValueError, error, error.__traceback__))

    assert TOKEN not in RedactingFormatter().format(record)
