"""By what a controller knows somebody: 32 bytes from which nobody can tell the reference without the index key."""

from __future__ import annotations

import hmac

from accounts.sealing.rules import index_key

_LABEL = b"assent/ledger/subject-ref/1"  # one purpose of INDEX_KEY; another label would give other references


def account_ref(user_id: int) -> bytes:
    """32 bytes that stand for an account of the portal."""
    return _ref(f"user:{user_id}")


def reference_ref(reference: str) -> bytes:
    """32 bytes that stand for a controller's own reference to a person."""
    return _ref(f"ref:{reference}")


def _ref(text: str) -> bytes:
    return hmac.digest(hmac.digest(index_key(), _LABEL, "sha256"), text.encode(), "sha256")
