"""Asking a server again and again: by `wrk` where it is installed, by a bounded loop of threads where it is not."""

from __future__ import annotations

import http.client
import random
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

WRK = shutil.which("wrk")
SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Call:
    """A kind of request. In path and body `{subject}` stands for a random person."""

    method: str
    path: str
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. seconds: how long it was asked. failed: answers of 400 and above, and none at all."""

    requests: int
    seconds: float
    failed: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def ask(url: str, call: Call, *, seconds: float, key: str, subjects: int) -> Load:
    """Ask over 8 connections that stay open. url: scheme, host and port. key: of the API. subjects: known as 1..n."""
    run = _by_wrk if WRK else _by_threads
    return run(url, call, seconds, key, subjects)


def _by_wrk(url: str, call: Call, seconds: float, key: str, subjects: int) -> Load:
    body = [call.body] if call.body is not None else []
    argv = [str(WRK), "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(SCRIPT), url]
    argv += ["--", key, str(subjects), call.method, call.path, *body]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    requests, microseconds, failed = map(int, said.rsplit("RESULT", 1)[1].split())
    return Load(requests, microseconds / 1e6, failed)


def _by_threads(url: str, call: Call, seconds: float, key: str, subjects: int) -> Load:
    counts: list[tuple[int, int]] = []
    began = time.perf_counter()
    threads = [
        threading.Thread(target=lambda: counts.append(_ask_until(began + seconds, url, call, key, subjects)))
        for _ in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(sum(asked for asked, _ in counts), time.perf_counter() - began, sum(failed for _, failed in counts))


def _ask_until(end: float, url: str, call: Call, key: str, subjects: int) -> tuple[int, int]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    asked = failed = 0
    while time.perf_counter() < end:
        subject = str(random.randrange(1, subjects + 1))
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        body = None
        if call.body is not None:
            headers["Idempotency-Key"] = uuid4().hex
            body = call.body.replace("{subject}", subject)
        connection.request(call.method, call.path.replace("{subject}", subject), body, headers)
        answer = connection.getresponse()
        answer.read()
        asked += 1
        failed += answer.status >= 400
    connection.close()
    return asked, failed
