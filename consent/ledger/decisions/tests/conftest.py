"""Several at once, as in the ledger's own tests."""

from consent.ledger.tests.conftest import at_once

__all__ = ["at_once"]
