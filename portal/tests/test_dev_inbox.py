"""The development inbox shows what the sinks took, and exists in development only."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Authenticator, User
from accounts.otp.tests.factories import make_authenticator, token_of

MESSAGES = [
    {
        "id": "1",
        "channel": "sms",
        "to": "+8613800138000",
        "subject": "",
        "text": "【示例支付】验证码 482913，10 分钟内有效。",
        "html": "",
        "template": "code",
        "parameters": {"code": "482913"},
        "headers": {},
        "at": "2026-03-02T01:00:00.000+00:00",
    },
    {
        "id": "2",
        "channel": "email",
        "to": "alice@people.example",
        "subject": "隐私政策",
        "text": "<script>alert(1)</script> https://portal.example/",
        "html": "<p>hello</p>",
        "template": "",
        "parameters": {},
        "headers": {"From": "privacy@portal.example"},
        "at": "2026-03-02T00:59:00.000+00:00",
    },
]

pytestmark = pytest.mark.django_db


class _Sink(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:  # noqa: N802 - the standard library's name
        self.asked.append(self.path)
        body = json.dumps({"messages": MESSAGES}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def sink(settings: Settings) -> Iterator[list[str]]:
    """What the sink was asked."""
    _Sink.asked = []
    with HTTPServer(("127.0.0.1", 0), _Sink) as server:
        settings.DEV_INBOX_URL = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield _Sink.asked
        server.shutdown()
        thread.join()


def test_a_code_can_be_read_plainly_and_nothing_of_a_message_is_run(client: Client, sink: list[str]) -> None:
    page = client.get("/dev/inbox/").content.decode()

    assert '<p class="big mono">482913</p>' in page
    assert "<script>alert" not in page
    assert '<a href="https://portal.example/"' in page
    assert "&lt;p&gt;hello&lt;/p&gt;" in page
    assert page.index("+8613800138000") < page.index("alice@people.example")


def test_the_same_as_json_for_one_receiver(client: Client, sink: list[str]) -> None:
    response = client.get("/dev/inbox.json", {"to": "+8613800138000", "limit": "5"})

    assert response.json() == {"messages": MESSAGES, "apps": []}
    assert parse_qs(urlsplit(sink[0]).query) == {"to": ["+8613800138000"], "limit": ["5"]}


@pytest.mark.parametrize("path", ["/dev/inbox/", "/dev/inbox.json"])
def test_while_the_sink_is_away_the_page_says_so(client: Client, settings: Settings, path: str) -> None:
    settings.DEV_INBOX_URL = "http://127.0.0.1:1"

    assert client.get(path).status_code == 503


def test_the_apps_of_staff_are_shown_and_nobody_elses(client: Client, sink: list[str], dave: User, alice: User) -> None:
    make_authenticator(alice, key="MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK")
    app = Authenticator.objects.get(user=dave)
    token = token_of(app)

    before = client.get("/dev/inbox.json").json()["apps"]
    app.verify_token(token)
    after = client.get("/dev/inbox.json").json()["apps"]

    assert [(shown["to"], shown["token"], shown["is_used"]) for shown in before] == [(dave.email, token, False)]
    assert [shown["is_used"] for shown in after] == [True]
    assert dave.email in client.get("/dev/inbox/").content.decode()
