"""Retention rules, legal holds, the daily destruction and its report."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, ProgrammingError, transaction
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.models import Role, StaffRole, User
from consent.rights.export.models import Export, ExportPart
from consent.rights.leaving import vault
from consent.rights.leaving.rules import Fate, FateKind, OnFile, fates, months_later
from consent.rights.leaving.tests.factories import begin, load_rules
from consent.rights.retention.actions import lift_hold, place_hold, run_retention
from consent.rights.retention.errors import AlreadyGone, AlreadyHeld, NotHeld
from consent.rights.retention.models import LegalHold, RetentionRule, RetentionRun

pytestmark = pytest.mark.django_db(databases=["default", "vault"])
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def _rule(code: str, months: int, valid_from: date, valid_until: date | None = None) -> RetentionRule:
    return RetentionRule(
        code=code,
        items=["address"],
        months=months,
        valid_from=valid_from,
        valid_until=valid_until,
        citation={"en": code},
    )


@pytest.fixture
def reviewer(carol: User) -> User:
    """Carol, who reviews."""
    StaffRole.objects.create(user=carol, role=Role.REVIEWER)
    return carol


@pytest.fixture
def auditor(dave: User) -> User:
    """Dave, who audits."""
    StaffRole.objects.create(user=dave, role=Role.AUDITOR)
    return dave


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 9), 120, date(2036, 3, 9)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_a_term_ends_on_the_same_day_or_the_months_last(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


def test_of_several_rules_the_longest_counts_and_only_those_of_the_day() -> None:
    rules = [
        _rule("long-gone", 600, date(2000, 1, 1), date(2020, 1, 1)),
        _rule("short", 6, date(2020, 1, 1)),
        _rule("long", 120, date(2025, 1, 1)),
        _rule("to-come", 999, date(2027, 1, 1)),
    ]

    found = fates([OnFile("address", 1), OnFile("labels", 2), OnFile("consents", 3, True)], rules, date(2026, 3, 9))

    assert [(fate.fate, fate.rule) for fate in found] == [("kept", "long"), ("deleted", ""), ("anonymised", "")]
    assert found[0].until == date(2036, 3, 9)
    assert [Fate.from_json(json.loads(json.dumps(fate.as_json()))) for fate in found][0].fate is FateKind.KEPT


@pytest.mark.parametrize("version", [1, 2])
def test_the_demonstration_keeps_what_a_law_wants_as_long_as_its_register_says_for_that_law(version: int) -> None:
    register = json.loads((Path("demo") / f"register-{version}.json").read_text())
    rules = json.loads((Path("demo") / "retention.json").read_text())
    duties = [row for row in register if row["lawful_basis"] == "legal_duty"]
    months = {_law(rule["citation"]["zh-hans"]): rule["months"] for rule in rules}

    assert [row["code"] for row in duties] == ["identity", "transactions"]
    for row in duties:
        years = months[_law(row["citation"]["zh-hans"])] // 12
        assert f"{years} 年" in row["retention"]["zh-hans"]
        assert f"{years} years" in row["retention"]["en"]


def _law(citation: str) -> str:
    """`《反洗钱法》` of `2024 年修订的《反洗钱法》`."""
    found = re.search("《.+?》", citation)
    return found[0] if found else ""


def test_the_daily_run_destroys_what_is_due_and_keeps_a_report(alice: User) -> None:
    kept = vault.ToKeep(b"m" * 32, "address", "aml", date(2016, 3, 1), date(2026, 3, 1), {}, ())
    vault.store([kept, vault.ToKeep(b"n" * 32, "address", "aml", date(2016, 3, 1), date(2036, 3, 1), {}, ())], at=AT)
    over = Export.objects.create(user=alice, language="en", asked_at=AT, ready_at=AT, expires_at=AT - timedelta(days=1))
    ExportPart.objects.create(export=over, token=1, number=0, content=b"sealed")

    run = run_retention(at=AT)

    assert (run.destroyed, run.problem) == ({"vault-records": 1, "exports": 1, "requests": 0}, "")
    assert not ExportPart.objects.exists()
    assert AuditEntry.objects.get(act="retention.run").details == run.destroyed


def test_where_one_kind_fails_the_others_are_destroyed_and_the_report_says_so(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "ALIAS", "absent")
    Export.objects.create(user=alice, language="en", asked_at=AT, ready_at=AT, expires_at=AT)

    run = run_retention(at=AT)

    assert (run.destroyed, run.problem) == ({"exports": 1, "requests": 0}, "vault-records: NoVault")


def test_a_report_cannot_be_changed() -> None:
    run = run_retention(at=AT)

    with pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
        RetentionRun.objects.filter(pk=run.pk).update(problem="")


def test_a_hold_is_placed_once_audited_and_lifted_once(alice: User) -> None:
    hold = place_hold(alice, "court of X", staff_id=1, at=AT)

    with pytest.raises(AlreadyHeld):
        place_hold(alice, "again", staff_id=1, at=AT)
    lift_hold(hold, "ended", staff_id=1, at=AT)
    with pytest.raises(NotHeld):
        lift_hold(hold, "again", staff_id=1, at=AT)

    entries = AuditEntry.objects.filter(target=f"user:{alice.pk}").values_list("act", "details")
    assert list(entries) == [("hold.placed", {"hold": hold.pk}), ("hold.lifted", {"hold": hold.pk})]


def test_a_hold_on_a_closed_account_is_refused(alice: User) -> None:
    leaving = begin(alice)
    leaving.started_at = AT
    leaving.save()

    with pytest.raises(AlreadyGone):
        place_hold(alice, "court of X", staff_id=1, at=AT)


def test_a_reviewer_places_and_lifts_a_hold_with_a_reason(alice: User, reviewer: User, client: Client) -> None:
    client.force_login(reviewer)

    placed = client.post("/desk/holds/", {"contact": "alice@people.example", "reason": "court of X, 17"})
    hold = LegalHold.objects.get()
    page = client.get("/desk/holds/").content.decode()
    lifted = client.post(f"/desk/holds/{hold.pk}/lift/", {"reason": "court of X, 18"})

    hold.refresh_from_db()
    assert (placed.status_code, lifted.status_code, hold.lifted_by_id) == (302, 302, reviewer.pk)
    assert ("a***e@people.example" in page, "alice@people.example" in page) == (True, False)
    assert client.get(f"/desk/holds/{hold.pk}/lift/").status_code == 404


@pytest.mark.parametrize("said", [{}, {"contact": "alice@people.example"}, {"contact": "x@y.example", "reason": "r"}])
def test_a_hold_needs_somebody_and_a_reason(alice: User, reviewer: User, client: Client, said: dict[str, str]) -> None:
    client.force_login(reviewer)

    answer = client.post("/desk/holds/", said)

    assert answer.status_code == 422
    assert not LegalHold.objects.exists()


def test_auditors_see_rules_and_reports(auditor: User, client: Client) -> None:
    load_rules()
    run_retention(at=AT)
    client.force_login(auditor)

    page = client.get("/desk/retention/", headers={"accept-language": "en"}).content.decode()

    assert "Anti-Money Laundering Law" in page
    assert "2026-03-02 09:00" in page


@pytest.mark.parametrize("path", ["/desk/retention/", "/desk/holds/", "/desk/holds/1/lift/"])
def test_whoever_lacks_the_role_does_not_learn_that_the_page_exists(
    alice: User, carol: User, client: Client, path: str
) -> None:
    stranger = client.get(path)
    answers = []
    for user in (alice, carol):
        client.force_login(user)
        answers.append(client.get(path).status_code)

    assert stranger.headers["Location"].startswith("/account/login/")
    assert answers == [404, 404]


def test_rules_are_loaded_from_a_file_all_or_none(tmp_path: Path) -> None:
    wrong = [
        {"code": "a", "title": {}, "citation": {}, "items": ["recovery-codes"], "months": 1, "valid_from": "2025-01-01"}
    ]
    (tmp_path / "rules.json").write_text(json.dumps(wrong))

    call_command("load_retention_rules", "demo/retention.json")
    with pytest.raises(CommandError, match="cannot be kept"):
        call_command("load_retention_rules", str(tmp_path / "rules.json"))

    loaded = set(RetentionRule.objects.values_list("code", flat=True))
    assert loaded == {"aml-identity", "aml-identity-2012", "answers-given"}
