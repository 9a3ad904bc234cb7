"""The development sinks as a mail client and an HTTP client see them."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest


class Sinks:
    """A running `python -m devstack.sinks`."""

    def __init__(self, folder: Path, smtp_port: int, http_port: int) -> None:
        self.smtp_port, self.http = smtp_port, f"http://127.0.0.1:{http_port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "devstack.sinks"],
            env=os.environ
            | {
                "DEV_SINK_SMTP_PORT": str(smtp_port),
                "DEV_SINK_HTTP_PORT": str(http_port),
                "DEV_SINK_FILE": str(folder / "inbox.sqlite3"),
            },
        )
        for port in (smtp_port, http_port):
            _wait_for(port)
        assert self.process.poll() is None

    def mail(self, to: str, **headers: str) -> EmailMessage:
        """Sends one letter of two parts."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "privacy@portal.example", to, "隐私政策"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content("您的验证码是 123456。\n")
        message.add_alternative("<p>123456</p>", subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5) as client:
            client.send_message(message)
        return message

    def sms(self, key: str, phone: str) -> Any:
        """Sends one SMS and returns the gateway's answer to it."""
        one = {"id": key, "phone": phone, "template": "code", "parameters": {"code": "654321"}, "text": "654321"}
        answer = httpx.post(f"{self.http}/sms/batch", json={"messages": [one]})
        return answer.raise_for_status().json()["results"][0]

    def inbox(self, **query: str) -> Any:
        return httpx.get(f"{self.http}/inbox", params=query).raise_for_status().json()["messages"]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def sinks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sinks]:
    running = Sinks(tmp_path_factory.mktemp("sinks"), _free_port(), _free_port())
    yield running
    running.kill()


def test_a_mail_can_be_read_with_its_parts_and_headers(sinks: Sinks) -> None:
    sinks.mail("Parts@people.example", Message_ID="<k1@portal.example>")

    [message] = sinks.inbox(to="parts@people.example")

    assert message["channel"] == "email"
    assert message["subject"] == "隐私政策"
    assert message["text"] == "您的验证码是 123456。\n"
    assert message["html"] == "<p>123456</p>\n"
    assert message["headers"]["From"] == "privacy@portal.example"


def test_an_sms_can_be_read_with_its_template_and_parameters(sinks: Sinks) -> None:
    answer = sinks.sms("s1", "+8613800138000")

    [message] = sinks.inbox(to="8613800138000")

    assert answer == {"id": "s1", "outcome": "sent", "code": "OK", "reference": "dev-s1"}
    assert (message["template"], message["parameters"], message["text"]) == ("code", {"code": "654321"}, "654321")


def test_the_newest_message_comes_first_and_the_limit_holds(sinks: Sinks) -> None:
    for key in ("a", "b", "c"):
        sinks.sms(key, "+8613900000001")

    assert [message["id"] for message in sinks.inbox(to="+8613900000001", limit="2")] == ["c", "b"]


def test_a_refused_mail_address_gets_the_servers_words_and_nothing_is_stored(sinks: Sinks) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        sinks.mail("refused-7@people.example")

    assert refusal.value.recipients == {"refused-7@people.example": (550, b"5.1.1 no such user")}
    assert sinks.inbox(to="refused-7@people.example") == []


def test_a_refused_number_gets_the_gateways_code_and_nothing_is_stored(sinks: Sinks) -> None:
    answer = sinks.sms("r1", "+8619900000123")

    assert (answer["outcome"], answer["code"]) == ("refused", "MOBILE_NUMBER_ILLEGAL")
    assert sinks.inbox(to="+8619900000123") == []


def test_the_lookup_tells_which_ids_were_taken(sinks: Sinks) -> None:
    sinks.mail("lookup@people.example", Message_ID="<k2@portal.example>")
    sinks.sms("s2", "+8613800138001")

    answer = httpx.post(f"{sinks.http}/lookup", json=["k2", "s2", "absent"]).json()

    assert answer == {"k2": True, "s2": True, "absent": False}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/nowhere", b"{}", 404), ("/sms/batch", b"not json", 400), ("/sms/batch", b"[]", 400), ("/lookup", b"1", 400)],
)
def test_bad_input_is_answered_with_an_error(sinks: Sinks, path: str, body: bytes, status: int) -> None:
    assert httpx.post(f"{sinks.http}{path}", content=body).status_code == status


def test_both_sinks_listen_on_loopback_only(sinks: Sinks) -> None:
    with socket.socket() as other:
        port = int(sinks.http.rsplit(":", 1)[1])
        other.settimeout(2)

        assert other.connect_ex(("127.0.0.2", port)) != 0


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    ports = _free_port(), _free_port()
    first = Sinks(tmp_path, *ports)
    first.sms("before", "+8613800138009")

    first.kill()
    second = Sinks(tmp_path, *ports)

    try:
        assert [message["id"] for message in second.inbox(to="+8613800138009")] == ["before"]
    finally:
        second.kill()
