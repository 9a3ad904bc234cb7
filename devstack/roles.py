"""Three roles in PostgreSQL: one owns the tables, one is what the application logs in with and owns nothing, and one
reaches the vault of what the law wants kept after somebody left, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from devstack.errors import PlainError
from devstack.postgres import Postgres
from devstack.state import State

DATABASE = "assent"
OWNER = "assent_owner"
APPLICATION = "assent_app"
VAULT = "assent_vault"
CONNECT_SECONDS = 10

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Database:
    """How the roles reach one database. application_url: for everything that serves; owner_url: for migrations;
    vault_url: for the worker that carries things into the vault, empty where that role was not given."""

    application_url: str
    owner_url: str
    vault_url: str


def provision_embedded(postgres: Postgres) -> Database:
    """Make or mend the roles and the database in the embedded server; idempotent."""
    owner_password = postgres.state.secret("postgres-owner")
    application_password = postgres.state.secret("postgres-app")
    vault_password = postgres.state.secret("postgres-vault")
    with connect(postgres.superuser_url()) as connection:
        _make_role(connection, OWNER, owner_password, "LOGIN CREATEDB")
        _make_role(connection, APPLICATION, application_password, "LOGIN")
        _make_role(connection, VAULT, vault_password, "LOGIN")
        if not _one(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
    with connect(postgres.superuser_url(DATABASE)) as connection:
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        _separate(connection)
    return Database(
        application_url=postgres.url(APPLICATION, application_password, DATABASE),
        owner_url=postgres.url(OWNER, owner_password, DATABASE),
        vault_url=postgres.url(VAULT, vault_password, DATABASE),
    )


def provision_outside(database_url: str, owner_url: str, vault_url: str, state: State) -> Database:
    """Take the roles that were given, or make the others with the first.

    With DATABASE_URL alone its role becomes the owner and makes `assent_app` and `assent_vault`. Raises PlainError
    where the server does not answer, or where the role may not do that.
    """
    if owner_url:
        for url in filter(None, (database_url, owner_url, vault_url)):
            connect(url).close()
        if not vault_url:
            _require_vault_role(owner_url)
        return Database(application_url=database_url, owner_url=owner_url, vault_url=vault_url)
    with connect(database_url) as connection:
        may = _one(connection, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        if may != (True,):
            role = connection.info.user
            raise PlainError(
                f"The role {role} of DATABASE_URL may not create roles: set DATABASE_OWNER_URL to the role that owns "
                "the database, and DATABASE_URL to another one that owns nothing."
            )
        passwords = {role: _derived_password(role, database_url, state) for role in (APPLICATION, VAULT)}
        urls = {role: _with_credentials(database_url, role, password) for role, password in passwords.items()}
        for role, password in passwords.items():
            if not _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                _make_role(connection, role, password, "LOGIN")
        _separate(connection)
    for role, url in urls.items():
        _check_derived(role, url)
    return Database(application_url=urls[APPLICATION], owner_url=database_url, vault_url=urls[VAULT])


def require_test_databases(owner_url: str) -> None:
    """Raise PlainError where the owner may not create databases, as tests do."""
    with connect(owner_url) as connection:
        may = _one(connection, "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
        if may != (True,):
            raise PlainError(
                f"The role {connection.info.user} may not create databases, which the tests need: give it CREATEDB."
            )


def _require_vault_role(owner_url: str) -> None:
    """Without the role the migration could not give it its rights."""
    with connect(owner_url) as connection:
        if not _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", VAULT):
            raise PlainError(
                f"The server has no role for the vault: make {VAULT}, which may log in, as deploy/postgres-roles.sh "
                "does, and set DATABASE_VAULT_URL to it."
            )


def connect(url: str) -> Connection:
    """Open a connection that commits by itself; raises PlainError, without the password, where it cannot."""
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        lines = [line.strip() for line in str(error).splitlines() if "failed: " in line] or [str(error)]
        reason = lines[0].rpartition("failed: ")[2]
        raise PlainError(f"The database {_without_password(url)} cannot be used: {reason}.") from None
    except psycopg.ProgrammingError:
        raise PlainError("DATABASE_URL or DATABASE_OWNER_URL is not a postgresql:// URL.") from None


def _one(connection: Connection, query: LiteralString, *parameters: object) -> tuple[Any, ...] | None:
    return connection.execute(query, parameters or None).fetchone()


def _make_role(connection: Connection, role: str, password: str, attributes: LiteralString) -> None:
    """Create or correct a role. The server gets the SCRAM verifier, so the password cannot turn up in its log."""
    verb: LiteralString = "ALTER" if _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role) else "CREATE"
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("{} ROLE {} {} PASSWORD {}")
    connection.execute(
        statement.format(sql.SQL(verb), sql.Identifier(role), sql.SQL(attributes), sql.Literal(verifier))
    )


def _separate(connection: Connection) -> None:
    """Let both other roles connect and the application's look into the schema; nobody but the owner creates anything.

    The rights on tables come from a migration. On a server of somebody else's we may lack the right to revoke; then
    the migration still grants no more than it names.
    """
    name = sql.Identifier(connection.info.dbname)
    role, vault = sql.Identifier(APPLICATION), sql.Identifier(VAULT)
    for statement in (
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(name, role, vault),
        sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role),
    ):
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            continue


def _derived_password(role: str, database_url: str, state: State) -> str:
    """Derive a new role's password from that of the role that makes it.

    So every checkout and every state that is given the same DATABASE_URL can use the role; without a password in the
    URL it is a secret of this state.
    """
    seed = urlsplit(database_url).password or state.secret("postgres-outside")
    digest = hmac.new(unquote(seed).encode(), role.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _check_derived(role: str, url: str) -> None:
    try:
        connect(url).close()
    except PlainError:
        raise PlainError(
            f"The role {role} is on that server already with a password unknown here: set DATABASE_OWNER_URL to what "
            f"DATABASE_URL is now, DATABASE_URL to {APPLICATION} with its password, and DATABASE_VAULT_URL to {VAULT} "
            "with its own."
        ) from None


def _with_credentials(url: str, role: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}:{quote(password, safe='')}@{host}"))


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}" if user else host, query=""))
