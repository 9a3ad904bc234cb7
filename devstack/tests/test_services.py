"""The embedded servers are real, keep what they are given, and keep the two roles apart."""

from __future__ import annotations

import pathlib
import shutil
import tempfile
from collections.abc import Iterator

import psycopg
import pytest
import redis
from kombu import Connection as BrokerConnection
from psycopg import sql

from devstack.contract import celery_url_for, without_owner, without_vault
from devstack.errors import PlainError
from devstack.places import is_root
from devstack.postgres import Postgres
from devstack.roles import connect, provision_outside
from devstack.services import Services, start_services
from devstack.state import State
from devstack.supervisor import Supervisor

pytestmark = pytest.mark.usefixtures("no_outside_servers")


@pytest.fixture
def state() -> Iterator[State]:
    """A throw-away state whose path has a space in it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="assent test "))
    folder.chmod(0o711 if is_root() else 0o700)
    state = State(folder, throwaway=True)
    yield state
    state.remove()


@pytest.fixture
def lasting_state(tmp_path: pathlib.Path) -> Iterator[State]:
    """A state as `dev.py` has it; as root its database is elsewhere, because pytest's folder is closed to others."""
    state = State(tmp_path / "state")
    yield state
    state.remove()


@pytest.fixture
def supervisor(state: State) -> Iterator[Supervisor]:
    """A supervisor that ends what the test starts."""
    with Supervisor(state.logs) as supervisor:
        yield supervisor


@pytest.fixture
def services(state: State, supervisor: Supervisor) -> Services:
    """Both servers, started."""
    return start_services(supervisor, state, port=8000)


