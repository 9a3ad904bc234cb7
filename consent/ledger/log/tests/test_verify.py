"""What the owner of the tables could do to the log, and that each of it is found and named."""

import io
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management import CommandError, call_command
from pytest_django import Settings

from consent.ledger.keyring import log_ring
from consent.ledger.log.actions import seal, seal_backlog
from consent.ledger.log.misfits import Misfit
from consent.ledger.log.models import Checkpoint, Leaf, Witnessing
from consent.ledger.log.rules.notes import read_note, sign_note
from consent.ledger.log.selectors import latest_checkpoint
from consent.ledger.log.tests.factories import make_events
from consent.ledger.log.verifying import Report, verify_log
from consent.ledger.models import SubjectKey

pytestmark = pytest.mark.django_db(transaction=True)
Owner = psycopg.Connection[Any]
CHANGE = "UPDATE consent_event SET {} WHERE id = (SELECT event_id FROM consent_leaf WHERE leaf_index = {})"
PUBLIC, PRIVATE = "Leaf 5, event .*: what was answered", "Leaf 5, event .*: who it is about"


def verify(**options: Any) -> Report:
    return verify_log(processes=1, **options)


@pytest.fixture
def ring(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Puts other keys into the ring."""

    def put(keys: str) -> None:
        settings.LOG_KEYS = keys
        log_ring.cache_clear()

    yield put
    log_ring.cache_clear()


@pytest.fixture
def sealed(tamper: Owner) -> Owner:
    """700 leaves, two full tiles, checkpoints at 300, 600 and 700."""
    for count in (300, 300, 100):
        make_events(count)
        assert seal() == count
    assert verify() == Report(700, 700, 3, 0, False)
    return tamper


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("controller_id = 9", PUBLIC),
        ("policy_id = 9", PUBLIC),
        ("version_id = 9", PUBLIC),
        ("shown_sha256 = sha256('other')", PUBLIC),
        ("purpose = 'other'", PUBLIC),
        ("recipient = 'other'", PUBLIC),
        ("status = 'refused'", PUBLIC),
        ("kind = 'implied'", PUBLIC),
        ("surface = 'import'", PUBLIC),
        ("language = 'en'", PUBLIC),
        ("at = at - interval '1 microsecond'", PUBLIC),
        ("claimed_at = now()", PRIVATE),
        ("actor = 'subject:8'", PRIVATE),
        ("network = ''", PRIVATE),
        ("agent = ''", PRIVATE),
        ("idempotency_key = 'other'", PRIVATE),
        ("subject_id = subject_id + 1", "Leaf 5: its event .* is missing"),
        ("id = gen_random_uuid()", "Leaf 5: its event .* is missing"),
    ],
)
def test_any_column_of_a_row_that_was_changed_is_found(sealed: Owner, change: str, words: str) -> None:
    sealed.execute(CHANGE.format(change, 5).encode())

    with pytest.raises(Misfit, match=words):
        verify()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "DELETE FROM consent_event WHERE id = (SELECT event_id FROM consent_leaf WHERE leaf_index = 5)",
            "Leaf 5: its event .* is missing",
        ),
        ("DELETE FROM consent_leaf WHERE leaf_index = 5", "Leaf 5 is missing"),
        ("DELETE FROM consent_leaf WHERE leaf_index >= 690", "Leaf 690 is missing"),
        ("UPDATE consent_leaf SET leaf_hash = sha256('x') WHERE leaf_index = 5", "Leaf 5, .*the hash of the leaf"),
        ("UPDATE consent_leaf SET commitment = sha256('x') WHERE leaf_index = 5", "Leaf 5, .*the commitment"),
        ("UPDATE consent_leaf SET commitment = sha256('x') WHERE leaf_index = 699", "Leaf 699, .*the commitment"),
        ("UPDATE consent_tile SET hashes = overlay(hashes PLACING 'xxxx' FROM 33) WHERE n = 1", "Leaf 257, .*tile 0/1"),
        ("UPDATE consent_tile SET hashes = hashes || sha256('x') WHERE n = 1", "Tile 0/1 was changed"),
        ("UPDATE consent_tile SET root = sha256('x') WHERE n = 1", "Tile 0/1 was changed"),
        ("DELETE FROM consent_tile WHERE n = 1", "Tile 0/1 is missing"),
        ("INSERT INTO consent_tile SELECT 0, 2, hashes, root FROM consent_tile WHERE n = 1", "Tile 0/2 comes after"),
        ("INSERT INTO consent_tile SELECT 1, 0, hashes, root FROM consent_tile WHERE n = 1", "Tile 1/0 comes after"),
        ("UPDATE consent_checkpoint SET root = sha256('x') WHERE tree_size = 600", "of 600 leaves: its note says"),
        ("UPDATE consent_checkpoint SET tree_size = 599 WHERE tree_size = 600", "of 599 leaves: its note says"),
        ("UPDATE consent_checkpoint SET note = 'x' WHERE tree_size = 600", "of 600 leaves: its note is not accepted"),
        ("DELETE FROM consent_checkpoint WHERE tree_size = 700", "Leaf 600, event .*: it comes after the last"),
    ],
)
def test_what_was_changed_in_the_log_itself_is_found(sealed: Owner, statement: str, words: str) -> None:
    sealed.execute(statement.encode())

    with pytest.raises(Misfit, match=words):
        verify()


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [(10, 20, "Leaf 10, event .*: tile 0/0 has another hash"), (650, 660, "Checkpoint of 700 leaves: its root")],
)
def test_two_leaves_that_changed_places_are_found(sealed: Owner, one: int, other: int, words: str) -> None:
    for old, new in ((one, -1), (other, one), (-1, other)):
        sealed.execute("UPDATE consent_leaf SET leaf_index = %s WHERE leaf_index = %s", [new, old])

    with pytest.raises(Misfit, match=words):
        verify()


def test_a_leaf_that_was_slipped_in_behind_the_last_one_is_found(sealed: Owner) -> None:
    sealed.execute("INSERT INTO consent_leaf VALUES (700, 1, gen_random_uuid(), sha256('x'), sha256('x'))")

    with pytest.raises(Misfit, match="Leaf 700, event .*: it comes after the last checkpoint, of 700 leaves"):
        verify()


def test_an_event_that_was_slipped_in_with_an_old_date_is_found(sealed: Owner) -> None:
    make_events(1)
    sealed.execute("UPDATE consent_event SET xact = 3 WHERE id NOT IN (SELECT event_id FROM consent_leaf)")

    with pytest.raises(Misfit, match="is older than the last checkpoint and is no leaf"):
        verify()


def test_an_event_that_waits_to_be_sealed_is_no_misfit(sealed: Owner) -> None:
    make_events(1)

    assert verify().size == 700


def test_a_checkpoint_signed_with_another_key_is_found(sealed: Owner) -> None:
    root = Checkpoint.objects.get(tree_size=600).root
    note = sign_note(settings.LOG_NAME, 600, bytes(root), [Ed25519PrivateKey.generate()])
    sealed.execute("UPDATE consent_checkpoint SET note = %s WHERE tree_size = 600", [note])

    with pytest.raises(Misfit, match=r"Checkpoint of 600 leaves: .*no known key"):
        verify()


def test_after_a_rotation_old_checkpoints_fit_as_long_as_the_old_key_is_known(
    sealed: Owner, ring: Callable[[str], None]
) -> None:
    old, new = log_ring().keys[0], b64encode(b"n" * 32).decode()
    assert old.private is not None
    ring(f"{new} {b64encode(old.private.private_bytes_raw()).decode()}")  # both sign
    make_events(1)
    seal()
    ring(f"{new} public:{b64encode(old.public).decode()}")  # the old one only checks
    make_events(1)
    seal()

    assert [len(read_note(each.note).signatures) for each in Checkpoint.objects.order_by("tree_size")] == [
        1,
        1,
        1,
        2,
        1,
    ]
    assert verify() == Report(702, 702, 5, 0, False)
    ring(new)
    with pytest.raises(Misfit, match=r"Checkpoint of 300 leaves: .*no known key"):
        verify()


def test_a_checkpoint_that_a_witness_saw_and_that_is_gone_is_found(sealed: Owner) -> None:
    Witnessing.objects.create(tree_size=600, witness="mailto:w@other.example", at=datetime.now(UTC), taken=True)
    assert verify().size == 700
    sealed.execute("DELETE FROM consent_checkpoint WHERE tree_size = 600")

    with pytest.raises(Misfit, match="The checkpoint of 600 leaves was shown to a witness and is missing"):
        verify()


def test_a_second_root_signed_with_the_real_key_for_the_same_leaves_is_found(sealed: Owner) -> None:
    _sign(sealed, 600, b"f" * 32)

    with pytest.raises(Misfit, match="Checkpoint of 600 leaves: its root is not the root of these leaves"):
        verify()


def test_a_log_that_was_rewritten_with_the_real_key_is_found_by_an_older_checkpoint(sealed: Owner) -> None:
    """The company has rows, tiles and key: its new log is consistent in itself, and not with what it once published."""
    older = Checkpoint.objects.get(tree_size=300).note
    sealed.execute(CHANGE.format("status = 'refused'", 5).encode())
    _forget_from(sealed, 0)
    assert seal_backlog() == 700

    assert verify().size == 700
    with pytest.raises(Misfit, match="at 300 leaves it has another root"):
        verify(older=older)


def test_a_log_whose_last_rows_were_deleted_is_found_by_an_older_checkpoint(sealed: Owner) -> None:
    older = Checkpoint.objects.get(tree_size=700).note
    sealed.execute("DELETE FROM consent_event WHERE id IN (SELECT event_id FROM consent_leaf WHERE leaf_index >= 600)")
    _forget_from(sealed, 600)

    assert verify().size == 600
    with pytest.raises(Misfit, match="has shrunk: the older checkpoint has 700 leaves, the log only 600"):
        verify(older=older)


def test_a_log_that_only_grew_continues_each_older_checkpoint(sealed: Owner) -> None:
    for checkpoint in Checkpoint.objects.all():
        assert verify(older=checkpoint.note).size == 700


@pytest.mark.parametrize(
    ("older", "words"),
    [
        ("nonsense", "not accepted as one of this log .*no signed checkpoint"),
        (sign_note("another.example/log", 3, bytes(32), [Ed25519PrivateKey.generate()]), "no known key"),
    ],
)
def test_an_older_checkpoint_of_somebody_else_is_refused(sealed: Owner, older: str, words: str) -> None:
    with pytest.raises(Misfit, match=words):
        verify(older=older)


def test_an_erased_person_s_leaves_still_verify_and_are_counted(sealed: Owner) -> None:
    SubjectKey.objects.filter(subject_id=Leaf.objects.get(leaf_index=650).subject_id).delete()

    assert verify() == Report(700, 700, 3, 100, False)


def test_beginning_later_checks_the_rest_against_the_same_checkpoints(sealed: Owner) -> None:
    assert verify(start=600) == Report(700, 188, 2, 0, False)
    sealed.execute(CHANGE.format("status = 'refused'", 5).encode())

    assert verify(start=256).checked == 444
    sealed.execute(CHANGE.format("status = 'refused'", 650).encode())
    with pytest.raises(Misfit, match="Leaf 650"):
        verify(start=256)


def test_after_a_restore_that_was_not_sealed_yet_it_says_what_it_cannot_tell(sealed: Owner) -> None:
    sealed.execute("UPDATE consent_checkpoint SET cluster = 'another'")

    assert verify().renumbered


def test_an_empty_log_is_in_order() -> None:
    assert verify() == Report(0, 0, 0, 0, False)


def test_several_processes_find_the_same_first_misfit_and_the_tiles_above(tamper: Owner) -> None:
    make_events(66_000)
    seal_backlog()
    done: list[tuple[int, int]] = []

    report = verify_log(processes=2, on_progress=lambda *each: done.append(each))
    assert (report.size, report.checked, done[-1]) == (66_000, 66_000, (66_000, 66_000))
    assert verify_log(processes=2, start=65_600).checked == 66_000 - 65_536

    tamper.execute("UPDATE consent_tile SET root = sha256('x') WHERE level = 1")
    with pytest.raises(Misfit, match="Tile 1/0 was changed"):
        verify_log(processes=2)
    for leaf in (40_000, 20_000, 60_000):
        tamper.execute("UPDATE consent_leaf SET leaf_hash = sha256('x') WHERE leaf_index = %s", [leaf])
    with pytest.raises(Misfit, match="Leaf 20000,"):
        verify_log(processes=2)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("verify_log", *arguments, "--processes=1", stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_command_says_what_it_checked(sealed: Owner, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.txt"
    latest = latest_checkpoint()
    assert latest is not None
    file.write_text(latest.note, encoding="utf-8")

    assert "700" in run()
    assert len(run("--checkpoint", str(file)).splitlines()) == 2


def test_the_command_ends_with_1_and_names_the_row(sealed: Owner) -> None:
    sealed.execute(CHANGE.format("status = 'refused'", 5).encode())

    with pytest.raises(CommandError, match="Leaf 5") as error:
        run()

    assert error.value.returncode == 1


@pytest.mark.parametrize("arguments", [["--checkpoint", "/nowhere/at/all"], ["--processes=0"], ["--from=-1"]])
def test_the_command_refuses_what_it_cannot_use(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("verify_log", *arguments, stderr=io.StringIO())


def test_the_command_that_seals_says_how_much() -> None:
    make_events(3)
    out = io.StringIO()

    call_command("seal_log", stdout=out, stderr=io.StringIO())

    assert "3" in out.getvalue()
    assert latest_checkpoint() is not None


def _sign(owner: Owner, size: int, root: bytes) -> None:
    """As the company could: with the real key."""
    note = sign_note(settings.LOG_NAME, size, root, [key.private for key in log_ring().signers if key.private])
    owner.execute("UPDATE consent_checkpoint SET root = %s, note = %s WHERE tree_size = %s", [root, note, size])


def _forget_from(owner: Owner, size: int) -> None:
    owner.execute("DELETE FROM consent_leaf WHERE leaf_index >= %s", [size])
    owner.execute("DELETE FROM consent_tile WHERE (n + 1) * 256 > %s", [size])
    owner.execute("DELETE FROM consent_checkpoint WHERE tree_size > %s", [size])
