"""The document and the pages of the API."""

import json

import pytest
from django.test import Client

from accounts.models import User
from consent.api.kinds import KINDS
from consent.api.v1.tests.conftest import Caller, problem
from consent.api.v1.tests.test_every_operation import OPERATIONS
from consent.clients.models import Scope

PAGES = ("docs/", "docs/try/", "docs/problems/")
pytestmark = pytest.mark.django_db


def test_the_document_is_for_everybody_and_kept_by_its_etag() -> None:
    nobody = Caller("")

    first = nobody.get("openapi.json")
    again = nobody.get("openapi.json", if_none_match=first["ETag"])

    assert json.loads(first.content)["openapi"] == "3.1.0"
    assert (again.status_code, first["Cache-Control"]) == (304, "public, no-cache")
    assert nobody.get("openapi.yaml").content.startswith(b"openapi: 3.1.0")


def test_the_page_shows_every_operation_with_its_scope(client: Client) -> None:
    page = client.get("/api/v1/docs/").content.decode()

    for operation in OPERATIONS:
        assert f"{operation.method.upper()} {operation.path}" in page
        assert operation.said["x-scope"] in Scope.values


def test_who_is_signed_in_stays_so(client: Client, alice: User) -> None:
    client.force_login(alice)

    response = client.get("/api/v1/docs/")

    assert alice.masked_name in response.content.decode()
    assert response["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response["Vary"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_of_problems_explains_every_code(client: Client, language: str) -> None:
    page = client.get("/api/v1/docs/problems/", headers={"accept-language": language}).content.decode()

    assert all(f'id="{code}"' in page for code in KINDS)
    assert ("Something went wrong on our side" in page) is (language == "en")


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_nothing_from_elsewhere(client: Client, path: str) -> None:
    response = client.get(f"/api/v1/{path}")

    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in f"{policy};"
    assert "unsafe" not in policy
    assert ("data:" in policy) is (path == "docs/try/")


@pytest.mark.parametrize("path", [*PAGES, "openapi.json"])
def test_what_is_only_read_refuses_the_rest_as_a_problem(path: str) -> None:
    assert problem(Caller("").call("POST", path, {})) == (405, "method_not_allowed")
