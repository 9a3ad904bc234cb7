"""What a web server is given: kept pages for strangers, the API past the middleware that it does not need."""

import time
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from consent.policies.tests.factories import make_policy, make_version
from portal import page_cache
from portal.page_cache import PageCache
from portal.wsgi import application

PUBLIC = [("Content-Type", "text/html"), ("ETag", '"1"'), ("Cache-Control", "public, no-cache"), ("X-Other", "y")]


class Answers:
    """An application that counts how often it is asked, and says what it is told to."""

    def __init__(self, status: str = "200 OK", headers: list[tuple[str, str]] | None = None) -> None:
        self.asked, self.status, self.headers = 0, status, PUBLIC if headers is None else headers

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        start_response(self.status, self.headers)
        return [b"page ", str(self.asked).encode()]


def _get(app: Any, path: str = "/policies/privacy/", **environ: str) -> tuple[str, dict[str, str], bytes]:
    asked: dict[str, Any] = {"PATH_INFO": path, "wsgi.input": BytesIO(), "HTTP_HOST": "localhost", **environ}
    setup_testing_defaults(asked)
    said: list[tuple[str, list[tuple[str, str]]]] = []
    chunks = app(asked, lambda status, headers, exc_info=None: said.append((status, headers)))
    body = b"".join(chunks)
    if close := getattr(chunks, "close", None):
        close()
    return said[0][0], dict(said[0][1]), body


def test_the_second_stranger_is_given_the_kept_page() -> None:
    answers = Answers()
    pages = PageCache(answers)

    first, second = _get(pages), _get(pages)

    assert first == second
    assert answers.asked == 1


def test_who_holds_the_page_is_told_so() -> None:
    pages = PageCache(Answers())
    _get(pages)

    status, headers, body = _get(pages, HTTP_IF_NONE_MATCH='"0", W/"1"')

    assert (status, body) == ("304 Not Modified", b"")
    assert headers == {"ETag": '"1"', "Cache-Control": "public, no-cache"}


def test_a_page_is_kept_for_a_second_only(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers()
    pages = PageCache(answers)
    _get(pages)
    later = time.monotonic() + page_cache.SECONDS + 0.1

    monkeypatch.setattr(time, "monotonic", lambda: later)
    _status, _headers, body = _get(pages)

    assert (answers.asked, body) == (2, b"page 2")


@pytest.mark.parametrize(
    "other",
    [
        {"HTTP_COOKIE": "sessionid=1"},
        {"HTTP_COOKIE": "django_language=en; sessionid=1"},
        {"HTTP_COOKIE": "django_language=en"},
        {"HTTP_ACCEPT_LANGUAGE": "en"},
        {"QUERY_STRING": "language=en"},
        {"HTTP_HOST": "other.example"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"REQUEST_METHOD": "POST"},
    ],
)
def test_a_request_that_differs_is_asked_for_itself(other: dict[str, str]) -> None:
    answers = Answers()
    pages = PageCache(answers)
    _get(pages)

    _get(pages, **other)

    assert answers.asked == 2


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("404 Not Found", PUBLIC),
        ("301 Moved", PUBLIC),
        ("200 OK", [*PUBLIC, ("Set-Cookie", "a=b")]),
        ("200 OK", [("ETag", '"1"'), ("Cache-Control", "private")]),
        ("200 OK", [("Cache-Control", "public")]),
    ],
)
def test_what_is_not_public_is_never_kept(status: str, headers: list[tuple[str, str]]) -> None:
    answers = Answers(status, headers)
    pages = PageCache(answers)

    _get(pages)
    _get(pages)

    assert answers.asked == 2


def test_somebody_signed_in_is_never_given_a_kept_page() -> None:
    answers = Answers()
    pages = PageCache(answers)

    for _ in range(2):
        _get(pages, HTTP_COOKIE="sessionid=1")

    assert answers.asked == 2


def test_only_so_many_bytes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "MOST_BYTES", 100)
    answers = Answers()
    pages = PageCache(answers)

    for query in ("1", "2", "2", "3", "1"):
        _get(pages, QUERY_STRING=query)

    assert answers.asked == 4


def test_a_page_under_many_addresses_takes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "SECONDS", 0.0)
    pages = PageCache(Answers())

    for number in range(200):
        _get(pages, QUERY_STRING="x" * 100_000 + str(number % 190))

    assert sum(page.size for page in pages._pages.values()) == pages._bytes <= page_cache.MOST_BYTES


@pytest.mark.django_db(transaction=True)
def test_the_second_reader_of_a_policy_costs_no_query(django_assert_num_queries: Any) -> None:
    make_version(make_policy(slug="kept"))
    first = _get(application, "/policies/kept/", HTTP_ACCEPT_LANGUAGE="en")

    with django_assert_num_queries(0):
        second = _get(application, "/policies/kept/", HTTP_ACCEPT_LANGUAGE="en")
        unchanged = _get(application, "/policies/kept/", HTTP_ACCEPT_LANGUAGE="en", HTTP_IF_NONE_MATCH=first[1]["ETag"])

    assert first[0] == "200 OK"
    assert second == first
    assert unchanged[0] == "304 Not Modified"
    assert b"Purpose ads" in second[2]


@pytest.mark.django_db(transaction=True)
def test_pages_pass_every_middleware_and_calls_those_that_they_need() -> None:
    _status, page, _body = _get(application, "/consents/")
    _status, call, _body = _get(application, "/api/v1/nothing-here")

    assert "Content-Security-Policy" in page
    assert "Content-Security-Policy" not in call
    assert page["X-Content-Type-Options"] == call["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db(transaction=True)
def test_a_call_in_clear_is_refused_and_not_redirected(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    status, headers, body = _get(application, "/api/v1/policies")

    assert status.startswith("403")
    assert headers["Content-Type"] == "application/problem+json"
    assert b"https_required" in body
