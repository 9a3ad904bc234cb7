"""What the frame of every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

ACCOUNT = "/account/"  # below it everything is about the person who is signed in


def frame(request: HttpRequest) -> dict[str, Any]:
    """development: whether /dev/inbox/ exists. portal_mark: the one character beside the portal's name. section: which
    entry of the menu the page belongs to, where its view does not say."""
    return {
        "development": settings.DEVELOPMENT,
        "portal_name": settings.PORTAL_NAME,
        "portal_mark": settings.PORTAL_MARK,
        "section": "me" if request.path.startswith(ACCOUNT) else "",
    }