def test_the_application_owns_nothing_and_can_make_nothing(services: Services) -> None:
    with connect(services.names["DATABASE_URL"]) as application:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("CREATE TABLE mine ()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("CREATE TEMPORARY TABLE mine ()")
        owned = application.execute("SELECT relname FROM pg_class WHERE relowner = 'assent_app'::regrole").fetchall()
        attributes = application.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()

    assert owned == []
    assert attributes == (False,) * 5


def test_the_owner_is_no_superuser_and_the_application_cannot_become_it(services: Services) -> None:
    with connect(services.names["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE evidence ()")
        power = owner.execute("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone()

    with connect(services.names["DATABASE_URL"]) as application:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("SET ROLE assent_owner")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("SELECT FROM evidence")

    assert power == (False, False)


def test_no_role_gets_in_with_a_wrong_password_and_the_locale_is_fixed(services: Services) -> None:
    url = services.names["DATABASE_URL"]
    password = services.state.secret("postgres-app")

    with pytest.raises(PlainError, match="password authentication failed") as refusal:
        connect(url.replace(password, "wrong"))

    assert password not in str(refusal.value)
    with connect(url) as connection:
        described = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datlocale FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert described == ("UTF8", "C.UTF-8")


def test_what_serves_people_is_not_told_the_owners_password(services: Services) -> None:
    shown = "\n".join(without_owner(services.names).values())

    assert services.state.secret("postgres-owner") not in shown
    assert services.state.secret("postgres-super") not in shown


def test_what_has_no_business_with_the_vault_is_told_neither_its_password_nor_its_key(services: Services) -> None:
    names = without_vault(services.names)

    assert services.state.secret("postgres-vault") not in "\n".join(names.values())
    assert names.keys() ^ services.names.keys() == {"DATABASE_VAULT_URL", "VAULT_KEY_FILE"}


def test_outside_roles_without_one_for_the_vault_are_told_to_make_it(services: Services, state: State) -> None:
    with connect(_superuser_url(services)) as superuser:
        superuser.execute("DROP OWNED BY assent_vault")
        superuser.execute("DROP ROLE assent_vault")

    with pytest.raises(PlainError, match="DATABASE_VAULT_URL"):
        provision_outside(services.names["DATABASE_URL"], services.names["DATABASE_OWNER_URL"], "", state)


def test_redis_clients_and_celery_reach_valkey_in_databases_of_their_own(services: Services) -> None:
    with redis.Redis.from_url(services.names["REDIS_URL"]) as client:
        client.set("cached", "1")
    with BrokerConnection(services.names["CELERY_BROKER_URL"]) as broker:
        queue = broker.SimpleQueue("work")
        queue.put({"number": 1})
        with redis.Redis.from_url(services.names["REDIS_URL"]) as client:
            client.flushdb()
        message = queue.get(timeout=5)
        queue.close()

    assert message.payload == {"number": 1}


def test_postgresql_keeps_its_data_through_a_kill_and_a_second_start(lasting_state: State) -> None:
    with Supervisor(lasting_state.logs) as supervisor:
        first = start_services(supervisor, lasting_state, port=8000).names
        with connect(first["DATABASE_OWNER_URL"]) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 'this' AS word")
        next(child for child in supervisor.children if child.name == "postgres").process.kill()

    with Supervisor(lasting_state.logs) as supervisor:
        second = start_services(supervisor, State(lasting_state.folder), port=8000).names
        with connect(second["DATABASE_OWNER_URL"]) as owner:
            word = owner.execute("SELECT word FROM kept").fetchone()

    assert word == ("this",)
    assert second == first


def test_an_outside_superuser_becomes_the_owner_and_gets_an_application_role_beside_it(
    services: Services, state: State, tmp_path: pathlib.Path
) -> None:
    given = _superuser_url(services)
    with connect(given) as superuser:
        for role in ("assent_app", "assent_vault"):
            superuser.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))

    first = provision_outside(given, "", "", state)
    second = provision_outside(given, "", "", State(tmp_path / "another"))

    assert first == second
    assert first.owner_url == given
    with connect(first.application_url) as application:
        assert application.execute("SELECT current_user").fetchone() == ("assent_app",)
    with connect(first.vault_url) as vault:
        assert vault.execute("SELECT current_user").fetchone() == ("assent_vault",)


def test_an_outside_role_that_may_not_make_roles_is_told_what_to_set(services: Services, state: State) -> None:
    with pytest.raises(PlainError, match="set DATABASE_OWNER_URL"):
        provision_outside(services.names["DATABASE_OWNER_URL"], "", "", state)


def test_an_application_role_with_an_unknown_password_is_left_alone(services: Services, state: State) -> None:
    with pytest.raises(PlainError, match="already with a password unknown here"):
        provision_outside(_superuser_url(services), "", "", state)

    connect(services.names["DATABASE_URL"]).close()


def test_two_outside_roles_are_taken_as_they_are(services: Services, state: State) -> None:
    application, owner = services.names["DATABASE_URL"], services.names["DATABASE_OWNER_URL"]

    taken = provision_outside(application, owner, "", state)

    assert (taken.application_url, taken.owner_url) == (application, owner)


@pytest.mark.parametrize(
    ("given", "derived"),
    [
        ("redis://:secret@cache:6380/2", "redis://:secret@cache:6380/2"),
        ("rediss://cache/0?ssl_cert_reqs=required", "rediss://cache/0?ssl_cert_reqs=required"),
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
    ],
)
def test_the_broker_is_derived_from_an_outside_redis(given: str, derived: str) -> None:
    assert celery_url_for(given) == derived


def test_an_outside_server_that_does_not_answer_is_named_without_its_password(
    supervisor: Supervisor, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:hidden@127.0.0.1:1/0")

    with pytest.raises(PlainError, match="REDIS_URL cannot be used") as refusal:
        start_services(supervisor, state, port=8000)

    assert "hidden" not in str(refusal.value)


def _superuser_url(services: Services) -> str:
    owner = services.names["DATABASE_OWNER_URL"]
    secret = services.state.secret
    return owner.replace(f"assent_owner:{secret('postgres-owner')}", f"assent_super:{secret('postgres-super')}")


def test_the_database_of_a_removed_state_is_removed_by_the_next_that_is_put_there(tmp_path: pathlib.Path) -> None:
    if not is_root():
        pytest.skip("only root keeps databases outside their state")
    removed, kept, following = (State(tmp_path / name) for name in ("removed", "kept", "following"))
    homes = [Postgres(state).home for state in (removed, kept)]
    shutil.rmtree(removed.folder)

    Postgres(following)

    assert [home.exists() for home in homes] == [False, True]
    kept.remove()
    following.remove()
