"""What retention refuses, each with a sentence for people and a status for the API."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class RetentionError(Exception):
    """message: for people, in their language."""

    message: ClassVar[str | Promise]
    http_status: ClassVar[int] = 409


class AlreadyHeld(RetentionError):
    """A hold stands on the person (409)."""

    message = _("A hold on this person is in force already.")


class NotHeld(RetentionError):
    """The hold was lifted before (409)."""

    message = _("This hold was lifted already.")


class AlreadyGone(RetentionError):
    """The account is closed or its erasure has started, and nothing is left to hold (409)."""

    message = _("This account is closed: nothing is left to hold.")
