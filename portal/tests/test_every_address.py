"""What holds for every address of the portal: nobody's ids but one's own, no form without its token, no way out."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from accounts.devices.models import SignIn
from accounts.models import Role, User
from accounts.otp.tests.factories import make_authenticator
from consent.ledger.models import ConsentEvent
from consent.rights.export.models import Export
from consent.rights.leaving.tests.factories import make_full_person
from consent.rights.requests.links import token_of
from consent.rights.requests.tests.factories import make_request, make_staff

pytestmark = pytest.mark.django_db
PERSONAL = ("/account/", "/consents/receipts/", "/requests/")  # where an id belongs to one person
ONES_OWN = {"field", "kind"}  # parts that name something of whoever is signed in
# Calls by key; a receipt that anybody checks, which changes nothing; the one click of a mail program (RFC 8058).
NO_TOKEN_NEEDED = ("/api/v1/", "/check/", "/unsubscribe/")
ABROAD = (
    *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example"),
    *("https://evil.example", "http:///evil.example", "/%09/evil.example", "/\t/evil.example", " //evil.example"),
    *("javascript:alert(1)", "data:text/html,x", "//evil.example\\@127.0.0.1", "https://testserver@evil.example"),
    *("https://testserver.evil.example", "%2f%2fevil.example", "/ //evil.example"),
)


def patterns(resolver: Any, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Every address with what stands before its own pattern."""
    for found in resolver.url_patterns:
        if isinstance(found, URLPattern):
            yield before + str(found.pattern), found
        else:
            yield from patterns(found, before + str(found.pattern))


def filled(route: str, values: dict[str, Any]) -> str:
    """The path of a route with a value in each of its parts."""
    return re.sub(r"<\w+:(\w+)>", lambda part: str(values[part[1]]), route)


ROUTES = list(patterns(get_resolver()))
OWNED = [
    route
    for route, found in ROUTES
    if route.startswith(PERSONAL) and set(found.pattern.converters) - ONES_OWN and "language" not in route
]


def ids_of(user: User) -> dict[str, Any]:
    """One of each thing that user has, by the name that addresses give it."""
    subject = make_full_person(user)
    app = make_authenticator(user, name="another")
    request = make_request(user, at=timezone.now() + timedelta(days=400))  # a year whose numbers the others do not have
    export = Export.objects.create(
        user=user, language="en", asked_at=timezone.now(), ready_at=timezone.now(), size=1,
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    return {
        "kind": "totp",
        "pk": app.pk,
        "sign_in_id": SignIn.objects.filter(user=user).latest("pk").pk,
        "number": request.number,
        "token": token_of("R-2026-000000"),  # of another request
        "export_id": export.pk,
        "event_id": ConsentEvent.objects.filter(subject_id=subject.pk).latest("at").id,
    }


ABSENT = {
    "kind": "totp",
    "pk": 987654,
    "sign_in_id": 987654,
    "number": "R-1999-000001",
    "token": token_of("R-2026-000000"),
    "export_id": uuid4(),
    "event_id": uuid4(),
}


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_things_are_no_different_from_absent_ones(
    alice: User, make_user: Callable[..., User], client: Client, method: str
) -> None:
    hers, different = ids_of(alice), list[tuple[object, ...]]()
    client.force_login(make_user(email="mallory@people.example"))

    for route in OWNED:
        there = getattr(client, method)(filled(route, hers))
        absent = getattr(client, method)(filled(route, ABSENT))
        if (there.status_code, _body(there, hers)) != (absent.status_code, _body(absent, ABSENT)):
            different.append((route, there.status_code, absent.status_code))
        if there.status_code not in (404, 405, 410):  # 410: an undo that is over, or never was
            different.append((route, there.status_code))

    assert len(OWNED) >= 12
    assert different == []


def test_ones_own_things_are_there(alice: User, client: Client) -> None:
    mine = ids_of(alice)
    client.force_login(alice)

    statuses = {route: client.get(filled(route, mine)).status_code for route in OWNED if "token" not in route}

    assert {route for route, status in statuses.items() if status == 404} == set()


def test_no_form_is_taken_without_its_token() -> None:
    at_the_desk, taken = Client(enforce_csrf_checks=True), []
    at_the_desk.force_login(make_staff(*Role))
    values = ABSENT | {name: "x" for _route, found in ROUTES for name in found.pattern.converters if name not in ABSENT}
    values |= {"language": "en", "field": "name", "number": 1, "old": 1, "new": 2, "size": 1}
    values |= {name: 1 for name in ("hold_id", "key_id", "version_id", "width", "level")}

    for route, found in ROUTES:
        if not found.pattern.converters and "(" in route:
            continue  # tiles of the log: regular expressions, and nothing to change
        is_exempt = getattr(found.callback, "csrf_exempt", False)
        path = filled(route, values | ({"number": "R-1999-000001"} if "<slug:number>" in route else {}))
        if not (path.startswith(NO_TOKEN_NEEDED) if is_exempt else at_the_desk.post(path).status_code == 403):
            taken.append((route, is_exempt))

    assert taken == []


@pytest.mark.parametrize("abroad", ABROAD)
def test_no_address_leads_elsewhere(client: Client, abroad: str) -> None:
    for path in ("/language/en/", "/account/login/", "/account/signup/", "/account/logout/", "/account/login/code/"):
        for name in ("next", "following", "url", "return_to"):
            answers = [client.get(path, {name: abroad}), client.post(path, {name: abroad})]
            assert [_leaves(answer.headers.get("Location", "")) for answer in answers] == [False, False], path


@pytest.mark.parametrize("abroad", ABROAD)
def test_a_header_does_not_lead_elsewhere(client: Client, alice: User, abroad: str) -> None:
    client.force_login(alice)

    answers = [client.get(path, headers={"referer": abroad}) for path in ("/", "/language/en/", "/account/verify/")]

    assert not any(_leaves(answer.headers.get("Location", "")) for answer in answers)


def _leaves(location: str) -> bool:
    """Whether a browser would go to another host; it reads a backslash as a slash, and no tabs or blanks in front."""
    read = re.sub(r"[\t\r\n]", "", location.strip()).replace("\\", "/")
    return bool(re.match(r"(?://|[a-z][a-z0-9+.-]*:)", read, re.IGNORECASE)) and not read.startswith(settings.BASE_URL)


def _body(response: Any, ids: dict[str, Any]) -> str:
    """What a reader could compare: without what they typed themselves, and tokens that are new each time."""
    body = response.getvalue().decode("utf-8", "replace")
    for value in sorted(map(str, ids.values()), key=len, reverse=True):
        body = body.replace(value, "…") if len(value) > 3 else body
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|next=[^"&]*', "", body)
