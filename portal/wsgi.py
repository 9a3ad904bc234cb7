"""The WSGI application that a web server loads: pages through every middleware, the API through those that it needs."""

import os
from collections.abc import Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.utils.module_loading import import_string

from portal.page_cache import PageCache

django.setup(set_prefix=False)

API_PREFIX, API_PAGES = "/api/v1/", "/api/v1/docs/"


class ApiHandler(WSGIHandler):
    """Django's handler with `API_MIDDLEWARE`: a call with a key has no session, form, message or page to frame, and
    what they cost is most of a request that takes one statement."""

    def load_middleware(self, is_async: bool = False) -> None:
        """As in the base class, for middleware that is only a callable."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        handler = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for path in reversed(settings.API_MIDDLEWARE):
            handler = convert_exception_to_response(import_string(path)(handler))
        self._middleware_chain = handler


_pages, _api = PageCache(WSGIHandler()), ApiHandler()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """WSGI (PEP 3333)."""
    path = environ.get("PATH_INFO", "")
    is_call = path.startswith(API_PREFIX) and not path.startswith(API_PAGES)
    return (_api if is_call else _pages)(environ, start_response)
