"""The embedded stack's mail server and SMS gateway: both take every message, store it, and let it be read again.

`python -m devstack.sinks` serves SMTP on DEV_SINK_SMTP_PORT and HTTP on DEV_SINK_HTTP_PORT, both on loopback only,
and keeps what arrived in the SQLite file DEV_SINK_FILE. A message is stored before it is acknowledged, so what was
answered survives a kill of this process.

POST /sms/batch  {"messages": [{"id", "phone", "template", "parameters", "text"}]}
                 -> {"results": [{"id", "outcome": "sent"|"refused", "code", "reference"}]}
POST /lookup     ["id", ...] -> {"id": true|false}: whether a message of that id was taken. The id of a mail is the
                 part of its Message-ID before the @.
GET  /inbox      ?to=address or number &limit=1..1000 -> {"messages": [...]}, newest first

Refused on purpose, so that failures can be tried: mail to an address that begins with `refused` (550 5.1.1), and SMS
to +86 199 0000 0xxx (MOBILE_NUMBER_ILLEGAL).
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import os
import re
import sqlite3
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"
REFUSED_LOCAL_PART = "refused"
REFUSED_PHONES = "+8619900000"
PAGE, LARGEST_PAGE = 50, 1000
LARGEST_BODY = 10_000_000  # bytes
MESSAGE_ID = re.compile(r"<([^@>]+)")

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, channel TEXT NOT NULL, recipient TEXT NOT NULL,
    body BLOB NOT NULL, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_id ON message (id);
CREATE INDEX IF NOT EXISTS message_recipient ON message (recipient);
"""


class Store:
    """What arrived, in one SQLite file; usable from any thread."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing, a power cut may
        self._file.executescript(SCHEMA)

    def add(self, messages: list[tuple[str, str, str, bytes]]) -> None:
        """messages: (id, channel, recipient, body). Returns when they are stored."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            self._file.execute("BEGIN")
            self._file.executemany(
                "INSERT INTO message (id, channel, recipient, body, at) VALUES (?, ?, ?, ?, ?)",
                [(*message, at) for message in messages],
            )
            self._file.execute("COMMIT")

    def taken(self, ids: list[str]) -> dict[str, bool]:
        """Which of the ids have arrived."""
        with self._lock:
            rows = self._file.execute(
                "SELECT DISTINCT id FROM message WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
            ).fetchall()
        known = {row[0] for row in rows}
        return {one: one in known for one in ids}

    def newest(self, to: str, limit: int) -> list[dict[str, Any]]:
        """The last `limit` messages, those for `to` only where it is not empty; case does not matter."""
        wanted = to.strip().lower()
        with self._lock:
            rows = self._file.execute(
                "SELECT id, channel, recipient, body, at FROM message WHERE ? = '' OR recipient IN (?, '+' || ?)"
                " ORDER BY number DESC LIMIT ?",
                [wanted, wanted, wanted, limit],
            ).fetchall()
        return [_as_json(*row) for row in rows]


def _as_json(key: str, channel: str, recipient: str, body: bytes, at: str) -> dict[str, Any]:
    message: dict[str, Any] = {"id": key, "channel": channel, "to": recipient, "at": at, "text": "", "html": ""}
    message |= {"subject": "", "template": "", "parameters": {}, "headers": {}}
    if channel == "sms":
        return message | dict(json.loads(body))
    mail = email.message_from_bytes(body, policy=email.policy.default)
    for kind in ("plain", "html"):
        part = cast(EmailMessage | None, mail.get_body((kind,)))
        text = part.get_content().replace("\r\n", "\n") if part else ""
        message["text" if kind == "plain" else kind] = text
    return message | {"subject": mail.get("Subject", ""), "headers": {k: str(v) for k, v in mail.items()}}


class MailHandler:
    """What aiosmtpd calls for each command."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """250, or the words of a server that does not know the person."""
        if address.lower().startswith(REFUSED_LOCAL_PART):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Stores, then acknowledges."""
        body = cast(bytes, envelope.content)
        found = MESSAGE_ID.search(BytesHeaderParser().parsebytes(body).get("Message-ID", ""))
        key = found[1] if found else ""
        self.store.add([(key, "email", recipient.lower(), body) for recipient in envelope.rcpt_tos])
        return f"250 2.0.0 taken {key}"


class HttpHandler(BaseHTTPRequestHandler):
    """The SMS gateway, the lookup and the inbox."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together, else the client's delayed acknowledgement costs 40 ms
    store: Store

    def do_GET(self) -> None:  # noqa: N802 - the standard library's name
        """/inbox"""
        url = urlsplit(self.path)
        if url.path != "/inbox":
            return self._answer(404, {"error": "not found"})
        query = parse_qs(url.query)
        limit = query.get("limit", [str(PAGE)])[0]
        size = min(max(int(limit), 1), LARGEST_PAGE) if limit.isdecimal() else PAGE
        self._answer(200, {"messages": self.store.newest(query.get("to", [""])[0], size)})

    def do_POST(self) -> None:  # noqa: N802
        """/sms/batch and /lookup"""
        size = int(self.headers.get("Content-Length", 0))
        if size > LARGEST_BODY:
            self.close_connection = True
            return self._answer(413, {"error": "too large"})
        body = self.rfile.read(size)
        answers: dict[str, Callable[[Any], dict[str, Any]]] = {"/sms/batch": self._take, "/lookup": self._look_up}
        if self.path not in answers:
            return self._answer(404, {"error": "not found"})
        try:
            answer = answers[self.path](json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self._answer(400, {"error": f"{type(error).__name__}: {error}"})
        self._answer(200, answer)

    def _take(self, asked: dict[str, Any]) -> dict[str, Any]:
        results, stored = [], []
        for message in asked["messages"]:
            key, phone = str(message["id"]), str(message["phone"])
            if phone.startswith(REFUSED_PHONES):
                results.append({"id": key, "outcome": "refused", "code": "MOBILE_NUMBER_ILLEGAL", "reference": ""})
                continue
            body = {name: message[name] for name in ("text", "template", "parameters")}
            stored.append((key, "sms", phone, json.dumps(body).encode()))
            results.append({"id": key, "outcome": "sent", "code": "OK", "reference": f"dev-{key[:8]}"})
        self.store.add(stored)
        return {"results": results}

    def _look_up(self, ids: list[str]) -> dict[str, bool]:
        return self.store.taken([str(one) for one in ids])

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        data = json.dumps(content, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: what arrived is to be read at /inbox, not in a log."""


class HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


async def serve(store: Store, smtp_port: int, http_port: int) -> None:
    """Runs both servers until it is cancelled. Raises OSError where a port is taken."""
    handler = type("Handler", (HttpHandler,), {"store": store})
    http = HttpServer((LOOPBACK, http_port), handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    mail = await asyncio.get_running_loop().create_server(
        lambda: SMTP(MailHandler(store), hostname="sink.localhost", ident="development sink"), LOOPBACK, smtp_port
    )
    try:
        await mail.serve_forever()
    finally:
        http.shutdown()


def main() -> None:
    """Reads DEV_SINK_SMTP_PORT, DEV_SINK_HTTP_PORT and DEV_SINK_FILE from the environment, and serves."""
    try:
        ports = [int(os.environ[name]) for name in ("DEV_SINK_SMTP_PORT", "DEV_SINK_HTTP_PORT")]
        store = Store(os.environ["DEV_SINK_FILE"])
    except KeyError as missing:
        sys.exit(f"{missing.args[0]} is not set")
    try:
        asyncio.run(serve(store, *ports))
    except OSError as error:
        sys.exit(f"The development sink cannot listen: {error.strerror}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
