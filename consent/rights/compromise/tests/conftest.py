"""A browser, and somebody who is signed in with it."""

from accounts.users.tests.conftest import visitor

__all__ = ["visitor"]
