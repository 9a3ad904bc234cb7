"""Public pages for people without cookies, kept for a second: most readers of a policy are strangers, and on the day of
a change they come all at once. A page is at most that second old, so nothing has to be thrown away when it changes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.http import parse_etags

Headers = list[tuple[str, str]]
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

PREFIXES = ("/policies/", "/announcements/")
SECONDS = 1.0
MOST_BYTES = 16 * 1024 * 1024  # of all pages in a process: anybody can ask for the same page under many addresses
LONGEST_BYTES = 512 * 1024
SENT_WITH_304 = frozenset({"cache-control", "content-location", "date", "etag", "expires", "vary"})
# All that such a page may depend on beside its address; the portal answers each of its hosts.
KEY = ("HTTP_HOST", "HTTP_X_FORWARDED_PROTO", "PATH_INFO", "QUERY_STRING", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE")


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of 200 that says itself that it is public. until: by the monotonic clock. size: bytes that it takes in
    memory with its address."""

    headers: Headers
    body: bytes
    etag: str
    until: float
    size: int


class PageCache:
    """WSGI (PEP 3333) before the whole of Django. Thread-safe; each process has its own."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._pages: OrderedDict[tuple[str, ...], Page] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """A kept page, or what the application answers."""
        if not _may_keep(environ):
            return self.application(environ, start_response)
        key = tuple(environ.get(name, "") for name in KEY)
        page = self._pages.get(key)
        if page is None or page.until < time.monotonic():
            return self._ask(key, environ, start_response)
        if page.etag in (tag.removeprefix("W/") for tag in parse_etags(environ.get("HTTP_IF_NONE_MATCH", ""))):
            start_response("304 Not Modified", [h for h in page.headers if h[0].lower() in SENT_WITH_304])
            return [b""]
        start_response("200 OK", page.headers)
        return [page.body]

    def _ask(self, key: tuple[str, ...], environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        said: list[tuple[str, Headers]] = []

        def listen(status: str, headers: Headers, exc_info: Any = None) -> Any:
            said.append((status, headers))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        chunks = self.application(environ, listen)
        try:
            body = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        status, headers = said[-1]
        lower = {name.lower(): value for name, value in headers}
        public = "public" in lower.get("cache-control", "") and "set-cookie" not in lower
        if status.startswith("200 ") and public and lower.get("etag") and len(body) <= LONGEST_BYTES:
            size = len(body) + sum(map(len, key))
            self._keep(key, Page(headers, body, lower["etag"], time.monotonic() + SECONDS, size))
        return [body]

    def _keep(self, key: tuple[str, ...], page: Page) -> None:
        with self._lock:
            self._forget(self._pages.pop(key, None))
            self._pages[key] = page
            self._bytes += page.size
            while self._bytes > MOST_BYTES:
                self._forget(self._pages.popitem(last=False)[1])

    def _forget(self, page: Page | None) -> None:
        self._bytes -= page.size if page else 0


def _may_keep(environ: dict[str, Any]) -> bool:
    """Nobody is signed in, and nothing was noted for the reader but their language."""
    if environ["REQUEST_METHOD"] != "GET" or not environ.get("PATH_INFO", "").startswith(PREFIXES):
        return False
    cookie = environ.get("HTTP_COOKIE", "")
    return not cookie or (cookie.startswith(f"{settings.LANGUAGE_COOKIE_NAME}=") and ";" not in cookie)
