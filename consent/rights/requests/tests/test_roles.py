"""Every page of the desk, for every role and for none, is what the one table says; so a new page cannot be forgotten
(K60)."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from pytest_django import Settings

from accounts.models import Role, User
from accounts.staff.permissions import MENU, PERMISSIONS, as_markdown, menu_for, roles_for
from consent.rights.requests.tests.factories import make_staff
from portal.urls import desk_urls

# Whatever a page is about: the test asks only whether its door opens, and 404 is the door's answer too, so that one is
# told apart by the gate behind the door, which sends on whoever it has let in.
ARGUMENTS = {
    "slug": "none",
    "code": "none",
    "number": "R-2026-000001",
    "version_id": 1,
    "key_id": 1,
    "pk": 1,
    "hold_id": 1,
}
PAGES = sorted({pattern.name or "" for pattern in desk_urls})
GATE = "/gate/"


def send_on(_user: User) -> str:
    """A gate that stops everybody who came through the door."""
    return GATE


def address_of(page: str) -> str:
    """The page's address with some arguments."""
    pattern = next(pattern for pattern in desk_urls if pattern.name == page)
    names = pattern.pattern.converters
    return reverse(f"desk:{page}", kwargs={name: ARGUMENTS[name] for name in names})


def test_the_table_names_every_page_of_the_desk_once() -> None:
    named = [page for row in PERMISSIONS for page in row.pages]

    assert sorted(named) == PAGES
    assert {entry.page for entry in MENU} <= set(named)


def test_the_documentation_says_what_the_table_says() -> None:
    assert as_markdown() in (portal_settings.BASE_DIR / "docs" / "roles.md").read_text(encoding="utf-8")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_each_role_comes_through_the_doors_of_its_work_and_no_other(
    client: Client, role: Role | None, method: str, settings: Settings
) -> None:
    settings.STAFF_GATES = [f"{__name__}.send_on"]
    client.force_login(make_staff(*[role] if role else []))

    opened = set()
    for page in PAGES:
        response = getattr(client, method)(address_of(page))
        if response.status_code == 302:
            assert response["Location"] == GATE, page
            opened.add(page)
        else:
            assert response.status_code == 404, (page, response.status_code)

    allowed = {page for page in PAGES if role and role in roles_for(page)}
    assert opened == allowed


@pytest.mark.django_db
def test_a_person_and_a_stranger_come_through_no_door(client: Client, alice: User) -> None:
    for page in PAGES:
        assert client.get(address_of(page))["Location"].startswith("/account/login/"), page
    client.force_login(alice)
    for page in PAGES:
        for method in (client.get, client.post):
            assert method(address_of(page)).status_code == 404, page


def _api(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _api(entry, path)
        elif path.startswith("api/v1/") and not path.endswith("api/v1/") and not ("docs" in path or "openapi" in path):
            yield "/" + path


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_no_role_is_a_key_to_the_api(client: Client, role: Role) -> None:
    client.force_login(make_staff(role))

    answers = {}
    for path in _api(get_resolver()):
        filled = path
        while "<" in filled:
            before, _less, rest = filled.partition("<")
            kind, _more, after = rest.partition(">")
            filled = before + (str(uuid4()) if kind.startswith("uuid") else "1") + after
        answers[path] = {getattr(client, method)(filled).status_code for method in ("get", "post", "put", "delete")}

    assert answers
    closed = {401, 405}
    assert {path: codes for path, codes in answers.items() if not codes <= closed} == {}


def test_the_menu_shows_each_role_where_it_begins() -> None:
    begins = {role: [entry.page for entry in menu_for([role])] for role in Role}

    assert begins[Role.SUPPORT] == ["queue"]
    assert begins[Role.REVIEWER] == ["queue", "holds", "disclosures"]
    assert begins[Role.PUBLISHER] == ["home"]
    assert begins[Role.AUDITOR] == ["as_of", "reads", "retention", "disclosures"]
    assert begins[Role.ADMINISTRATOR] == ["reads", "retention"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "first"),
    [(Role.SUPPORT, "/desk/requests/"), (Role.AUDITOR, "/desk/consents/as-of/"), (Role.ADMINISTRATOR, "/desk/reads/")],
)
def test_whoever_opens_the_desk_comes_to_their_own_work(client: Client, role: Role, first: str) -> None:
    client.force_login(make_staff(role))

    assert client.get("/desk/")["Location"] == first
