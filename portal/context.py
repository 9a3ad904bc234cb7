"""What the frame of every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """development: whether /dev/inbox/ exists. portal_mark: the one character beside the portal's name."""
    return {
        "development": settings.DEVELOPMENT,
        "portal_name": settings.PORTAL_NAME,
        "portal_mark": settings.PORTAL_MARK,
    }
