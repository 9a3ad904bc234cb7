"""Alice at her own page, with a policy in effect that says why things are kept."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.users.tests.conftest import visitor
from consent.ledger.models import DataSubject
from consent.ledger.tests.factories import make_subject
from consent.policies.tests.factories import facts, make_policy, make_version

__all__ = ["visitor"]
IDENTITY = facts(
    "identity",
    lawful_basis="legal_duty",
    necessity="necessary",
    items=["name", "nationality", "sex", "occupation", "address", "id-number!"],
)
ADS = facts("ads", items=["occupation"])


@dataclass
class Browser:
    """A browser that speaks one language and is signed in as user."""

    user: User
    language: str = "en"
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.client.force_login(self.user)

    def get(self, path: str) -> HttpResponse:
        """Open a page."""
        return self.client.get(path, headers={"accept-language": self.language})  # type: ignore[return-value]

    def read(self, path: str, status: int = 200) -> str:
        """The words of a page."""
        response = self.get(path)
        assert response.status_code == status, response.status_code
        return response.content.decode()

    def post(self, path: str, **data: Any) -> HttpResponse:
        """Send a form. Names with `_` for `-`."""
        return self.client.post(path, data, headers={"accept-language": self.language})  # type: ignore[return-value]


@pytest.fixture
def at_home(alice: User) -> Browser:
    """Alice's browser."""
    return Browser(alice)


@pytest.fixture
def known(alice: User) -> DataSubject:
    """Alice as somebody of whom a company knows something, by its policy in effect."""
    policy = make_policy()
    make_version(policy, [IDENTITY, ADS])
    return make_subject(alice, policy.controller)
