"""What every test shares: a database made by the owner's role and used by the application's, personas, a clock.

Migrations run as the owner, tests as the application, with every guard in place. A transactional test is flushed
with TRUNCATE, which the application may not do and the guards refuse; so here the owner does it.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client, TransactionTestCase
from django.utils import translation
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import Authenticator, Role, StaffRole, User
from accounts.otp.tests.factories import make_authenticator
from consent.policies import schedule

KEPT_BY_FLUSH = ("django_migrations", "django_content_type", "auth_permission")
GUARDS = ("append_only", "kept", "frozen")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 9 o'clock in Shanghai


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A database of this run (and of this xdist worker) that belongs to the owner."""
    name = f"test_{settings.DATABASES['default']['NAME']}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    _drop(name)
    _as_owner("postgres", f'CREATE DATABASE "{name}"')
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = settings.DATABASES[alias]["NAME"] = name
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections["owner"].close()
    yield
    for alias in connections:
        connections[alias].close()
    _drop(name)


def connect_as(alias: str, database: str = "", *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A connection of its own with the role of a database alias, as another process would have it."""
    config = settings.DATABASES[alias]
    return psycopg.connect(
        host=config["HOST"] or None,
        port=config["PORT"] or None,
        user=config["USER"],
        password=config["PASSWORD"] or None,
        dbname=database or config["NAME"],
        autocommit=autocommit,
    )


def owner_connection(database: str = "") -> psycopg.Connection[Any]:
    """A connection as the tables' owner, who in production only migrates."""
    return connect_as("owner", database, autocommit=True)


def _as_owner(database: str, *statements: str) -> None:
    with owner_connection(database) as connection:
        for statement in statements:
            connection.execute(statement)


def _drop(database: str) -> None:
    """Autovacuum, which the owner may not end, is in a database for a moment at a time: then once more."""
    for patience in (0.5, 1, 2, 4, 0):
        try:
            return _as_owner("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        except psycopg.errors.InsufficientPrivilege:
            if not patience:
                raise
            time.sleep(patience)
    return None


def _flush_as_owner(_case: TransactionTestCase) -> None:
    with owner_connection() as connection, connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '5s'")  # a transaction that a test forgot fails loudly
        guards = connection.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname = ANY(%s)", [list(GUARDS)]
        ).fetchall()
        for table, guard in guards:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
        tables = connection.execute(
            "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('public', 'vault') AND tablename <> ALL(%s)",
            [list(KEPT_BY_FLUSH)],
        ).fetchall()
        connection.execute(f"TRUNCATE {', '.join(row[0] for row in tables)} RESTART IDENTITY CASCADE")
        for table, guard in guards:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")


TransactionTestCase._fixture_teardown = _flush_as_owner  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _first_language() -> Iterator[None]:
    """What a page activated in this thread does not stay for the next test."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _known_versions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test starts knowing no version: a rolled back one leaves its id to the next. No thread in the background."""
    monkeypatch.setattr(schedule.default, "refresh_seconds", 0)
    schedule.forget()
    yield
    schedule.forget()


@pytest.fixture
def shared_folder() -> Path:
    """The folder of real input beside the checkout; where it is absent, the test is skipped with the reason."""
    folder = settings.BASE_DIR.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real policies beside the checkout ({folder.name})")
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the browser is. Without one the test is skipped, and in CI it fails."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        reason = f"no browser at {path}; set CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def _sign_in(client: Client, user: User, backend: str | None = None) -> None:
    """As Django's force_login; whoever has an authenticator app has used it in this session, as staff must."""
    FORCE_LOGIN(client, user, backend)
    app = Authenticator.objects.filter(user=user, confirmed=True).first()
    if app:
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = app.persistent_id
        session.save()


FORCE_LOGIN = Client.force_login
Client.force_login = _sign_in  # type: ignore[assignment, method-assign]


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """A person whose contacts are proven; staff have an authenticator app."""

    def make(email: str = "", phone: str = "", **fields: Any) -> User:
        user = User.objects.create_user(
            email=email,
            phone=phone,
            email_verified_at=NOW if email else None,
            phone_verified_at=NOW if phone else None,
            **fields,
        )
        if user.is_staff:
            make_authenticator(user)
        return user

    return make


@pytest.fixture
def alice(make_user: Callable[..., User]) -> User:
    """A data subject."""
    return make_user(email="alice@people.example", name="Alice")


@pytest.fixture
def bob(make_user: Callable[..., User]) -> User:
    """A stranger to Alice's things."""
    return make_user(phone="+8613800138000", name="Bob")


@pytest.fixture
def carol(make_user: Callable[..., User]) -> User:
    """Support staff."""
    user = make_user(email="carol@controller.example", name="Carol", is_staff=True)
    StaffRole.objects.create(user=user, role=Role.SUPPORT)
    return user


@pytest.fixture
def dave(make_user: Callable[..., User]) -> User:
    """A publisher."""
    user = make_user(email="dave@controller.example", name="Dave", is_staff=True)
    StaffRole.objects.create(user=user, role=Role.PUBLISHER)
    return user
