"""Calls that schemathesis makes up from the document, right and wrong ones, against the application as servers run it:
never an error of ours, never an answer that the document does not name."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from consent.api.v1.tests.conftest import Caller
from consent.api.v1.tests.test_every_operation import OPERATIONS, Operation, names
from consent.clients import quotas
from portal.wsgi import application

__all__ = ["names"]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 25  # of each mode and operation


@contextmanager
def one_connection() -> Iterator[None]:
    """A server gives connections back after each request; here all of them share the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@cache
def api() -> Any:
    """The API by its document, as a stranger would get it."""
    with one_connection():
        return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_no_call_is_answered_but_as_documented(
    operation: Operation, mode: GenerationMode, caller: Caller, names: dict[str, str]
) -> None:
    statuses = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api()[operation.path][operation.method].as_strategy(generation_mode=mode), real=st.booleans())
    def call(case: Any, real: bool) -> None:
        quotas.default.forget()
        if real:
            _about_real_things(case, names)
        response = case.call_and_validate(headers={"Authorization": f"Bearer {caller.key}"}, checks=CHECKS)
        statuses.add(response.status_code)

    with one_connection():
        call()

    assert statuses


def _about_real_things(case: Any, names: dict[str, str]) -> None:
    """Half of the calls name what is there, or hardly one would come past the first look."""
    for name in set(case.path_parameters or {}) & set(names):
        case.path_parameters[name] = names[name]
    if isinstance(case.body, dict) and isinstance(case.body.get("policy"), str):
        case.body |= {"policy": names["slug"], "language": "en"}
