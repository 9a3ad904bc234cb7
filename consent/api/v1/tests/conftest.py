"""A company with a policy, a key, and somebody who calls with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from consent.clients import authentication, quotas
from consent.clients.tests.factories import make_key
from consent.policies.models import Controller, PolicyVersion
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

REGISTER = (facts("ads"), facts("location", is_sensitive=True), facts("kyc", lawful_basis="legal_duty"))
_keys = count(1)


@dataclass
class Caller:
    """A company's system. Answers are Django's, with `json()`."""

    key: str
    language: str = "en"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """path: behind /api/v1/. headers: with underscores."""
        sent = {"accept-language": self.language} | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            sent.setdefault("authorization", f"Bearer {self.key}")
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        kind = sent.pop("content-type", "application/json")
        how: dict[str, Any] = {} if body is None else {"data": data, "content_type": kind}
        return self.client.generic(method, f"/api/v1/{path}", headers=sent, **how)

    def get(self, path: str, **headers: str) -> Any:
        """GET."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """POST, under a new idempotency key where none is given."""
        headers.setdefault("idempotency_key", f"call-{next(_keys)}")
        return self.call("POST", path, body, **headers)

    def consent(self, subject: str = "customer-1", status: str = "given", **changes: Any) -> Any:
        """Record an answer to `ads`."""
        headers = {name: changes.pop(name) for name in ("idempotency_key",) if name in changes}
        answers = [{"purpose": "ads", "status": status}]
        body = {"subject": subject, "policy": "privacy", "language": "zh-hans", "answers": answers} | changes
        return self.post("consents", body, **headers)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Each test starts without remembered keys and counts."""
    authentication.forget()
    quotas.default.forget()
    yield
    authentication.forget()


@pytest.fixture
def company(db: None) -> Controller:
    """The company that calls."""
    return make_controller()


@pytest.fixture
def version(company: Controller) -> PolicyVersion:
    """Its policy's first version, in effect: two purposes by consent, one by law."""
    return make_version(make_policy(company), REGISTER)


@pytest.fixture
def caller(company: Controller, version: PolicyVersion) -> Caller:
    """With a key for everything."""
    return Caller(make_key(company))


@pytest.fixture
def stranger(db: None) -> Caller:
    """Another company's system, with a key for everything there."""
    return Caller(make_key(make_controller("other")))


def problem(response: HttpResponse) -> tuple[int, str]:
    """Status and code; fails where the answer is no problem document."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body = json.loads(response.content)
    assert body["status"] == response.status_code
    return body["status"], body["code"]
