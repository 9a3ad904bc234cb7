"""What a lane makes of a mail server's behaviour. The server is a real one, told how to misbehave."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from consent.campaigns import smtp
from consent.campaigns.journal import Journal
from consent.campaigns.letters import Letter
from consent.campaigns.results import Hold, Outcome, Result
from consent.campaigns.senders import Consignment, Job, ProviderAway
from consent.campaigns.smtp import SmtpLane

LETTER = Letter("en", "Subject", "\x02greeting\x03\n", "<p>\x02greeting\x03</p>", "", {}, "")
HOLD = Hold(1, 1, 1, 1, 9, 1)
Answers = dict[str, str]


class Handler:
    """Answers RCPT and the end of DATA by the recipient's local part; `drop` closes the connection instead."""

    def __init__(self) -> None:
        self.rcpt: Answers = {}
        self.data: Answers = {}
        self.mail = "250 OK"
        self.taken: list[str] = []
        self.connections = 0
        self.encrypted: list[bool] = []
        self.user = b""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += not session.ssl
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._answer(server, self.mail)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self._answer(server, self.rcpt.get(address.split("@")[0], "250 OK"))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        name = envelope.rcpt_tos[0].split("@")[0]
        answer = self.data.get(name, "250 2.0.0 queued")
        if not answer.startswith(("4", "5")):
            self.taken.append(name)
            self.encrypted.append(bool(session.ssl))
        return self._answer(server, answer)

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        self.user = login.login
        return AuthResult(success=login.password == b"s3cret", handled=False)

    def _answer(self, server: SMTP, answer: str) -> str:
        if answer == "drop" and server.transport is not None:
            cast(asyncio.Transport, server.transport).abort()
        return answer


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def serve(handler: Handler, settings: Settings) -> Iterator[Callable[..., None]]:
    """Starts a mail server; SMTP_URL points at it."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[asyncio.Server] = []

    def start(url: str = "smtp://127.0.0.1:{port}", implicit: ssl.SSLContext | None = None, **options: Any) -> None:
        def protocol() -> SMTP:
            return SMTP(handler, hostname="test.localhost", **options)

        begun = loop.create_server(protocol, "127.0.0.1", 0, ssl=implicit)
        servers.append(asyncio.run_coroutine_threadsafe(begun, loop).result(5))
        settings.SMTP_URL = url.format(port=servers[0].sockets[0].getsockname()[1])

    async def stop() -> None:
        for server in servers:
            server.close()

    yield start
    asyncio.run_coroutine_threadsafe(stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture
def lane() -> Iterator[SmtpLane]:
    lane = SmtpLane()
    yield lane
    lane.close()


@pytest.fixture
def offer(lane: SmtpLane, settings: Settings) -> Callable[[str], Result]:
    """Offers one letter to an address."""
    settings.DELIVERY_JOURNAL_DIR = ""
    consignment = Consignment(HOLD, {settings.LANGUAGE_CODE: LETTER}, Journal(1, 1))

    def send(address: str) -> Result:
        (result,) = lane.offer([Job(7, address, "Ann", "en")], consignment)
        return result

    return send


Offer = Callable[[str], Result]
Serve = Callable[..., None]


def test_one_connection_serves_many_letters(serve: Serve, offer: Offer, handler: Handler) -> None:
    serve()

    results = [offer(f"p{number}@people.example") for number in range(20)]

    assert {result.outcome for result in results} == {Outcome.SENT}
    assert results[0].words == "250 2.0.0 queued"
    assert handler.connections == 1
    assert len(handler.taken) == 20


def test_a_connection_is_renewed_after_its_share(
    serve: Serve, offer: Offer, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "MESSAGES_A_CONNECTION", 3)
    serve()

    for number in range(7):
        offer(f"p{number}@people.example")

    assert handler.connections == 3


@pytest.mark.parametrize(
    ("step", "answer", "outcome"),
    [
        ("rcpt", "550 5.1.1 no such user", Outcome.REFUSED),
        ("rcpt", "451 4.2.0 try later", Outcome.DEFERRED),
        ("rcpt", "421 4.3.2 shutting down", Outcome.DEFERRED),
        ("data", "554 5.6.0 not this", Outcome.REFUSED),
        ("data", "452 4.3.1 no room just now", Outcome.DEFERRED),
        ("data", "421 4.3.2 shutting down", Outcome.DEFERRED),
    ],
)
def test_an_answer_is_kept_in_the_servers_words_and_the_next_letter_goes_out(
    serve: Serve, offer: Offer, handler: Handler, step: str, answer: str, outcome: Outcome
) -> None:
    serve()
    getattr(handler, step)["odd"] = answer

    odd, even = offer("odd@people.example"), offer("even@people.example")

    assert odd == Result(7, outcome, answer)
    assert even.outcome == Outcome.SENT
    assert handler.taken == ["even"]


def test_a_connection_that_breaks_after_the_letter_leaves_its_fate_unknown(
    serve: Serve, offer: Offer, handler: Handler
) -> None:
    serve()
    handler.data["lost"] = "drop"

    lost, next_one = offer("lost@people.example"), offer("next@people.example")

    assert lost.outcome == Outcome.UNKNOWN
    assert next_one.outcome == Outcome.SENT


def test_a_connection_that_breaks_before_the_letter_leaves_it_unsent(
    serve: Serve, offer: Offer, handler: Handler
) -> None:
    serve()
    handler.rcpt["gone"] = "drop"

    assert offer("gone@people.example").outcome == Outcome.DEFERRED
    assert handler.taken == []


def test_a_connection_that_the_server_closed_while_idle_is_opened_again(
    serve: Serve, offer: Offer, lane: SmtpLane, handler: Handler
) -> None:
    serve()
    offer("first@people.example")
    assert lane._server is not None
    assert lane._server.sock is not None
    lane._server.sock.shutdown(socket.SHUT_RDWR)

    assert offer("second@people.example").outcome == Outcome.SENT
    assert handler.connections == 2


def test_a_server_that_does_not_answer_in_time_leaves_the_fate_unknown(
    serve: Serve, offer: Offer, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*args: object) -> str:
        await asyncio.sleep(2)
        return "250 OK"

    monkeypatch.setattr(smtp, "REPLY_SECONDS", 0.2)
    monkeypatch.setattr(handler, "handle_DATA", never)
    serve()

    assert offer("slow@people.example").outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("answer", ["553 5.7.1 sender not allowed", "451 4.3.0 later", "530 5.7.0 sign in first"])
def test_what_a_server_has_against_us_is_not_held_against_a_person(
    serve: Serve, offer: Offer, handler: Handler, answer: str
) -> None:
    serve()
    handler.mail = answer

    with pytest.raises(ProviderAway, match=answer):
        offer("ann@people.example")


def test_nobody_listening_means_away(offer: Offer, settings: Settings) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:1"

    with pytest.raises(ProviderAway):
        offer("ann@people.example")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a b@people.example",
        "a@people.example\r\nRCPT TO:<b@people.example>",
        "a@people.example>",
        "a,b@people.example",
        "王@people.example",
        "a@people.example\n",
    ],
)
def test_an_address_that_could_become_a_command_is_refused_unsent(
    offer: Offer, settings: Settings, address: str
) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:1"  # never reached

    assert offer(address).outcome == Outcome.REFUSED


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that only this test trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test.localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def _trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.mark.usefixtures("_trusted")
def test_encryption_is_used_where_it_is_offered_and_the_password_goes_through_it(
    serve: Serve, offer: Offer, handler: Handler, context: ssl.SSLContext
) -> None:
    options = {"tls_context": context, "auth_required": True, "authenticator": handler.authenticate}
    serve("smtp://portal%40pay.example:s3cret@127.0.0.1:{port}", **options)

    assert offer("ann@people.example").outcome == Outcome.SENT
    assert (handler.encrypted, handler.user) == ([True], b"portal@pay.example")


@pytest.mark.usefixtures("_trusted")
def test_encryption_from_the_start(serve: Serve, offer: Offer, handler: Handler, context: ssl.SSLContext) -> None:
    serve("smtps://127.0.0.1:{port}", implicit=context)

    assert offer("ann@people.example").outcome == Outcome.SENT


def test_a_certificate_that_does_not_verify_ends_the_attempt(
    serve: Serve, offer: Offer, handler: Handler, context: ssl.SSLContext
) -> None:
    serve(tls_context=context)

    with pytest.raises(ProviderAway, match="certificate"):
        offer("ann@people.example")
    assert handler.taken == []


@pytest.mark.usefixtures("_trusted")
def test_a_wrong_password_means_away(serve: Serve, offer: Offer, handler: Handler, context: ssl.SSLContext) -> None:
    serve("smtp://portal:wrong@127.0.0.1:{port}", tls_context=context, authenticator=handler.authenticate)

    with pytest.raises(ProviderAway, match="535"):
        offer("ann@people.example")


def test_a_password_does_not_travel_unencrypted(serve: Serve, offer: Offer, handler: Handler) -> None:
    serve("smtp://portal:s3cret@127.0.0.1:{port}", authenticator=handler.authenticate, auth_require_tls=False)

    with pytest.raises(ProviderAway, match="not sent"):
        offer("ann@people.example")
    assert handler.user == b""
