"""The mail server and SMS gateway of the accounts' tests, for consent's as well."""

from accounts.conftest import _servers, post_office

__all__ = ["_servers", "post_office"]
