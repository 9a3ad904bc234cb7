"""A restored backup is tried, and the outcome is kept where nobody can change it (Y31)."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import AuditEntry, Role, User
from consent.ledger.log.tests.factories import seal_all
from consent.rights.leaving.drill import DrillReport
from consent.rights.leaving.erasing import finish_leaving
from consent.rights.leaving.journal import mark_of, note_erasure
from consent.rights.leaving.models import VaultAccess
from consent.rights.leaving.tests.factories import DUE, begin, load_rules, make_full_person
from consent.rights.leaving.tests.test_replay import _as_owner, _restore
from consent.rights.requests.tests.factories import make_staff

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])
ANOTHER_KEY = "A" * 43 + "="
FAIR = asdict(DrillReport("2026-03-02T09:00:00+08:00", "2026-03-01T09:00:00+08:00", 2, 3, 4, 1, 1))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Where the report goes."""
    return tmp_path / "drill.json"


def drilled(report: Path, **options: Any) -> dict[str, Any]:
    """What the report of a drill says."""
    call_command("restore_drill", report=report, **options)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def test_a_restored_copy_is_opened_recomputed_and_rid_of_who_had_left(
    alice: User, bob: User, tmp_path: Path, report: Path
) -> None:
    make_full_person(alice)
    seal_all()
    dump = tmp_path / "backup"
    _as_owner("pg_dump", "--format=custom", "--schema=public", "--schema=vault", "--file", str(dump))
    finish_leaving(begin(alice).pk, at=DUE)
    _restore(dump)

    said = drilled(report)

    assert (said["people"], said["erasures"], said["erased_again"], said["problem"]) == (2, 1, 1, "")
    assert said["leaves"] == 2
    assert said["tables"] > 5
    alice.refresh_from_db()
    assert alice.email == ""


def test_a_copy_without_its_keys_is_of_no_use_and_that_is_reported(
    alice: User, report: Path, settings: Any, journal: Path
) -> None:
    settings.FIELD_KEY = ANOTHER_KEY

    with pytest.raises(CommandError, match="sealed_values"):
        drilled(report)

    assert json.loads(report.read_text())["problem"] == "sealed_values"


def test_with_another_index_key_nobody_who_left_would_be_known_so_the_copy_fails(
    alice: User, report: Path, settings: Any, journal: Path
) -> None:
    note_erasure(mark_of(alice), at=DUE)
    settings.INDEX_KEY = ANOTHER_KEY

    with pytest.raises(CommandError, match="index"):
        drilled(report)

    assert json.loads(report.read_text())["problem"] == "index"


def test_a_vault_that_its_key_does_not_open_fails_and_the_try_is_on_its_list(
    alice: User, bob: User, report: Path, settings: Any
) -> None:
    make_full_person(alice)
    load_rules()
    finish_leaving(begin(alice).pk, at=DUE)
    assert drilled(report)["problem"] == ""
    assert VaultAccess.objects.using("vault").latest("pk").reason == "drill"
    settings.VAULT_KEY = ANOTHER_KEY

    with pytest.raises(CommandError, match="vault"):
        drilled(report)


def test_a_journal_that_cannot_be_read_is_a_problem(alice: User, report: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="erasures"):
        drilled(report, journal=[tmp_path / "nothing"])


def test_an_empty_copy_passes_no_drill(report: Path, journal: Path) -> None:
    note_erasure(b"a" * 32, at=DUE)

    with pytest.raises(CommandError, match="empty"):
        drilled(report)


def test_the_outcome_is_kept_in_the_trail_and_auditors_see_it(report: Path) -> None:
    report.write_text(json.dumps(FAIR | {"problem": "log"}))

    call_command("restore_drill", note=report)

    assert AuditEntry.objects.get(act="backup.drilled").details == FAIR | {"problem": "log"}
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_staff(Role.AUDITOR))
    page = client.get("/desk/retention/").content.decode()
    assert "2026-03-02T09:00" in page
    assert '<span class="tag bad">log</span>' in page


@pytest.mark.parametrize(
    "wrong",
    ["nonsense", "[]", "{}", {"name": "Alice"}, {"problem": "Alice"}, {"people": "2"}, {"drilled_at": "2026-03-02"}],
    ids=str,
)
def test_what_is_no_report_is_not_kept(report: Path, wrong: Any) -> None:
    report.write_text(wrong if isinstance(wrong, str) else json.dumps(FAIR | wrong))

    with pytest.raises(CommandError):
        call_command("restore_drill", note=report)

    assert not AuditEntry.objects.filter(act="backup.drilled").exists()
