"""API keys for tests."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from accounts.audit.rules import SYSTEM
from consent.clients.actions import create_key
from consent.clients.models import Scope
from consent.policies.models import Controller

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def make_key(controller: Controller, scopes: Iterable[Scope] = Scope, **fields: Any) -> str:
    """A key that may do everything, or what is named."""
    how: dict[str, Any] = {"actor": SYSTEM, "at": AT} | fields
    return create_key(controller, "tests", scopes, **how)[1]
