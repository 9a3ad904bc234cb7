"""Running the set-based statements of this package, which no ORM would write."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from consent.campaigns.models import Channel, Delivery

Arguments = Sequence[Any] | Mapping[str, Any]

# For f-strings: the numbers that the models name.
QUEUED, SENDING, SENT, REFUSED, UNKNOWN, GONE = (state.value for state in Delivery.State)
EMAIL, SMS, PUBLIC = (channel.value for channel in Channel)

# How a person is reached; `u` is accounts_user. A contact that was not proven is not used (K14).
HAS_EMAIL = "(u.email <> '' AND u.email_verified_at IS NOT NULL)"
HAS_PHONE = "(u.phone <> '' AND u.phone_verified_at IS NOT NULL)"


def fetch(statement: str, arguments: Arguments = ()) -> list[tuple[Any, ...]]:
    """The rows that a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def execute(statement: str, arguments: Arguments = ()) -> int:
    """The number of rows that a statement changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.rowcount)
