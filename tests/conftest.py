"""A whole stack as a newcomer starts it, and a browser. Everything here runs against `python3 dev.py` itself."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

START_SECONDS = 180
MANAGE_SECONDS = 60
WAIT_SECONDS = 30
TOKEN_SECONDS = 40  # a token that was used is followed by another within half a minute
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OUTSIDE = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CELERY_BROKER_URL")


@dataclass(frozen=True)
class Stack:
    """A running portal. url: without a slash at the end. environment: what it was started with."""

    url: str
    state: Path
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """What a command of manage.py says, run as `dev.py manage` runs it on this portal."""
        done = subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "dev.py"), "manage", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=MANAGE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, program: str) -> Any:
        """What a few lines leave in `result`, run in a process with the portal's own database and broker."""
        said = self.manage("shell", "--no-imports", "-c", f"{program}\nimport json; print('\\n' + json.dumps(result))")
        return json.loads(said.splitlines()[-1])

    def inbox(self, to: str) -> list[dict[str, Any]]:
        """What arrived for an address or a number, newest first."""
        response = httpx.get(f"{self.url}/dev/inbox.json", params={"to": to}, timeout=10)
        response.raise_for_status()
        messages: list[dict[str, Any]] = response.json()["messages"]
        return messages

    def code(self, to: str, known: int) -> str:
        """The six digits of the newest message that has some, beyond the first `known` messages."""

        def codes() -> list[str]:
            arrived = self.inbox(to)
            texts = [message["text"] for message in arrived[: len(arrived) - known]]
            return [digits[0] for text in texts if (digits := re.search(r"(?<![\d-])\d{6}(?!\d)", text))]

        return str(eventually(codes)[0])

    def message(self, to: str, known: int) -> str:
        """The text of the newest message beyond the first `known`, as soon as there is one."""
        arrived = eventually(lambda: self.inbox(to)[: len(self.inbox(to)) - known])
        return str(arrived[0]["text"])

    def token(self, of: str) -> str:
        """What the authenticator app of somebody who works here shows, once it is one that was not used."""

        def read() -> str:
            apps = httpx.get(f"{self.url}/dev/inbox.json", timeout=10).raise_for_status().json()["apps"]
            return next((str(app["token"]) for app in apps if app["to"] == of and not app["is_used"]), "")

        return str(eventually(read, TOKEN_SECONDS))


def eventually(read: Callable[[], Any], seconds: float = WAIT_SECONDS) -> Any:
    """What `read` gives as soon as it is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = read()
        if value:
            return value
        assert time.monotonic() < end, f"not true after {seconds} s: {value!r}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`python3 dev.py` on a state of its own, with the demonstration loaded."""
    state = tmp_path_factory.mktemp("stack")
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    environment |= {"PORT": str(port), "DEV_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1"}
    for name in ("SMTP_URL", "SMS_GATEWAY_URL", "MAIL_LOOKUP_URL", "SMS_LOOKUP_URL", "DEV_INBOX_URL", "BASE_URL"):
        environment.pop(name, None)
    log = state / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "dev.py")],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(process, log, url)
        yield Stack(url, state, environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path, url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while f"ready {url}" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(f"the stack did not start:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path, args=BROWSER_ARGUMENTS)
        yield opened
        opened.close()


Visitor = Callable[..., Any]


@pytest.fixture
def visit(browser: Browser, stack: Stack) -> Visitor:
    """A context manager that gives a page in a fresh profile: language, size, light or dark, scripts or none."""

    @contextmanager
    def open_page(
        language: str = "zh-CN", width: int = 1280, height: int = 900, dark: bool = False, scripts: bool = True
    ) -> Iterator[Page]:
        context: BrowserContext = browser.new_context(
            base_url=stack.url,
            locale=language,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        context.set_default_timeout(15_000)
        try:
            yield context.new_page()
        finally:
            context.close()

    return open_page
