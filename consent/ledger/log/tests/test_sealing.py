"""Every event becomes one leaf, whatever happens to the sealer."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from conftest import connect_as, owner_connection
from consent.campaigns.tests.processes import database_url, wait_until
from consent.ledger.keyring import log_ring
from consent.ledger.log.actions import LOCK, seal, seal_backlog
from consent.ledger.log.errors import LogBroken
from consent.ledger.log.finding import END, FIRST_WIDTH
from consent.ledger.log.models import Checkpoint, Leaf, Tile
from consent.ledger.log.rules.merkle import root_of
from consent.ledger.log.rules.notes import Verifier, open_note
from consent.ledger.log.tests.factories import EVENTS, leaf_numbers, make_events, make_person, seal_all, settled
from consent.ledger.models import ConsentEvent, SubjectKey
from consent.ledger.tests.factories import answer, make_subject
from consent.policies.tests.factories import make_policy, make_version

pytestmark = pytest.mark.django_db(transaction=True)
SEAL = "import django; django.setup(); from consent.ledger.log.actions import seal_backlog; seal_backlog(batch=100)"


def child() -> subprocess.Popen[bytes]:
    """Another process that seals everything in small batches."""
    environment = os.environ | {"DATABASE_URL": database_url(), "DATABASE_OWNER_URL": ""}
    return subprocess.Popen([sys.executable, "-c", SEAL], env=environment, cwd=settings.BASE_DIR)


def everything_is_sealed_once() -> bool:
    """Gapless leaf numbers, one for each event, under checkpoints whose roots are those of the leaves."""
    leaves = list(Leaf.objects.order_by("leaf_index"))
    hashes = [bytes(leaf.leaf_hash) for leaf in leaves]
    return (
        [leaf.leaf_index for leaf in leaves] == list(range(len(leaves)))
        and {(leaf.subject_id, leaf.event_id) for leaf in leaves}
        == set(ConsentEvent.objects.values_list("subject_id", "id"))
        and all(bytes(each.root) == root_of(hashes[: each.tree_size]) for each in Checkpoint.objects.all())
        and Checkpoint.objects.filter(tree_size=len(leaves)).exists()
    )


def test_an_answer_becomes_a_leaf_under_a_signed_checkpoint(alice: User) -> None:
    version = make_version(make_policy())
    answer(make_subject(alice, version.policy.controller), version, purposes=["ads", "location"])
    settled()

    assert (seal(), seal()) == (2, 0)

    checkpoint = Checkpoint.objects.get()
    verifiers = [Verifier(settings.LOG_NAME, key.public) for key in log_ring().keys]
    note = open_note(checkpoint.note, verifiers)
    assert (note.origin, note.size, note.root) == (settings.LOG_NAME, 2, bytes(checkpoint.root))
    assert everything_is_sealed_once()


def test_sealing_nothing_signs_nothing() -> None:
    assert seal_backlog() == 0
    assert not Checkpoint.objects.exists()


def test_a_backlog_is_sealed_in_batches_that_split_a_transaction() -> None:
    for count in (1, 700, 3, 260):
        make_events(count)
    told: list[int] = []

    assert seal_backlog(batch=100, on_batch=told.append) == 964

    assert max(told) <= 100
    assert sum(told) == 964
    assert Tile.objects.count() == 964 // 256
    assert everything_is_sealed_once()


def test_a_full_tile_holds_its_leaves_and_their_root() -> None:
    make_events(600)

    seal_backlog(batch=250)

    hashes = [bytes(leaf.leaf_hash) for leaf in Leaf.objects.order_by("leaf_index")]
    for tile in Tile.objects.all():
        assert bytes(tile.hashes) == b"".join(hashes[tile.n * 256 : (tile.n + 1) * 256])
        assert bytes(tile.root) == root_of(hashes[tile.n * 256 : (tile.n + 1) * 256])


def test_a_time_limit_leaves_the_rest_for_later() -> None:
    make_events(300)

    assert seal_backlog(batch=100, seconds=0) == 100
    assert seal_backlog(batch=100) == 200


def test_numbers_that_no_event_bears_and_crowded_ones_are_crossed() -> None:
    make_events(30)
    with connection.cursor() as cursor:
        cursor.execute(
            "DO $$ BEGIN FOR i IN 1..%s LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$" % (FIRST_WIDTH * 5)
        )
    make_events(900)
    make_events(2)

    assert seal_backlog(batch=20) == 932
    assert everything_is_sealed_once()


def test_a_transaction_that_is_still_open_is_waited_for_and_not_stepped_over() -> None:
    slow, quick = make_person(), make_person()
    with connect_as("default") as writer:
        writer.execute(EVENTS, {"subject": slow.pk, "key": "slow", "count": 2})
        make_events(3, quick, settle=False)

        assert seal_backlog() == 0  # the later ones wait too: the order is that of the transactions
        writer.commit()

    assert seal_all() == 5
    assert everything_is_sealed_once()


def test_what_came_before_an_open_transaction_is_sealed_at_once() -> None:
    make_events(3)
    with connect_as("default") as writer:
        writer.execute("SELECT pg_current_xact_id()")

        assert seal_backlog() == 3


def test_a_call_that_was_rolled_back_leaves_no_leaf() -> None:
    subject = make_person()
    with connect_as("default") as writer:
        writer.execute(EVENTS, {"subject": subject.pk, "key": "never", "count": 2})
        writer.rollback()
    make_events(1)

    assert seal_backlog() == 1


def test_a_second_sealer_leaves_it_to_the_first() -> None:
    make_events(3)
    with connect_as("default") as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])

        assert seal() == 0
        other.rollback()

    assert seal() == 3


def test_many_sealers_at_once_seal_everything_once() -> None:
    for _ in range(5):
        make_events(150)
    errors: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(40):
                seal(50)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    seal_backlog()
    assert not errors
    assert len(leaf_numbers()) == 750
    assert everything_is_sealed_once()


@pytest.mark.parametrize(
    ("table", "mode"),
    [
        ("consent_checkpoint", "ACCESS EXCLUSIVE"),  # the last checkpoint is read
        ("consent_event", "ACCESS EXCLUSIVE"),  # events are read
        ("consent_leaf", "EXCLUSIVE"),  # leaves are written
        ("consent_tile", "EXCLUSIVE"),  # tiles are written
        ("consent_checkpoint", "EXCLUSIVE"),  # the checkpoint is written
    ],
)
def test_kill_9_at_any_step_loses_nothing_and_doubles_nothing(table: str, mode: str) -> None:
    make_events(350)
    seal(50)
    with owner_connection() as owner, owner.transaction():
        owner.execute(f"LOCK TABLE {table} IN {mode} MODE")
        sealer = child()
        wait_until(lambda: _someone_waits_for(owner, table), 30)

        sealer.send_signal(signal.SIGKILL)
        sealer.wait(10)

    make_events(10)
    wait_until(lambda: seal_backlog() > 0, 10)  # the dead one's lock falls with its connection
    wait_until(everything_is_sealed_once, 1)


def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing() -> None:
    for _ in range(20):
        make_events(400)
    for leaves in (1, 1200, 2500, 4000):
        sealer = child()
        wait_until(lambda leaves=leaves: Leaf.objects.count() >= leaves, 30)  # type: ignore[misc]
        sealer.kill()
        sealer.wait(10)

    wait_until(lambda: seal_backlog() > 0, 10)
    assert everything_is_sealed_once()


def test_a_database_restored_from_a_dump_seals_what_is_left_and_nothing_twice(
    tamper: psycopg.Connection[Any],
) -> None:
    """In the new cluster the numbers of the old one mean nothing: they are higher here than any, or lower, or used
    again."""
    far, low, now = make_events(150), make_events(150), make_events(150)
    before = seal(100)
    make_events(20, now)
    _renumber(tamper, far.pk, 10**12)
    _renumber(tamper, low.pk, 3)
    tamper.execute("UPDATE consent_checkpoint SET cluster = 'another', xact = 5 * 10::bigint ^ 11")

    assert (before, seal_backlog(batch=60)) == (100, 370)

    assert everything_is_sealed_once()
    assert (seal_backlog(), Leaf.objects.count()) == (0, 470)
    assert Checkpoint.objects.latest("tree_size").cluster != "another"


def test_after_a_restore_new_events_are_found_by_the_new_numbers(tamper: psycopg.Connection[Any]) -> None:
    make_events(5)
    seal()
    tamper.execute("UPDATE consent_checkpoint SET cluster = 'another', xact = %s", [END])

    make_events(5)
    assert seal() == 5
    make_events(5)
    assert seal() == 5


def test_who_was_erased_before_the_seal_gets_a_leaf_that_nobody_can_open() -> None:
    subject = make_events(2)
    SubjectKey.objects.filter(subject=subject).delete()

    assert seal() == 2

    one, other = Leaf.objects.all()
    assert bytes(one.commitment) != bytes(other.commitment)


def test_nothing_is_signed_over_a_tree_that_was_tampered_with(tamper: psycopg.Connection[Any]) -> None:
    make_events(5)
    seal()
    tamper.execute("UPDATE consent_leaf SET leaf_hash = sha256('x') WHERE leaf_index = 2")
    make_events(1)

    with pytest.raises(LogBroken):
        seal()

    assert Checkpoint.objects.count() == 1


def test_without_a_key_nothing_is_sealed(settings: Settings) -> None:
    make_events(1)
    settings.LOG_KEYS = f"public:{'A' * 43}="
    log_ring.cache_clear()
    try:
        with pytest.raises(ImproperlyConfigured, match="LOG_KEYS"):
            seal()
    finally:
        log_ring.cache_clear()

    assert not Leaf.objects.exists()


def test_the_sealer_does_not_wait_for_a_vacuum() -> None:
    """VACUUM holds this lock."""
    make_events(3)
    with owner_connection() as owner, owner.transaction():
        owner.execute("LOCK TABLE consent_event IN SHARE UPDATE EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '20s'")  # or it would wait for ever
        begun = time.monotonic()

        assert seal_backlog() == 3

        assert time.monotonic() - begun < 10
    connection.close()


def test_the_command_that_seals_says_where_to_look_if_the_tree_does_not_fit(tamper: psycopg.Connection[Any]) -> None:
    make_events(2)
    seal()
    tamper.execute("DELETE FROM consent_leaf WHERE leaf_index = 1")
    make_events(1)

    with pytest.raises(CommandError, match="verify_log"):
        call_command("seal_log", stdout=io.StringIO(), stderr=io.StringIO())


def test_sealing_inside_a_transaction_is_refused() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        seal()


@pytest.mark.parametrize("table", ["consent_leaf", "consent_tile", "consent_checkpoint"])
@pytest.mark.parametrize("what", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_can_change_nothing_of_the_log(table: str, what: str) -> None:
    column = {"consent_leaf": "leaf_hash", "consent_tile": "root", "consent_checkpoint": "root"}[table]
    statement = what.format(table, column, column)

    for alias in ("default", "owner"):
        with connect_as(alias, autocommit=True) as role, pytest.raises(psycopg.errors.InsufficientPrivilege):
            role.execute(statement)


def test_a_batch_costs_the_same_statements_however_large(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_events(600)

    with django_assert_max_num_queries(3):  # what Django itself says: begin and commit
        seal(600)


def _someone_waits_for(owner: psycopg.Connection[Any], table: str) -> bool:
    row = owner.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table]
    ).fetchone()
    return bool(row and row[0])


def _renumber(owner: psycopg.Connection[Any], subject_id: int, xact: int) -> None:
    owner.execute("UPDATE consent_event SET xact = %s WHERE subject_id = %s", [xact, subject_id])
