"""One process that starts all the others, notices when one of them dies, and leaves none behind."""

from __future__ import annotations

import os
import pathlib
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FrameType, TracebackType
from typing import Self

from devstack.child import Child, describe_exit, obituary, reap_orphans, wait_or_kill
from devstack.errors import Interrupted, PlainError, reason_in
from devstack.guard import Guard
from devstack.processes import MARK, STOP_SIGNALS, Account, adopt_orphans, end_groups, kill_marked, spawn
from devstack.progress import Step

POLL_SECONDS = 0.05
CHILD_GRACE_SECONDS = 10.0
SERVER_GRACE_SECONDS = 20.0
LOG_BYTES_KEPT = 2_000_000


class Supervisor:
    """Context manager; at its exit everything it started is gone, in the reverse order of the start.

    It holds signals back: SIGTERM, SIGINT and SIGHUP are noted, and every wait of this class raises Interrupted.
    """

    def __init__(self, logs: pathlib.Path, *, keep: Iterable[int] = ()) -> None:
        self.logs = logs
        self.mark = secrets.token_hex(8)
        self.children: list[Child] = []
        self.signals: list[int] = []
        self._previous: dict[int, object] = {}
        self._keep = keep

    def __enter__(self) -> Self:
        self._end_last_time()
        self.guard = Guard(self.mark, keep=self._keep)
        adopt_orphans()
        for signum in STOP_SIGNALS:
            if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:  # nohup stays in force
                self._previous[signum] = signal.signal(signum, self._note_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)  # type: ignore[arg-type]

    def _end_last_time(self) -> None:
        """Kill what a stack left whose supervisor and guard were killed both, such as a Celery task at work."""
        file = self.logs / "mark"
        if file.exists():
            kill_marked(file.read_text())
        file.write_text(self.mark)

    def _note_signal(self, signum: int, frame: FrameType | None) -> None:
        self.signals.append(signum)

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the environment with this stack's mark in it, by which no process of it gets lost."""
        return {**environment, MARK: self.mark}

    def start(
        self,
        name: str,
        argv: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str] = "/",
        account: Account | None = None,
        polite_signal: int = signal.SIGTERM,
        is_server: bool = False,
    ) -> Child:
        """Start a process that is watched from now on; its output goes to `<logs>/<name>.log`."""
        log = self.logs / f"{name}.log"
        if log.exists() and log.stat().st_size > LOG_BYTES_KEPT:
            log.replace(log.with_suffix(".log.old"))
        with open(log, "ab") as output:
            process = spawn(
                argv,
                # Servers go last and take their own children with them; the mark is for what is killed before.
                env=env if is_server else self.environment(env),
                cwd=cwd,
                output=output,
                account=account,
                death_signal=polite_signal,
            )
        self.guard.watch(process.pid, polite_signal, servers=is_server)
        child = Child(name, process, log, polite_signal, is_server)
        self.children.append(child)
        return child

    def check(self) -> None:
        """Raise Interrupted if a signal came; else see `check_children`."""
        if self.signals:
            raise Interrupted(self.signals[0])
        self.check_children()

    def check_children(self) -> None:
        """Raise PlainError with the end of its log if a child died."""
        for child in self.children:
            if child.process.poll() is not None and not child.is_starting:
                raise PlainError(obituary(child))
        if not self.guard.is_alive():
            raise PlainError("The guard process was killed; without it a kill of dev.py would leave servers behind.")

    def pause(self, step: Step | None = None) -> None:
        """Wait one poll interval, with `check` before it and a tick of the step."""
        self.check()
        if step:
            step.tick()
        time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Wait until a signal comes or a child dies; see `check`."""
        while True:
            self.pause()
            time.sleep(POLL_SECONDS)

    def wait_until(self, what: str, condition: Callable[[], bool], *, seconds: float) -> None:
        """Poll until the condition holds; raises PlainError when the seconds are over."""
        step = Step(what)
        while not condition():
            if step.seconds > seconds:
                raise PlainError(f"Gave up {what} after {seconds:.0f} s: see the logs in {self.logs}.")
            self.pause(step)
        step.done()

    def run(
        self,
        what: str,
        name: str,
        argv: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str],
        account: Account | None = None,
        failure: str = "",
    ) -> None:
        """Run a program to its end; raises PlainError with its own last word where it fails.

        what: progress, such as `migrating the database`. name: of the log. failure: start of the sentence.
        """
        step = Step(what)
        log = self.logs / f"{name}.log"
        with open(log, "wb") as output:
            environment = self.environment(env)
            process = spawn(argv, env=environment, cwd=cwd, output=output, account=account, death_signal=signal.SIGKILL)
        self.guard.watch(process.pid, signal.SIGTERM)
        try:
            while process.poll() is None:
                self.pause(step)
        finally:
            self._end([Child(name, process, log, signal.SIGTERM)], grace_seconds=CHILD_GRACE_SECONDS)
        if process.returncode:
            reason = reason_in(log.read_text(errors="replace")) or describe_exit(process.returncode)
            raise PlainError(f"{failure or what} failed: {reason.rstrip('.')}; all it said is in {log}.")
        step.done()

    def run_in_foreground(
        self, argv: Sequence[str | os.PathLike[str]], *, env: Mapping[str, str], cwd: str | os.PathLike[str]
    ) -> int:
        """Run a program that owns the terminal (Ctrl-C goes to it) and return its exit code.

        Raises PlainError if a server dies meanwhile.
        """
        process = spawn(argv, env=self.environment(env), cwd=cwd, own_session=False)
        has_terminal = sys.stdin is not None and sys.stdin.isatty() and os.tcgetpgrp(0) == os.getpgrp()
        passed_on = 0
        try:
            while process.poll() is None:
                for signum in self.signals[passed_on:]:
                    passed_on += 1
                    if signum != signal.SIGINT or not has_terminal:
                        process.send_signal(signum)
                self.check_children()
                time.sleep(POLL_SECONDS)
        finally:
            if process.poll() is None:
                process.terminate()
                wait_or_kill(process, CHILD_GRACE_SECONDS)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def stop(self) -> None:
        """End everything: first what uses the servers, then the servers; a second signal makes it hurry."""
        heard = len(self.signals)
        step = Step("ending every process")

        def hurry() -> bool:
            step.tick()
            for child in self.children:
                child.process.poll()
            return len(self.signals) > heard

        self._end([c for c in self.children if not c.is_server], grace_seconds=CHILD_GRACE_SECONDS, poll=hurry)
        kill_marked(self.mark)
        self._end([c for c in self.children if c.is_server], grace_seconds=SERVER_GRACE_SECONDS, poll=hurry)
        self.children.clear()
        reap_orphans()
        self.guard.dismiss()
        step.done()

    def _end(
        self, children: Sequence[Child], *, grace_seconds: float, poll: Callable[[], bool] = lambda: False
    ) -> None:
        def reap() -> bool:
            for child in children:
                if child.process.poll() is not None:
                    reap_orphans(child.process.pid)
            return poll()

        reap()
        groups = {child.process.pid: child.polite_signal for child in children}
        end_groups(groups, grace_seconds=grace_seconds, poll=reap)
        for child in children:
            wait_or_kill(child.process, 5)
            reap_orphans(child.process.pid)
            self.guard.forget(child.process.pid)
