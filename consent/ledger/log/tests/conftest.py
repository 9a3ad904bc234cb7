"""A database whose events are committed, since the sealer only takes what no transaction can still change."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.utils import translation

from conftest import owner_connection
from consent.ledger.log.tiles import cache

TABLES = ("consent_event", "consent_leaf", "consent_tile", "consent_checkpoint")


@pytest.fixture(autouse=True)
def _no_tiles_in_memory() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def tamper(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """The tables' owner with the guards off: what the log is there to find."""
    with owner_connection() as owner:
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        yield owner
        for table in TABLES:
            owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")
