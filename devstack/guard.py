"""A small process that ends the stack if the supervisor is killed without a chance to do it itself."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
from collections.abc import Iterable

from devstack.processes import STOP_SIGNALS, end_groups, kill_marked, name_process

GRACE_SECONDS = 2.0
SERVER_GRACE_SECONDS = 8.0


class Guard:
    """Forked from the supervisor before anything else is started; dies with nothing but its own orderly end.

    It learns through a pipe which process groups there are, and the end of that pipe tells it that the supervisor is
    gone. The descriptors in `keep` (the state's lock) stay open in it, so that no second stack starts in between.
    """

    def __init__(self, mark: str, *, keep: Iterable[int] = ()) -> None:
        reader, self._writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _become_guard(reader, set(keep), mark)
            finally:
                os._exit(0)
        os.close(reader)

    def watch(self, group: int, polite_signal: int, *, servers: bool = False) -> None:
        """Register a process group; servers are ended after the others."""
        self._tell({"group": group, "signal": int(polite_signal), "servers": servers})

    def forget(self, group: int) -> None:
        """A group is gone; its number may come back as somebody else's."""
        self._tell({"forget": group})

    def remove_after(self, folder: pathlib.Path) -> None:
        """Register a throw-away folder to be removed at the end."""
        self._tell({"remove": str(folder)})

    def is_alive(self) -> bool:
        """Tell whether the guard still stands by."""
        return bool(self.pid) and not self._reap(os.WNOHANG)

    def dismiss(self) -> None:
        """End the guard, after an orderly stop."""
        self._tell({"dismiss": True})
        os.close(self._writer)
        if self.pid:
            self._reap(0)

    def _reap(self, options: int) -> bool:
        try:
            ended = os.waitpid(self.pid, options) != (0, 0)
        except ChildProcessError:  # somebody else waited for it
            ended = True
        if ended:
            self.pid = 0
        return ended

    def _tell(self, message: dict[str, object]) -> None:
        try:
            os.write(self._writer, json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            return  # it was killed; the supervisor notices by is_alive


def _become_guard(reader: int, keep: set[int], mark: str) -> None:
    os.setsid()
    for signum in STOP_SIGNALS:
        signal.signal(signum, signal.SIG_IGN)
    name_process("assent-guard")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    for descriptor in _open_descriptors():
        if descriptor > 2 and descriptor != reader and descriptor not in keep:
            _close(descriptor)
    _watch(reader, mark)


def _open_descriptors() -> list[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        if os.path.isdir(folder):
            return [int(name) for name in os.listdir(folder)]
    return list(range(256))


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        return


def _watch(reader: int, mark: str) -> None:
    groups: dict[int, int] = {}
    servers: dict[int, int] = {}
    folders: list[str] = []
    with open(reader) as messages:
        for line in messages:
            message = json.loads(line)
            if "dismiss" in message:
                return
            if "group" in message:
                (servers if message["servers"] else groups)[message["group"]] = message["signal"]
            elif "forget" in message:
                groups.pop(message["forget"], None)
                servers.pop(message["forget"], None)
            else:
                folders.append(message["remove"])
    end_groups(groups, grace_seconds=GRACE_SECONDS)
    kill_marked(mark)
    end_groups(servers, grace_seconds=SERVER_GRACE_SECONDS)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
