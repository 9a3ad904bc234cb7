"""What the tests of imports and exports share."""

import pytest

from consent.ledger.tests.conftest import at_once
from consent.policies.models import Controller, PolicyVersion
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

__all__ = ["at_once"]


@pytest.fixture
def controller(db: None) -> Controller:
    """A company with the policy `privacy`."""
    return make_controller()


@pytest.fixture
def version(controller: Controller) -> PolicyVersion:
    """Asks about ads, and about location apart; the account rests on the contract."""
    purposes = [facts("ads"), facts("location", items=["place!"]), facts("account", lawful_basis="contract")]
    return make_version(make_policy(controller), purposes)
