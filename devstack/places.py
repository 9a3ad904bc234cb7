"""Folders that only we may write to, also under the system's temporary place, where anybody may put a trap."""

from __future__ import annotations

import contextlib
import os
import pathlib
import pwd
import shutil
import stat
import tempfile
from collections.abc import Callable

from devstack.errors import PlainError
from devstack.processes import Account

# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero.
LONGEST_SOCKET_PATH = 100


def is_root() -> bool:
    """Tell whether this process runs as root, which PostgreSQL refuses to."""
    return os.geteuid() == 0


def nobody() -> Account:
    """Return the account that servers run as where we are root."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise PlainError("This machine has no user nobody to run PostgreSQL as: start as an ordinary user.") from None
    return Account(entry.pw_uid, entry.pw_gid)


def is_open_to_others(path: pathlib.Path) -> bool:
    """Tell whether every folder on the way to (and including) `path` lets any user pass."""
    resolved = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (resolved, *resolved.parents))


def make_folder(path: pathlib.Path, *, mode: int = 0o700, account: Account | None = None) -> pathlib.Path:
    """Make a folder with its parents where it is missing; give it to `account` (root only).

    Raises OSError, and PlainError where it is there already and belongs to somebody else.
    """
    owner = account.uid if account else os.geteuid()
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        if account:
            os.chown(path, account.uid, account.gid)
    elif path.stat().st_uid != owner:
        raise PlainError(
            f"{path} belongs to another user ({_user_name(path.stat().st_uid)}): start as that user, "
            "or choose another folder with DEV_STATE_DIR."
        )
    return path


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def temporary_place() -> pathlib.Path:
    """Return the system's place for data that outlives a restart of the machine, or the best there is."""
    place = pathlib.Path("/var/tmp")  # noqa: S108 - what is put there is checked by claim_temporary_folder
    return place if os.access(place, os.W_OK | os.X_OK) else pathlib.Path(tempfile.gettempdir())


def claim_temporary_folder(name: str, *, mode: int = 0o700) -> pathlib.Path:
    """Make or take back a folder of ours under the system's temporary place.

    Raises PlainError where that name is a link, not a folder, somebody else's, or writable by somebody else.
    """
    path = temporary_place().resolve() / name
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=mode)
        path.chmod(mode)  # whatever the umask
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PlainError(f"{path} was put there by somebody else and is not safe to use: have it removed.")
    return path


def remove_temporary_folders(prefix: str, is_abandoned: Callable[[pathlib.Path], bool]) -> None:
    """Remove those of our temporary folders called `prefix*` that are abandoned; one that cannot be read is not."""
    for path in temporary_place().resolve().glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and is_abandoned(path):
                shutil.rmtree(path, ignore_errors=True)


def fits_a_socket(folder: pathlib.Path, name: str) -> bool:
    """Tell whether a unix socket of that name in that folder has a path short enough for the system."""
    return len(os.fsencode(folder / name)) <= LONGEST_SOCKET_PATH
