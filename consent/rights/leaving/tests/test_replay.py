"""After a backup was restored, whoever had left is erased again, and nobody else."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from accounts.models import Notice, ProfileItem, User
from conftest import owner_connection
from consent.ledger.models import SubjectKey
from consent.rights.leaving.erasing import finish_leaving
from consent.rights.leaving.journal import erasures_in, note_erasure
from consent.rights.leaving.models import Leaving, VaultRecord
from consent.rights.leaving.tests.factories import AT, DUE, SECRETS, begin, load_rules, make_full_person
from consent.rights.leaving.tests.processes import program

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


def _as_owner(name: str, *arguments: str) -> None:
    """A program of PostgreSQL at the database of this run, as the owner of its tables."""
    config = settings.DATABASES["owner"]
    path = program(name)
    if path is None:
        pytest.skip(f"no {name} here")
    where = ["--host", str(config["HOST"]), "--username", str(config["USER"]), "--dbname", str(config["NAME"])]
    port = ["--port", str(config["PORT"])] if config["PORT"] else []
    environment = {"PGPASSWORD": str(config["PASSWORD"]), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [path, *where, *port, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _restore(dump: Path) -> None:
    """Everything is again as it was when the backup was made; the database is made anew, as after a lost disk."""
    connections.close_all()
    with owner_connection() as owner:
        owner.execute("DROP SCHEMA public CASCADE")
        owner.execute("DROP SCHEMA vault CASCADE")
    _as_owner("pg_restore", "--exit-on-error", "--no-comments", str(dump))


def test_after_a_restore_the_person_is_erased_again_and_nobody_else(alice: User, bob: User, tmp_path: Path) -> None:
    make_full_person(alice)
    load_rules()
    dump = tmp_path / "backup"
    _as_owner("pg_dump", "--format=custom", "--schema=public", "--schema=vault", "--file", str(dump))
    finish_leaving(begin(alice).pk, at=DUE)
    _restore(dump)
    came_back = User.objects.get(pk=alice.pk).email

    call_command("replay_erasures")

    alice.refresh_from_db()
    bob.refresh_from_db()
    due = set(VaultRecord.objects.using("vault").values_list("due_on", flat=True))
    assert came_back == SECRETS[0]
    assert (alice.email, alice.is_active, bob.phone, bob.is_active) == ("", False, "+8613800138000", True)
    assert (ProfileItem.objects.count(), SubjectKey.objects.count()) == (0, 0)
    assert due == {DUE.date().replace(year=2036)}  # the term of the day on which they left
    assert not Notice.objects.filter(event="leaving_closed").exists()  # they were told then


def test_replaying_a_second_time_finds_nobody(alice: User, capsys: Any) -> None:
    make_full_person(alice)
    finish_leaving(begin(alice).pk, at=DUE)

    call_command("replay_erasures")

    assert "1 erasures in the journal, 0 done again" in capsys.readouterr().out


def test_the_backup_was_made_while_the_person_could_still_undo(alice: User, journal: Path) -> None:
    make_full_person(alice)
    leaving = begin(alice)
    note_erasure(bytes(leaving.mark), at=DUE)  # what the file says after the restore

    call_command("replay_erasures", journal=[journal])

    leaving.refresh_from_db()
    alice.refresh_from_db()
    assert (leaving.replayed, leaving.finished_at is not None, alice.contacts) == (True, True, [])


def test_a_number_that_is_given_out_anew_is_another_person(alice: User, make_user: Callable[..., User]) -> None:
    finish_leaving(begin(alice).pk, at=DUE)
    Leaving.objects.all().delete()
    User.objects.filter(pk=alice.pk).delete()
    make_user(email="new@people.example", pk=alice.pk)

    call_command("replay_erasures")

    assert User.objects.get(pk=alice.pk).email == "new@people.example"


def test_a_line_that_a_crash_tore_is_passed_over_and_costs_no_other(journal: Path) -> None:
    note_erasure(b"a" * 32, at=AT)
    with journal.open("a") as file:
        file.write('{"at": "2026-03-02T01:00:00+00:00", "mark": "6262')

    note_erasure(b"c" * 32, at=AT)

    assert list(erasures_in(journal)) == [(b"a" * 32, AT), (b"c" * 32, AT)]


def test_lines_that_say_nothing_usable_are_passed_over(journal: Path) -> None:
    note_erasure(b"a" * 32, at=AT)
    with journal.open("a") as file:
        file.write('[]\n\n{"mark": 1, "at": 2}\nnonsense\n{"at": "2026-03-02T01:00:00", "mark": "' + "61" * 32 + '"}\n')

    assert list(erasures_in(journal)) == [(b"a" * 32, datetime(2026, 3, 2, 1, tzinfo=UTC))]


def test_a_journal_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("replay_erasures", journal=[tmp_path / "nothing"])
