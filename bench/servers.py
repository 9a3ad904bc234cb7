"""The web server as shipped, on a database of its own, and what its processes use."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg

from devstack.stack import web_command
from devstack.state import ROOT

TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database to measure on. people: known as 1..people. key: of the API. environment: of the portal on it."""

    name: str
    people: int
    environment: dict[str, str]
    key: str


@dataclass(frozen=True, slots=True)
class Target:
    """A web server on such a database. pid: the server's own, whose children work."""

    prepared: Prepared
    port: int
    pid: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> tuple[float, float]:
        """What the web workers and their PostgreSQL backends have used so far."""
        with psycopg.connect(self.prepared.environment["DATABASE_URL"], autocommit=True) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            ).fetchall()
        return sum(map(_cpu, self._workers())), sum(_cpu(pid) for (pid,) in rows)

    def memory_mb(self) -> float:
        """Resident memory of the largest web worker."""
        return max(_resident_mb(pid) for pid in self._workers())

    def _workers(self) -> list[int]:
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
            return [int(pid) for pid in children.read().split()]


def prepare(name: str, people: int) -> Prepared:
    """Make a migrated database with that many people in it."""
    owner_url = os.environ["DATABASE_OWNER_URL"]
    with psycopg.connect(_with_database(owner_url, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "bench_{name}"')
    urls = {key: _with_database(os.environ[key], f"bench_{name}") for key in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    environment = {**os.environ, **urls, "LOG_LEVEL": "WARNING"}
    _run(environment, "manage.py", "migrate", "--database", "owner", "--noinput", "--verbosity", "0")
    return Prepared(name, people, environment, _run(environment, "-m", "bench.data", str(people)).strip())


def run_job(prepared: Prepared, *arguments: str) -> dict[str, float]:
    """What `bench.jobs` measures there."""
    result: dict[str, float] = json.loads(_run(prepared.environment, "-m", "bench.jobs", *arguments))
    return result


@contextlib.contextmanager
def serving(prepared: Prepared, port: int) -> Iterator[Target]:
    """The web server on that database, with the floors beside the portal; without the owner's role."""
    env = {name: value for name, value in prepared.environment.items() if name != "DATABASE_OWNER_URL"}
    process = subprocess.Popen(web_command(port, "bench.site:application"), env=env, cwd=ROOT, stdout=sys.stderr)
    try:
        _wait(port, process)
        yield Target(prepared, port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _run(environment: dict[str, str], *arguments: str) -> str:
    argv = [sys.executable, *arguments]
    return subprocess.run(argv, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/floor/bare")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        time.sleep(0.2)
    sys.exit("The web server did not start.")


def _with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _cpu(pid: int) -> float:
    """0 for a process that ended meanwhile."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK
    return 0.0


def _resident_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
