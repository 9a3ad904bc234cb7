"""Make `.venv` with the hashed packages, then hand over to `python -m devstack` inside it. Standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence

from devstack.errors import PlainError, plainly, reason_in
from devstack.guard import Guard
from devstack.processes import MARK, STOP_SIGNALS, signal_group, spawn
from devstack.progress import Step, say

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
UV_VERSION = "0.13.9"

RUN_FILES = ("requirements.txt",)
DEV_FILES = ("requirements.txt", "requirements-dev.txt")
NEEDS_DEV_FILES = ("test", "check")

Argv = list[str | os.PathLike[str]]

# What uv fails of, and what helps: a company's own certificate authority (by default uv trusts only the list that it
# carries), a home folder that cannot be written to.
REMEDIES = {"certificate": "--system-certs", "initialize cache": "--no-cache"}

# While the first exists somebody is at work inside the venv, or was killed there; the second tells what is in it.
UNFINISHED = VENV / ".assent-unfinished"
INSTALLED = VENV / ".assent-installed.json"


def main(arguments: Sequence[str]) -> None:
    """Set up what the command needs and become `python -m devstack <arguments>`; exit 1 where that fails."""
    # A shell that starts us in the background has Ctrl-C ignored; whoever sends it means it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = plainly(lambda: _set_up(_requirement_files(arguments)))
    if code:
        sys.exit(code)
    environment = dict(os.environ, ASSENT_CALLER_FOLDER=_caller_folder())
    if environment.get("DEV_STATE_DIR"):
        environment["DEV_STATE_DIR"] = os.path.abspath(environment["DEV_STATE_DIR"])
    os.chdir(ROOT)
    # A signal that comes while Python starts anew waits until devstack is ready to take it, see devstack.__main__.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    os.execve(PYTHON, [str(PYTHON), "-m", "devstack", *arguments], environment)  # noqa: S606


def _caller_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return str(ROOT)


def _requirement_files(arguments: Sequence[str]) -> tuple[str, ...]:
    return DEV_FILES if arguments and arguments[0] in NEEDS_DEV_FILES else RUN_FILES


class Installers:
    """Runs what writes into the virtual environment; none of it outlives us, and the lock is held until it is gone."""

    def __init__(self, lock: int) -> None:
        self.mark = secrets.token_hex(8)
        self._lock = lock

    def __enter__(self) -> Installers:
        self.guard = Guard(self.mark, keep=[self._lock])
        return self

    def __exit__(self, *error: object) -> None:
        self.guard.dismiss()

    def run(self, what: str, argv: Argv, index: str = "") -> None:
        """Run one installer; raises PlainError with the line of its output that says why it failed.

        index: package index for uv, where it is not its own.
        """
        step = Step(what)
        environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONHOME", "PYTHONPATH")}
        environment[MARK] = self.mark
        if index:
            environment["UV_DEFAULT_INDEX"] = index
        with tempfile.TemporaryFile(dir=VENV) as output:
            process = spawn(argv, env=environment, cwd=ROOT, output=output, death_signal=signal.SIGKILL)
            self.guard.watch(process.pid, signal.SIGKILL)
            try:
                while process.poll() is None:
                    step.tick()
                    time.sleep(0.05)
            finally:
                signal_group(process.pid, signal.SIGKILL)
                process.wait()
                self.guard.forget(process.pid)
            if process.returncode:
                output.seek(0)
                reason = reason_in(output.read().decode(errors="replace"))
                raise PlainError(f"{what[0].upper()}{what[1:]} failed: {reason.rstrip('.') or 'it said nothing'}.")
        step.done()


def _set_up(files: Sequence[str]) -> int:
    if not _is_satisfied(files):
        with _only_one_at_a_time() as lock:
            if not _is_satisfied(files):
                with Installers(lock) as installers:
                    _make(files, installers)
    return 0


def _digests(files: Sequence[str]) -> dict[str, str]:
    try:
        return {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in files}
    except FileNotFoundError as error:
        raise PlainError(f"{error.filename} is missing: this checkout is not complete.") from None


def _installed() -> dict[str, str]:
    try:
        content: dict[str, str] = json.loads(INSTALLED.read_text())
    except (OSError, ValueError):
        return {}
    return content


def _is_satisfied(files: Sequence[str]) -> bool:
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    installed = _installed()
    return all(installed.get(name) == digest for name, digest in _digests(files).items())


@contextlib.contextmanager
def _only_one_at_a_time() -> Iterator[int]:
    """Hold the lock beside the venv; yields its descriptor."""
    step = Step("waiting for another start that is installing the packages")
    with open(ROOT / ".venv.lock", "w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                step.tick()
                time.sleep(0.1)
        yield file.fileno()


def _make(files: Sequence[str], installers: Installers) -> None:
    installed = _installed()
    if not _is_sound():
        _make_empty(installers)
        installed = {}
    # What was there for the tests stays there, also in a virtual environment that somebody made by hand.
    wanted = DEV_FILES if DEV_FILES[-1] in installed or (VENV / "bin" / "pytest").exists() else files
    digests = _digests(wanted)
    UNFINISHED.touch()
    INSTALLED.unlink(missing_ok=True)
    if _uv_version() != UV_VERSION:
        pip: Argv = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"uv=={UV_VERSION}"]
        installers.run("installing uv", pip)
    sync: Argv = [UV, "pip", "sync", "-q", "--require-hashes", "--python", PYTHON, *(ROOT / name for name in wanted)]
    _install("installing the packages", sync, installers)
    INSTALLED.write_text(json.dumps(digests))
    UNFINISHED.unlink()


def _is_sound() -> bool:
    """Tell whether there is a finished venv, with a Python that works and is new enough."""
    if not VENV.exists() or UNFINISHED.exists() or not PYTHON.exists():
        return False
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0  # noqa: S603


def _make_empty(installers: Installers) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise PlainError(
            f"The Python at {sys.executable} has no ensurepip: install it (on Debian and Ubuntu: "
            "apt install python3-venv) and start again."
        )
    if VENV.exists():
        if not (VENV / "pyvenv.cfg").exists() and not UNFINISHED.exists() and any(VENV.iterdir()):
            raise PlainError(f"{VENV} is not a virtual environment: move it away and start again.")
        say("the virtual environment is not whole: making it anew")
        shutil.rmtree(VENV)
    VENV.mkdir()
    UNFINISHED.touch()
    try:
        venv.create(VENV, with_pip=False, symlinks=True)
    except subprocess.CalledProcessError as error:
        raise PlainError(f"The virtual environment cannot be made: {error}.") from None
    installers.run("making the virtual environment", [PYTHON, "-m", "ensurepip", "--default-pip"])


def _install(what: str, sync: Argv, installers: Installers) -> None:
    """Run uv, and again with the remedy where it fails of something that has one."""
    index = _pip_index()
    remedies = dict(REMEDIES)
    while True:
        try:
            return installers.run(what, sync, index)
        except PlainError as error:
            sign = next((sign for sign in remedies if sign in str(error)), None)
            if sign is None:
                raise
            sync = [*sync, remedies.pop(sign)]


def _pip_index() -> str:
    """Return the package index that pip is told to use on this machine, which uv would not know of; empty for none."""
    if any(name in os.environ for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")):
        return ""
    ask: Argv = [PYTHON, "-m", "pip", "config", "get", "global.index-url"]
    told = subprocess.run(ask, capture_output=True, text=True, check=False)  # noqa: S603
    return os.environ.get("PIP_INDEX_URL", "") or told.stdout.strip()


def _uv_version() -> str:
    try:
        told = subprocess.run([UV, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:
        return ""
    return (told.split() + ["", ""])[1]
