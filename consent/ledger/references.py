"""By what a controller knows somebody: 32 bytes from which nobody can tell the reference without the field key."""

from __future__ import annotations

import base64
import hmac
from functools import cache

from django.conf import settings

_LABEL = b"assent/ledger/subject-ref/1"  # one purpose of FIELD_KEY; another label would give other references


def account_ref(user_id: int) -> bytes:
    """32 bytes that stand for an account of the portal."""
    return _ref(f"user:{user_id}")


def reference_ref(reference: str) -> bytes:
    """32 bytes that stand for a controller's own reference to a person."""
    return _ref(f"ref:{reference}")


def _ref(text: str) -> bytes:
    return hmac.digest(_key(settings.FIELD_KEY), text.encode(), "sha256")


@cache
def _key(field_key: str) -> bytes:
    return hmac.digest(base64.b64decode(field_key), _LABEL, "sha256")
