"""Second parties get each checkpoint once, over real HTTP and real SMTP."""

import base64
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from conftest import connect_as
from consent.campaigns.tests.processes import free_port
from consent.ledger.log import tasks
from consent.ledger.log.actions import seal
from consent.ledger.log.models import Leaf, Witnessing
from consent.ledger.log.selectors import latest_checkpoint
from consent.ledger.log.tests.factories import make_events
from consent.ledger.log.witnesses import LOCK, parties, witness_checkpoint
from consent.ledger.tests.factories import AT

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Notary:
    """A web server and a mail server that keep what they get, or refuse it."""

    port: int = 0
    notes: list[tuple[str, str, str]] = field(default_factory=list)  # path, authorization, body
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """What aiosmtpd calls with a mail."""
        if self.refuses:
            return "451 later"
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def notary(settings: Settings) -> Iterator[Notary]:
    notary = Notary()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - the standard library's name
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not notary.refuses:
                notary.notes.append((self.path, self.headers.get("Authorization", ""), body))
            self.send_response(409 if notary.refuses else 200)
            self.end_headers()
            self.wfile.write(b"an older\x00size" if notary.refuses else b"thanks")

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mail = Controller(notary, hostname="127.0.0.1", port=free_port())
    mail.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    notary.port = server.server_port
    web = f"http://user:secret@127.0.0.1:{notary.port}/keep?token=hidden"
    settings.WITNESSES = ["mailto:notary@other.example", web]
    yield notary
    mail.stop()
    server.shutdown()
    server.server_close()


@pytest.fixture
def note(transactional_db: None) -> str:
    """The log's only checkpoint, of three leaves."""
    make_events(3)
    seal()
    latest = latest_checkpoint()
    assert latest is not None
    return latest.note


def test_each_party_gets_the_checkpoint_as_signed(notary: Notary, note: str) -> None:
    rows = witness_checkpoint(at=AT)

    credentials = "Basic " + base64.b64encode(b"user:secret").decode()
    assert notary.notes == [("/keep?token=hidden", credentials, note)]
    (mail,) = notary.mails
    (attached,) = mail.iter_attachments()
    assert mail["To"] == "notary@other.example"
    assert "3" in mail["Subject"]
    assert note.strip() in mail.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    assert (attached.get_filename(), attached.get_content()) == ("checkpoint-3.txt", note.encode())
    assert [row.taken for row in rows] == [True, True]


def test_what_is_recorded_holds_no_credentials(notary: Notary, note: str) -> None:
    witness_checkpoint(at=AT)

    names = list(Witnessing.objects.order_by("id").values_list("tree_size", "witness", "at", "taken", "answer"))
    assert names == [
        (3, "mailto:notary@other.example", AT, True, ""),
        (3, f"http://127.0.0.1:{notary.port}/keep", AT, True, ""),
    ]


def test_nobody_gets_the_same_checkpoint_twice(notary: Notary, note: str) -> None:
    witness_checkpoint(at=AT)

    assert witness_checkpoint(at=AT) == []

    assert (len(notary.notes), len(notary.mails)) == (1, 1)


def test_a_later_checkpoint_is_handed_over_again(notary: Notary, note: str) -> None:
    witness_checkpoint(at=AT)
    make_events(1)
    seal()

    witness_checkpoint(at=AT)

    assert [body.splitlines()[1] for _path, _credentials, body in notary.notes] == ["3", "4"]


def test_a_refusal_is_recorded_and_tried_again(notary: Notary, note: str) -> None:
    notary.refuses = True
    refused = witness_checkpoint(at=AT)
    notary.refuses = False

    taken = witness_checkpoint(at=AT)

    assert [(row.taken, row.answer) for row in refused] == [(False, "SMTPDataError"), (False, "409 an older size")]
    assert [row.taken for row in taken] == [True, True]
    assert (len(notary.notes), len(notary.mails)) == (1, 1)


def test_a_party_that_cannot_be_reached_does_not_keep_the_others_from_it(
    notary: Notary, note: str, settings: Settings
) -> None:
    settings.WITNESSES = [f"http://user:secret@127.0.0.1:{free_port()}/", *settings.WITNESSES]

    rows = witness_checkpoint(at=AT)

    assert [(row.taken, row.answer) for row in rows] == [(False, "ConnectError"), (True, ""), (True, "")]


def test_two_calls_at_once_hand_it_over_once(notary: Notary, note: str) -> None:
    with connect_as("default", autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        assert witness_checkpoint(at=AT) == []

    assert len(witness_checkpoint(at=AT)) == 2


def test_an_empty_log_tells_nobody_anything(notary: Notary) -> None:
    assert witness_checkpoint(at=AT) == []


@pytest.mark.parametrize(
    "address", ["http://other.example/", "ftp://other.example/", "mailto:nobody", "https:///x", "x"]
)
def test_an_address_that_is_no_second_party_is_refused_without_showing_it(settings: Settings, address: str) -> None:
    settings.WITNESSES = [address]

    with pytest.raises(ImproperlyConfigured, match="WITNESSES") as error:
        parties()

    assert address not in str(error.value) or len(address) == 1


def test_the_hourly_task_warns_of_who_did_not_take_it(
    notary: Notary, note: str, caplog: pytest.LogCaptureFixture
) -> None:
    notary.refuses = True

    tasks.witness.apply(throw=True)

    assert "mailto:notary@other.example" in caplog.text
    assert "secret" not in caplog.text
    assert "hidden" not in caplog.text


def test_the_task_of_every_few_seconds_seals() -> None:
    make_events(2)

    tasks.seal.apply(throw=True)

    assert Leaf.objects.count() == 2


def run() -> str:
    out = io.StringIO()
    call_command("witness", stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_command_says_who_took_it(notary: Notary, note: str) -> None:
    assert run().splitlines() == [
        "mailto:notary@other.example: taken",
        f"http://127.0.0.1:{notary.port}/keep: taken",
    ]
    assert run() == "Every witness has the checkpoint of 3 leaves.\n"


def test_the_command_fails_if_a_party_did_not_take_it(notary: Notary, note: str) -> None:
    notary.refuses = True

    with pytest.raises(CommandError, match="Not every witness"):
        run()


def test_the_command_says_what_is_missing(notary: Notary, settings: Settings) -> None:
    with pytest.raises(CommandError, match="The log is empty"):
        run()
    settings.WITNESSES = []
    with pytest.raises(CommandError, match="set WITNESSES"):
        run()
    settings.WITNESSES = ["x"]
    with pytest.raises(CommandError, match="WITNESSES"):
        run()
