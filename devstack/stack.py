"""`dev.py`: the whole portal, from the lock to the line `ready`, and until somebody stops it."""

from __future__ import annotations

import http.client
import os
import pathlib
import socket
import sys
from collections.abc import Mapping

from devstack.contract import for_process, without_owner, without_vault
from devstack.errors import Interrupted, PlainError
from devstack.progress import say
from devstack.services import Services, start_services, start_sinks
from devstack.state import ROOT, State, StateLock, claim_port, default_folder, is_free
from devstack.supervisor import Supervisor

DEFAULT_PORT = 8000
READY_PATH = "/readyz/"
READY_SECONDS = 120.0
MANAGE = (sys.executable, str(ROOT / "manage.py"))


def run_stack() -> int:
    """Run everything until Ctrl-C or SIGTERM (0), or until a child dies (PlainError)."""
    port = chosen_port()
    state = State(default_folder())
    lock = StateLock(state)
    lock.take("run")
    try:
        with _claimed(port), Supervisor(state.logs, keep=[lock.fileno()]) as supervisor:
            state.forget_environment()
            try:
                _start(supervisor, state, port)
                sys.stdout.write(f"ready http://127.0.0.1:{port}\n")
                sys.stdout.flush()
                return _watch(supervisor)
            finally:
                state.forget_environment()
    finally:
        lock.release()


def chosen_port() -> int:
    """Return PORT or its default; raises PlainError where it is no port."""
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PlainError(f"PORT is {text!r}, and must be a number from 1 to 65535.")
    return int(text)


def _claimed(port: int) -> socket.socket:
    """The port, ours until the socket is closed."""
    try:
        claim = claim_port(port)
        if claim and is_free(port):
            return claim
    except PermissionError:
        raise PlainError(f"Port {port} is only for root: set PORT to one above 1023.") from None
    raise PlainError(f"Port {port} is taken by another program: stop it, or set PORT to another one.")


def _watch(supervisor: Supervisor) -> int:
    try:
        supervisor.watch()
    except Interrupted:
        say("stopping")
    return 0


def _start(supervisor: Supervisor, state: State, port: int) -> None:
    services = start_services(supervisor, state, port=port)
    as_owner = for_process(services.names)
    prepare_translations(supervisor, as_owner)
    for what, name, arguments, failure in (
        ("migrating the database", "migrate", ("migrate", "--database", "owner", "--noinput"), "The migration"),
        ("loading the demo", "load_demo", ("load_demo",), "Loading the demo"),
    ):
        supervisor.run(what, name, [*MANAGE, *arguments], env=as_owner, cwd=ROOT, failure=failure)
    start_sinks(supervisor, services)
    _start_portal(supervisor, services, port)
    state.store_environment(services.names)
    supervisor.wait_until(
        "waiting for the portal to answer",
        lambda: _is_ready(port) and _listens(services.sinks.smtp_port) and _listens(services.sinks.http_port),
        seconds=READY_SECONDS,
    )


def prepare_translations(supervisor: Supervisor, env: Mapping[str, str]) -> None:
    """Compile the Chinese texts; before anything looks up a text, since Django remembers for good what it found."""
    what = "preparing the translations"
    argv = [*MANAGE, "translations", "compile"]
    supervisor.run(what, "translations", argv, env=env, cwd=ROOT, failure="Preparing the translations")


def _start_portal(supervisor: Supervisor, services: Services, port: int) -> None:
    """Start what serves people; none of it can log in as the owner, and only the worker reaches the vault."""
    names = without_owner(services.names)
    programs = pathlib.Path(sys.executable).parent
    level = services.names["LOG_LEVEL"]
    celery = [str(programs / "celery"), "-A", "portal"]
    commands: dict[str, list[str]] = {
        "web": web_command(port),
        "worker": [
            *(*celery, "worker", "-Q", "default,campaigns", "-c", "2", "-l", level),
            *("--without-mingle", "--without-gossip"),
        ],
        "beat": [*celery, "beat", "--pidfile=", "-l", level],
    }
    for name, argv in commands.items():
        env = for_process(names if name == "worker" else without_vault(names))
        supervisor.start(name, argv, env=env, cwd=ROOT)


def web_command(port: int, application: str = "portal.wsgi:application") -> list[str]:
    """How the web server is called. application: another one than the portal's, for measurements."""
    return [
        *(str(pathlib.Path(sys.executable).parent / "granian"), "--interface", "wsgi", application, "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--blocking-threads", "4"),
        # A worker that is told to stop while it is still starting never hears of it.
        *("--workers-kill-timeout", "3", "--respawn-failed-workers"),
    ]


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
