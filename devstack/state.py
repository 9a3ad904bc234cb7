"""What one stack keeps between starts: its folder, its lock, its secrets and its ports."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from typing import IO, Any

from devstack.errors import PlainError
from devstack.places import claim_temporary_folder, is_root, make_folder
from devstack.processes import is_alive
from devstack.progress import Step

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What a stack that was killed needs at most until its guard has ended the servers.
GUARD_SECONDS = 30.0


def default_folder() -> pathlib.Path:
    """Return DEV_STATE_DIR, or `var` beside dev.py."""
    return pathlib.Path(os.environ.get("DEV_STATE_DIR") or ROOT / "var").absolute()


def write_privately(path: pathlib.Path, content: str) -> None:
    """Put content into a file that only we may read, all of it or nothing."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    temporary.replace(path)


class State:
    """The folder of one stack. Making it does not start or lock anything."""

    def __init__(self, folder: pathlib.Path, *, throwaway: bool = False) -> None:
        self.folder = folder
        self.throwaway = throwaway
        self.outside: list[pathlib.Path] = []
        # As root the database server is another user, who must be able to pass.
        if not folder.is_dir():
            make_folder(folder, mode=0o711 if is_root() else 0o700)
        self.secrets = make_folder(folder / "secrets")
        self.logs = make_folder(folder / "logs")

    @property
    def environment_file(self) -> pathlib.Path:
        """The file that holds the environment of the running stack."""
        return self.folder / "environment.json"

    def secret(self, name: str) -> str:
        """Return this stack's secret of that name, made at the first call: 32 random bytes, safe in a URL."""
        return self.secret_file(name).read_text()

    def secret_file(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> pathlib.Path:
        """Return the file (0600) that holds the secret of that name, made at the first call."""
        path = self.secrets / name
        if not path.exists():
            write_privately(path, make())
        return path

    def key_file(self, name: str) -> pathlib.Path:
        """Return the file (0600) that holds an encryption key: 32 random bytes in base64."""
        return self.secret_file(name, lambda: base64.b64encode(secrets.token_bytes(32)).decode())

    @property
    def identity(self) -> str:
        """A random name of this state, which moves with the folder and is gone with it."""
        return self.secret_file("identity", lambda: secrets.token_hex(8)).read_text()

    def claim_outside(self, purpose: str, *, mode: int = 0o700) -> pathlib.Path:
        """Return a folder of this state under the system's temporary place; see `claim_temporary_folder`."""
        folder = claim_temporary_folder(self.outside_name(purpose), mode=mode)
        self.outside.append(folder)
        return folder

    def outside_name(self, purpose: str) -> str:
        """Return the name of such a folder, which no other state has."""
        return f"assent-{purpose}-{self.identity}"

    def remove(self) -> None:
        """Remove a throw-away state with all that belongs to it. Its servers must be stopped."""
        for folder in (self.folder, *self.outside):
            shutil.rmtree(folder, ignore_errors=True)

    def ports(self, *names: str) -> dict[str, int]:
        """Return a free loopback port for each name, the same as last time unless somebody else has it now."""
        path = self.folder / "ports.json"
        try:
            known: dict[str, int] = json.loads(path.read_text())
        except (OSError, ValueError):
            known = {}
        for name in names:
            while not is_free(known.get(name, 0)) or list(known.values()).count(known[name]) > 1:
                known[name] = _free_port()
        write_privately(path, json.dumps(known))
        return {name: known[name] for name in names}

    def forget_environment(self) -> None:
        """No stack is up any more, or not yet."""
        self.environment_file.unlink(missing_ok=True)

    def store_environment(self, environment: dict[str, str]) -> None:
        """Keep the running stack's environment where `dev.py manage` and `dev.py env` find it."""
        write_privately(self.environment_file, json.dumps(environment))

    def stored_environment(self) -> dict[str, str] | None:
        """Return the running stack's environment, or None where it is not up (yet)."""
        try:
            content: dict[str, str] = json.loads(self.environment_file.read_text())
        except (OSError, ValueError):
            return None
        return content


class StateLock:
    """Holds a state for one process and its guard; released when both are gone, however they went."""

    def __init__(self, state: State) -> None:
        self.path = state.folder / "lock"
        self._file: IO[str] | None = None

    def is_held(self) -> bool:
        """Tell whether any process holds the lock, without taking it."""
        with open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def try_take(self, command: str) -> bool:
        """Take the lock if nobody has it; command is what the others are told is running."""
        file = open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+")  # noqa: SIM115 - open is to hold
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        json.dump({"pid": os.getpid(), "command": command}, file)
        file.flush()
        self._file = file
        return True

    def holder(self) -> dict[str, Any]:
        """Return `pid` and `command` of the holder; empty where it was killed, or is just writing them."""
        with contextlib.suppress(OSError, ValueError):
            content: dict[str, Any] = json.loads(self.path.read_text())
            return content if is_alive(content["pid"]) else {}
        return {}

    def take(self, command: str) -> None:
        """Take the lock, waiting for the guard of a killed stack; raises PlainError where another instance runs."""
        step = Step("waiting for the stack that was killed to end its servers")
        while not self.try_take(command):
            holder = self.holder()
            if holder:
                raise PlainError(
                    f"Another instance (process {holder['pid']}, dev.py {holder['command']}) already uses "
                    f"{self.path.parent}: stop it, or choose another folder with DEV_STATE_DIR."
                )
            if step.seconds > GUARD_SECONDS:
                raise PlainError(f"{self.path} is held by a process that does not end.")
            step.tick()
            time.sleep(0.05)

    def release(self) -> None:
        """Let the next one in."""
        if self._file:
            self._file.close()
            self._file = None

    def fileno(self) -> int:
        """Return the descriptor that keeps the lock while it is open."""
        if self._file is None:
            raise ValueError("the lock is not held")
        return self._file.fileno()


def is_free(port: int) -> bool:
    """Tell whether a server may listen on this loopback port (1..65535) now. Raises OSError where it never may."""
    if not 0 < port < 65536:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except PermissionError:
            raise
        except OSError:
            return False
    return True


def claim_port(port: int) -> socket.socket | None:
    """Keep other stacks from a loopback port until the socket is closed or this process is gone; None where one of
    them claims it already.

    To find it free is not enough: another stack may be about to start there, and the web servers of both would share
    it without a word (SO_REUSEPORT). Source: unix(7), abstract names, which reach as far as the ports themselves.
    """
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0assent-port-{port}")
    except OSError:
        claim.close()
        return None
    return claim


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
