"""What docker-compose.yml needs beside the images: the folder of secrets, and the question whether web is ready.

python3 -m devstack.deployment secrets      make what is missing in secrets/; standard library only
python -m devstack.deployment ready         exit 0 if the portal in this container answers, else 1
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import pathlib
import secrets
import sys
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from devstack.errors import PlainError, plainly

FOLDER = pathlib.Path("secrets")
# Compose mounts each file by itself, with its mode; the containers' users are not the one who made it. The folder
# (0700) is what keeps other users of the machine out.
FOLDER_MODE, FILE_MODE = 0o700, 0o444
PASSWORDS = (*(f"{role}-password" for role in ("postgres", "owner", "application", "vault", "valkey")), "secret-key")
# These carry a password of somebody else's, so a person fills them in.
PLACEHOLDER = "REPLACE-ME"
GIVEN = {
    "smtp-url": f"smtp://user:{PLACEHOLDER}@mail.example.com:587",
    "sms-gateway-url": f"https://{PLACEHOLDER}@sms.example.com/sms",
}


def make_secrets(folder: pathlib.Path) -> list[str]:
    """Make every secret that is not there yet and return the names of those a person still has to fill in.

    Nothing is ever overwritten: a lost field key is lost data. Raises PlainError where the folder cannot be used.
    """
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        raise PlainError(f"{folder} is open to other users: chmod 700 {folder}")
    for name in PASSWORDS:
        _make(folder / name, lambda: secrets.token_urlsafe(48))
    for name in ("field-key", "index-key", "vault-key", "log-keys", "receipt-keys"):
        _make(folder / name, lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    owner, application, vault = (_read(folder, f"{role}-password") for role in ("owner", "application", "vault"))
    valkey = _read(folder, "valkey-password")
    for name, url in {
        "database-owner-url": f"postgresql://assent_owner:{owner}@postgres:5432/assent",
        "database-url": f"postgresql://assent_app:{application}@postgres:5432/assent",
        "database-vault-url": f"postgresql://assent_vault:{vault}@postgres:5432/assent",
        "redis-url": f"redis://:{valkey}@valkey:6379/1",
        "celery-broker-url": f"redis://:{valkey}@valkey:6379/0",
        **GIVEN,
    }.items():
        _make(folder / name, _constant(url))
    return [name for name in GIVEN if PLACEHOLDER in _read(folder, name)]


def is_ready(base_url: str, port: int) -> bool:
    """Ask /readyz/ on this machine as the TLS proxy would ask it."""
    headers = {"Host": urlsplit(base_url).netloc, "X-Forwarded-Proto": "https"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz/", headers=headers)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def main(arguments: Sequence[str]) -> int:
    """Do what the module's docstring says; returns the exit code."""
    match list(arguments):
        case ["ready"]:
            return 0 if is_ready(os.environ["BASE_URL"], 8000) else 1
        case ["secrets"]:
            missing = [str(FOLDER / name) for name in make_secrets(FOLDER)]
            sys.stdout.write(
                f"{FOLDER}/ is complete\n" if not missing else f"now put yours into {' and '.join(missing)}\n"
            )
            return 0
        case _:
            raise PlainError("Say secrets or ready: see devstack/deployment.py.")


def _make(path: pathlib.Path, value: Callable[[], str]) -> None:
    if not path.exists():
        temporary = path.with_suffix(".new")
        temporary.write_text(value())
        temporary.chmod(FILE_MODE)
        temporary.rename(path)


def _constant(value: str) -> Callable[[], str]:
    return lambda: value


def _read(folder: pathlib.Path, name: str) -> str:
    return (folder / name).read_text().strip()


if __name__ == "__main__":
    sys.exit(plainly(lambda: main(sys.argv[1:])))
