"""PostgreSQL and Valkey for one call: the embedded ones, or those that the environment names."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import redis

from devstack.contract import Brokers, Sinks, celery_url_for, choose_sinks, contract, for_process
from devstack.errors import PlainError
from devstack.postgres import Postgres
from devstack.roles import Database, provision_embedded, provision_outside
from devstack.state import ROOT, State
from devstack.supervisor import Supervisor
from devstack.valkey import Valkey

CONNECT_SECONDS = 10


@dataclass
class Services:
    """What was started for one call. names: the whole contract, see contract.py."""

    state: State
    names: dict[str, str]
    sinks: Sinks


def start_services(supervisor: Supervisor, state: State, *, port: int, outside_state: State | None = None) -> Services:
    """Start what the environment does not give, and put the contract together. Raises PlainError.

    port: of the portal. outside_state: keeps the secrets for servers that outlive `state`, where that is thrown away.
    """
    brokers = _start_broker(supervisor, state)
    database = _start_database(supervisor, state, outside_state or state)
    sinks = choose_sinks(state)
    return Services(state, contract(state, database, brokers, sinks, port), sinks)


def start_sinks(supervisor: Supervisor, services: Services) -> None:
    """Start the local mail and SMS sinks, which `Supervisor.check` watches from then on."""
    names = {**services.sinks.environment(), "LOG_LEVEL": services.names["LOG_LEVEL"]}
    supervisor.start("sinks", [sys.executable, "-m", "devstack.sinks"], env=for_process(names), cwd=ROOT)


def _start_broker(supervisor: Supervisor, state: State) -> Brokers:
    url = os.environ.get("REDIS_URL")
    if url:
        _check_broker(url)
        return Brokers(url, os.environ.get("CELERY_BROKER_URL") or celery_url_for(url))
    valkey = Valkey(state)
    valkey.start(supervisor)
    return Brokers(valkey.url(), valkey.broker_url())


def _check_broker(url: str) -> None:
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS
        ) as client:
            client.ping()
    except ValueError:
        raise PlainError("REDIS_URL is not a redis://, rediss:// or unix:// URL.") from None
    except redis.RedisError as error:
        raise PlainError(f"The server of REDIS_URL cannot be used: {str(error).rstrip('.')}.") from None


def _start_database(supervisor: Supervisor, state: State, outside_state: State) -> Database:
    url = os.environ.get("DATABASE_URL", "")
    owner_url = os.environ.get("DATABASE_OWNER_URL", "")
    if url:
        return provision_outside(url, owner_url, os.environ.get("DATABASE_VAULT_URL", ""), outside_state)
    if owner_url:
        raise PlainError("DATABASE_OWNER_URL is set and DATABASE_URL is not: set both or neither.")
    postgres = Postgres(state)
    postgres.start(supervisor)
    return provision_embedded(postgres)
