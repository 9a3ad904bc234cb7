"""The address of a status page for somebody who is not signed in: whoever has it was sent it."""

from __future__ import annotations

import base64
import hmac

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from accounts.sealing.rules import index_key

_LABEL = b"assent/requests/link/1:"  # one purpose of INDEX_KEY


def link_to(number: str) -> str:
    """The whole address, which says nothing about the person."""
    return settings.BASE_URL + reverse("requests:by_link", args=[number, token_of(number)])


def token_of(number: str) -> str:
    """43 characters that nobody can guess; made anew each time, so that none is stored."""
    digest = hmac.digest(index_key(), _LABEL + number.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def fits(number: str, token: str) -> bool:
    """Whether token belongs to number; takes the same time either way."""
    return constant_time_compare(token_of(number), token)
