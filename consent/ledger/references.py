"""By what a controller knows somebody: 32 bytes from which nobody can tell the reference without the index key."""

from __future__ import annotations

import hmac

from accounts.sealing.names import name_of, named_by
from accounts.sealing.rules import index_key

_LABEL = b"assent/ledger/subject-ref/1"  # one purpose of INDEX_KEY; another label would give other references


def account_ref(user_id: int) -> bytes:
    """32 bytes that stand for an account of the portal."""
    return _ref(f"user:{user_id}")


def reference_ref(reference: str) -> bytes:
    """32 bytes that stand for a controller's own reference to a person."""
    return _ref(f"ref:{reference}")


def person_name(controller_id: int, user_id: int) -> str:
    """By what the API calls an account's holder towards one controller: opaque, and for another controller another."""
    return name_of(user_id.to_bytes(8, "big"), f"person:{controller_id}")


def person_named(controller_id: int, name: str) -> int | None:
    """The account of that name; None where the controller was never given it."""
    content = named_by(name, f"person:{controller_id}")
    return int.from_bytes(content, "big") if content else None


def _ref(text: str) -> bytes:
    return hmac.digest(hmac.digest(index_key(), _LABEL, "sha256"), text.encode(), "sha256")
