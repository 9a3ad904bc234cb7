"""The environment that the portal's processes and the tests are given: which names, and what is in them."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from devstack.places import make_folder
from devstack.roles import Database
from devstack.state import State

SINK_PORTS = ("smtp", "inbox")

# Names that come from us alone: what the caller's shell has under them must not reach the processes.
OWNER_ONLY = ("DATABASE_OWNER_URL",)
# What opens the vault: of all that serves, only the worker has it.
VAULT_ONLY = ("DATABASE_VAULT_URL", "VAULT_KEY_FILE")
CALLERS = ("ASSENT_CALLER_FOLDER", "PYTHONHOME", "PYTHONPATH", "DJANGO_SETTINGS_MODULE")
NOT_PASSED_ON = (*OWNER_ONLY, *VAULT_ONLY, "VAULT_KEY", *CALLERS)


@dataclass(frozen=True)
class Brokers:
    """How redis clients and Celery reach one Valkey or Redis."""

    redis_url: str
    celery_url: str


@dataclass(frozen=True)
class Sinks:
    """Where the local mail and SMS sinks listen (loopback ports), and the file they keep what they got in."""

    smtp_port: int
    http_port: int
    file: pathlib.Path

    def environment(self) -> dict[str, str]:
        """Return what `python -m devstack.sinks` is told."""
        return {
            "DEV_SINK_SMTP_PORT": str(self.smtp_port),
            "DEV_SINK_HTTP_PORT": str(self.http_port),
            "DEV_SINK_FILE": str(self.file),
        }


def choose_sinks(state: State) -> Sinks:
    """Pick the sinks' ports, the same as last time where they are free."""
    ports = state.ports(*SINK_PORTS)
    return Sinks(ports["smtp"], ports["inbox"], state.folder / "inbox.sqlite3")


def celery_url_for(redis_url: str) -> str:
    """Return the form of a redis client's URL that Celery takes; only that of a unix socket differs."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"


def contract(state: State, database: Database, brokers: Brokers, sinks: Sinks, port: int) -> dict[str, str]:
    """Return every name of the contract. DATABASE_OWNER_URL is among them: see `without_owner`."""
    inbox = f"http://127.0.0.1:{sinks.http_port}"
    return {
        "ASSENT_DEVELOPMENT": "1",
        "SECRET_KEY_FILE": str(state.secret_file("secret-key")),
        "FIELD_KEY_FILE": str(state.key_file("field-key")),
        "INDEX_KEY_FILE": str(state.key_file("index-key")),
        "VAULT_KEY_FILE": str(state.key_file("vault-key")),
        "LOG_KEYS_FILE": str(state.key_file("log-keys")),
        "RECEIPT_KEYS_FILE": str(state.key_file("receipt-keys")),
        "DATABASE_URL": database.application_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "DATABASE_VAULT_URL": database.vault_url,
        "REDIS_URL": brokers.redis_url,
        "CELERY_BROKER_URL": brokers.celery_url,
        "BASE_URL": f"http://127.0.0.1:{port}",
        "SMTP_URL": f"smtp://127.0.0.1:{sinks.smtp_port}",
        "SMS_GATEWAY_URL": f"{inbox}/sms",
        "SMS_LOOKUP_URL": f"{inbox}/lookup",
        "MAIL_LOOKUP_URL": f"{inbox}/lookup",
        "DEV_INBOX_URL": inbox,
        "DELIVERY_JOURNAL_DIR": str(make_folder(state.folder / "journal")),
        "ERASURE_JOURNAL_DIR": str(make_folder(state.folder / "erasures")),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
    }


def for_process(names: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process: the caller's own, with the contract's names over it."""
    inherited = {key: value for key, value in os.environ.items() if key not in NOT_PASSED_ON}
    # A value given directly would go before the file with the secret that we name.
    for name in names:
        inherited.pop(name.removesuffix("_FILE"), None)
        inherited.pop(f"{name}_FILE", None)
    return {**inherited, "PYTHONUNBUFFERED": "1", **names}


def without_owner(names: Mapping[str, str]) -> dict[str, str]:
    """Return the contract for what serves people, which must not be able to log in as the owner."""
    return {key: value for key, value in names.items() if key not in OWNER_ONLY}


def without_vault(names: Mapping[str, str]) -> dict[str, str]:
    """Return the contract for what has no business with the vault: everything but the worker and manage.py."""
    return {key: value for key, value in names.items() if key not in VAULT_ONLY}
