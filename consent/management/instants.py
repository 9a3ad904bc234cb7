"""Instants as an argument of a command."""

import argparse
from datetime import datetime

from django.utils import timezone


def instant(text: str) -> datetime:
    """ISO 8601; a day begins at midnight, and without a zone it is the portal's own."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("ISO 8601, as 2026-03-01 or 2026-03-01T08:00+08:00") from error
    return at if at.utcoffset() is not None else timezone.make_aware(at)
