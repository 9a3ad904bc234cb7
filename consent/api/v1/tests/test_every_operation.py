"""What holds for each operation, found by walking the API's own document: a new one is covered by itself."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.audit.rules import SYSTEM
from accounts.models import Role, User
from consent.api.kinds import KINDS
from consent.api.v1.tests.conftest import Caller, problem
from consent.clients.actions import revoke_key
from consent.clients.models import ApiKey, Scope
from consent.clients.tests.factories import make_key
from consent.ledger.errors import LedgerError
from consent.ledger.log.tests.factories import seal_all
from consent.ledger.references import person_name
from consent.ledger.tests.factories import make_subject
from consent.policies.models import Controller, PolicyVersion
from consent.rights.requests.tests.factories import make_staff

ABSENT = UUID(int=0)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@cache
def document() -> dict[str, Any]:
    """The API's document."""
    found: dict[str, Any] = json.loads(json.dumps(_generated()))  # as a caller reads it
    return found


def _generated() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Operation:
    """One of the document's."""

    method: str
    path: str

    @property
    def said(self) -> dict[str, Any]:
        """What the document says about it."""
        said: dict[str, Any] = document()["paths"][self.path][self.method]
        return said

    def send(self, caller: Caller, names: dict[str, str], key: str = "walk") -> Any:
        """Make the documented call with these names in the address and in the body."""
        headers = {"idempotency_key": key}
        body = self._body(names, headers)
        query = [f"{p['name']}={names[p['name']]}" for p in self.said.get("parameters", []) if _is_asked_for(p)]
        path = self.path.removeprefix("/api/v1/").format(**names)
        return caller.call(self.method.upper(), f"{path}?{'&'.join(query)}", body, **headers)

    def _body(self, names: dict[str, str], headers: dict[str, str]) -> Any:
        if "requestBody" not in self.said:
            return None
        media, content = next(iter(self.said["requestBody"]["content"].items()))
        headers["content_type"] = media
        (example,) = content["examples"].values()
        text = example["value"] if isinstance(example["value"], str) else json.dumps(example["value"])
        return text.replace("customer-1042", names["reference"]).replace("privacy", names["slug"])

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _is_asked_for(parameter: dict[str, Any]) -> bool:
    return bool(parameter["in"] == "query" and parameter.get("required"))


OPERATIONS = [Operation(method, path) for path, methods in document()["paths"].items() for method in methods]
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


@pytest.fixture
def names(caller: Caller, version: PolicyVersion, alice: User) -> dict[str, str]:
    """Of things that are there: a person with a yes to the version, and one with an account who allows labels."""
    event = caller.consent("customer-1").json()["events"][0]["id"]
    User.objects.filter(pk=alice.pk).update(allows_profiling=True)
    subject = make_subject(alice, version.policy.controller)
    person = person_name(subject.controller_id, alice.pk)
    return {"slug": "privacy", "number": "1", "reference": "customer-1", "event": event, "person": person} | _instants()


@pytest.fixture
def sealed(transactional_db: None, names: dict[str, str]) -> dict[str, str]:
    """The same, and the yes is in the log."""
    seal_all()
    return names


def _instants() -> dict[str, str]:
    return {"from": "1", "to": "1", "at": "2026-11-22T00:00:00Z"}


def _absent() -> dict[str, str]:
    absent = {"slug": "no-policy", "number": "1", "reference": "customer-0", "event": str(ABSENT), "person": "nobody"}
    return absent | _instants()


@every_operation
def test_a_key_for_everything_may(operation: Operation, caller: Caller, sealed: dict[str, str]) -> None:
    response = operation.send(caller, sealed)

    assert response.status_code in (200, 201), response.getvalue()


@every_operation
def test_another_companys_things_look_absent(operation: Operation, sealed: dict[str, str], stranger: Caller) -> None:
    there, absent = operation.send(stranger, sealed, "there"), operation.send(stranger, _absent(), "absent")

    assert there.status_code == absent.status_code
    assert _without_names(there, sealed) == _without_names(absent, _absent())


def _without_names(response: Any, names: dict[str, str]) -> str:
    text = INSTANT.sub("…", response.getvalue().decode())
    for name in ("reference", "slug", "event", "person"):
        text = text.replace(names[name], f"<{name}>")
    return text


@every_operation
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("no", "key_missing"),
        ("an unknown", "key_unknown"),
        ("an expired", "key_expired"),
        ("a revoked", "key_revoked"),
    ],
)
def test_without_a_living_key_nothing_is_told(operation: Operation, kind: str, code: str, company: Controller) -> None:
    keys = {
        "no": "",
        "an unknown": f"assent_{'x' * 43}",
        "an expired": make_key(company, expires_at=datetime.now(UTC) - timedelta(seconds=1)),
        "a revoked": _revoked(company),
    }

    response = operation.send(Caller(keys[kind]), _absent())

    assert problem(response) == (401, code)
    assert response["WWW-Authenticate"].startswith("Bearer ")


def _revoked(company: Controller) -> str:
    key = make_key(company)
    revoke_key(ApiKey.objects.latest("pk"), actor=SYSTEM, at=datetime.now(UTC))
    return key


@every_operation
def test_without_its_scope_an_operation_is_refused(operation: Operation, company: Controller) -> None:
    refused = [
        scope for scope in Scope if operation.send(Caller(make_key(company, [scope])), _absent()).status_code == 403
    ]

    assert len(refused) == len(Scope) - 1


@every_operation
def test_a_method_that_is_not_there_is_told(operation: Operation, caller: Caller) -> None:
    path = operation.path.removeprefix("/api/v1/").format(**_absent())

    response = caller.call("PATCH", path)

    assert problem(response) == (405, "method_not_allowed")
    assert operation.method.upper() in response["Allow"]


@every_operation
def test_no_session_opens_an_operation_whoever_is_signed_in(operation: Operation, sealed: dict[str, str]) -> None:
    at_the_desk = Caller("")
    at_the_desk.client.force_login(make_staff(*Role))

    response = operation.send(at_the_desk, sealed)

    assert problem(response) == (401, "key_missing")


@pytest.mark.parametrize("path", ["", "nowhere", "policies/", "subjects/", "log/proofs/7", "policies/a/versions/x"])
def test_an_address_that_is_not_there_is_a_problem(path: str, caller: Caller) -> None:
    assert problem(caller.get(path)) == (404, "not_found")


def test_the_document_is_valid_and_complete() -> None:
    GENERATOR_STATS.reset()
    schema = _generated()

    validate_schema(schema)  # type: ignore[no-untyped-call]

    assert not GENERATOR_STATS
    assert schema["openapi"] == "3.1.0"
    assert len(OPERATIONS) >= 17


def test_every_refusal_of_the_ledger_has_a_kind_of_its_own() -> None:
    refused = {error.__name__ for error in _descendants(LedgerError)}

    assert refused - {"NotTheirs"} <= {"".join(word.title() for word in code.split("_")) for code in KINDS}


def _descendants(parent: type) -> Iterator[type]:
    for child in parent.__subclasses__():
        yield child
        yield from _descendants(child)
