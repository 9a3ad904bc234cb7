"""The portal as shipped, with the floors beside it: bare Django views on the same server, handler and database.

granian --interface wsgi bench.site:application
"""

import random
from collections.abc import Iterable
from typing import Any

from portal.wsgi import ApiHandler
from portal.wsgi import application as portal  # sets Django up

from django.db import connection  # noqa: E402  isort: skip
from django.http import HttpRequest, HttpResponse, HttpResponseBase  # noqa: E402  isort: skip
from django.urls import path  # noqa: E402  isort: skip

FLOOR_PREFIX = "/floor/"
BODY = "x" * 120
PAGE = b"x" * 20_000
ROWS = 10_000


def bare(_request: HttpRequest) -> HttpResponse:
    """Nothing but Django."""
    return HttpResponse(b"ok")


def insert(_request: HttpRequest) -> HttpResponse:
    """One row by Django's cursor."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_floor (subject_id, body) VALUES (%s, %s)", [random.randrange(ROWS), BODY])
    return HttpResponse(b"ok")


def select(_request: HttpRequest) -> HttpResponse:
    """One row by primary key, another one each time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject_id, body FROM bench_row WHERE id = %s", [random.randrange(ROWS)])
        cursor.fetchone()
    return HttpResponse(b"ok")


def page(_request: HttpRequest) -> HttpResponse:
    """As many bytes as a policy of 20 KB has."""
    return HttpResponse(PAGE, content_type="text/html; charset=utf-8")


urlpatterns = [
    path("floor/bare", bare),
    path("floor/insert", insert),
    path("floor/select", select),
    path("floor/page", page),
]


class FloorHandler(ApiHandler):
    """The API's handler, with no address but the floors'."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """As in the base class."""
        request.urlconf = __name__
        return super().get_response(request)


_floors = FloorHandler()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """WSGI (PEP 3333)."""
    is_floor = environ.get("PATH_INFO", "").startswith(FLOOR_PREFIX)
    return (_floors if is_floor else portal)(environ, start_response)
