"""People who meet at the desk."""

import pytest

from accounts.models import Role, User
from consent.rights.requests.tests.factories import make_staff


@pytest.fixture
def rita(db: None) -> User:
    """A reviewer."""
    return make_staff(Role.REVIEWER)


@pytest.fixture
def ruth(db: None) -> User:
    """Another reviewer."""
    return make_staff(Role.REVIEWER)
