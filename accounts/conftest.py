"""A real mail server and a real SMS gateway that keep what they are given."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings


def free_port() -> int:
    """A port on which nobody listens."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class PostOffice:
    """mails and texts in the order of arrival. refuses: what the next messages are answered with, if not taken."""

    mails: list[EmailMessage] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    refuses: str = ""

    @property
    def count(self) -> int:
        return len(self.mails) + len(self.texts)

    def last_text(self) -> str:
        """The words of the newest message."""
        if self.texts:
            return str(self.texts[-1]["text"])
        body = self.mails[-1].get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    def last_code(self) -> str:
        """The code in the newest message."""
        found = re.findall(r"(?<!\d)\d{6}(?!\d)", self.last_text())
        assert len(found) == 1, self.last_text()
        return str(found[0])

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """What aiosmtpd calls with a mail."""
        if self.refuses:
            return f"451 {self.refuses}"
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def take_texts(self, batch: dict[str, Any]) -> dict[str, Any]:
        """What the gateway answers to a batch."""
        if self.refuses == "garbage":
            return {"unexpected": True}
        outcome = "refused" if self.refuses else "sent"
        if not self.refuses:
            self.texts.extend(batch["messages"])
        return {
            "results": [
                {"id": text["id"], "outcome": outcome, "code": self.refuses or "OK", "reference": f"g-{text['id'][:8]}"}
                for text in batch["messages"]
            ]
        }


@pytest.fixture(scope="session")
def _servers() -> Iterator[tuple[PostOffice, int, int]]:
    office = PostOffice()

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(office.take_texts(batch)).encode() if self.path == "/sms/batch" else b""
            self.send_response(200 if answer else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    gateway = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    mail = Controller(office, hostname="127.0.0.1", port=free_port())
    mail.start()
    yield office, mail.port, gateway.server_port
    mail.stop()
    gateway.shutdown()
    gateway.server_close()


@pytest.fixture
def post_office(_servers: tuple[PostOffice, int, int], settings: Settings) -> PostOffice:
    """Both servers, empty and willing; Django's own SMTP backend talks to the one, httpx to the other."""
    office, mail_port, gateway_port = _servers
    office.mails.clear()
    office.texts.clear()
    office.refuses = ""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_SSL = settings.EMAIL_USE_TLS = False
    settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{gateway_port}/sms"
    return office


@pytest.fixture
def servers_away(settings: Settings, post_office: PostOffice) -> None:
    """Nobody listens where the mail server and the gateway should be."""
    settings.EMAIL_PORT = free_port()
    settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{free_port()}/sms"
