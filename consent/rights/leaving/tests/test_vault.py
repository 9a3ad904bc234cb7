"""The vault: out of the application's reach, changed by nobody, and read by two of the staff with a reason."""

import getpass
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django_otp.oath import totp
from psycopg import sql
from pytest_django import Settings

from accounts.audit.models import AuditEntry
from accounts.models import Role, StaffRole, User
from accounts.otp.tests.factories import make_authenticator
from accounts.sealing.rules import NotOpened
from conftest import connect_as
from consent.rights.leaving import vault
from consent.rights.leaving.models import VaultAccess, VaultRecord
from consent.rights.leaving.sealing import opened_record
from consent.rights.leaving.tests.factories import AT

pytestmark = pytest.mark.django_db(databases=["default", "vault"])
READ = ["--first", "ruth@controller.example", "--second", "otto@controller.example"]
WHY = ["--reason", "Southern Police, letter 17 of 2026-03-01"]
WHO = ["--contact", "gone@people.example"]
STATEMENTS = (
    "SELECT * FROM vault.vault_record",
    "INSERT INTO vault.vault_access (at, act, staff, reason, records) VALUES (now(), 'x', '{}', '', '{}')",
    "DELETE FROM vault.vault_record",
    "SET ROLE assent_vault",
)


def _kept(due_on: date = date(2036, 3, 9), item: str = "address") -> vault.ToKeep:
    names = (("email", "gone@people.example"), ("phone", ""))
    return vault.ToKeep(b"m" * 32, item, "aml-identity", date(2016, 3, 9), due_on, {"value": "8 Hidden Road"}, names)


@pytest.fixture
def together(make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch) -> dict[str, User]:
    """A reviewer and an auditor, who have typed in codes of their own apps; and nothing of the terminal's."""
    people = {}
    for name, role in (("ruth", Role.REVIEWER), ("otto", Role.AUDITOR)):
        user = people[name] = make_user(email=f"{name}@controller.example", name=name, is_staff=True)
        StaffRole.objects.create(user=user, role=role)
        make_authenticator(user)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: token())
    return people


def token() -> str:
    """What the app of `make_authenticator` shows now."""
    return f"{totp(b'12345678901234567890'):06d}"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_applications_role_gets_permission_denied(statement: str) -> None:
    with connect_as("default", autocommit=True) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)


@pytest.mark.parametrize("table", ["accounts_user", "consent_event", "subject_key", "accounts_profileitem"])
def test_the_vaults_role_sees_nothing_of_the_application(table: str) -> None:
    with connect_as("vault", autocommit=True) as keeper, pytest.raises(psycopg.errors.InsufficientPrivilege):
        keeper.execute(sql.SQL("SELECT * FROM public.{}").format(sql.Identifier(table)))


def test_a_record_cannot_be_changed_or_destroyed_before_its_day() -> None:
    vault.store([_kept(due_on=date(2999, 1, 1))], at=AT)

    with pytest.raises(psycopg.errors.InsufficientPrivilege), connections["vault"].connection.transaction():
        connections["vault"].connection.execute("UPDATE vault_record SET due_on = '2000-01-01'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), connections["vault"].connection.transaction():
        connections["vault"].connection.execute("DELETE FROM vault_record")

    assert vault.destroy_due(date(2998, 12, 31), at=AT) == 0


def test_what_is_due_is_destroyed_and_the_access_is_on_file() -> None:
    over, _kept_on = vault.store([_kept(due_on=date(2021, 3, 9)), _kept(item="contacts")], at=AT)

    assert vault.destroy_due(date(2021, 3, 10), at=AT) == 1

    assert list(VaultRecord.objects.using("vault").values_list("item", flat=True)) == ["contacts"]
    assert VaultAccess.objects.using("vault").get(act="destroy").records == [over]


def test_the_portals_keys_do_not_open_it(settings: Settings) -> None:
    vault.store([_kept()], at=AT)
    record = VaultRecord.objects.using("vault").get()
    settings.VAULT_KEY = settings.FIELD_KEY

    with pytest.raises(NotOpened):
        opened_record(bytes(record.content), f"{bytes(record.mark).hex()}/{record.item}")


def test_a_rotated_key_opens_and_finds_what_the_old_one_sealed(settings: Settings) -> None:
    vault.store([_kept()], at=AT)
    settings.VAULT_KEY = f"{settings.INDEX_KEY},{settings.VAULT_KEY}"

    found = vault.read("email", "gone@people.example", staff=(1, 2), reason="rotation", at=AT)

    assert [content for _record, content in found] == [{"value": "8 Hidden Road"}]


def test_two_of_the_staff_together_read_it_and_both_are_on_file(together: dict[str, User], capsys: Any) -> None:
    vault.store([_kept()], at=AT)

    call_command("vault_read", *READ, *WHY, *WHO)

    ids = [together["ruth"].pk, together["otto"].pk]
    access = VaultAccess.objects.using("vault").get(act="read")
    assert "8 Hidden Road" in capsys.readouterr().out
    assert (access.staff, access.reason) == (ids, WHY[1])
    assert AuditEntry.objects.get(act="vault.read").details["staff"] == ids


@pytest.mark.parametrize(
    "case", ["same person", "two auditors", "no role", "wrong code", "no reason", "a stranger", "locked"]
)
def test_it_does_not_open_to_fewer_than_two(
    together: dict[str, User], case: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    vault.store([_kept()], at=AT)
    arguments, why = list(READ), list(WHY)
    if case == "same person":
        arguments[3] = arguments[1]
    if case == "two auditors":
        StaffRole.objects.filter(user=together["ruth"]).update(role=Role.AUDITOR)
    if case == "no role":
        StaffRole.objects.filter(user=together["otto"]).delete()
    if case == "wrong code":
        monkeypatch.setattr(getpass, "getpass", lambda _prompt: "000000")
    if case == "no reason":
        why[1] = "because"
    if case == "a stranger":
        arguments[3] = "nobody@controller.example"
    if case == "locked":
        User.objects.filter(pk=together["otto"].pk).update(is_active=False)

    with pytest.raises(CommandError, match="two different people|两位"):
        call_command("vault_read", *arguments, *why, *WHO)

    assert "Hidden" not in capsys.readouterr().out
    assert not VaultAccess.objects.using("vault").filter(act="read").exists()
    assert AuditEntry.objects.filter(act="vault.refused").count() == 1


def test_asking_for_somebody_who_is_not_there_is_on_file_too(together: dict[str, User], capsys: Any) -> None:
    call_command("vault_read", *READ, *WHY, "--id-number", "11010519491231002x")

    assert capsys.readouterr().out.strip() == "[]"
    assert VaultAccess.objects.using("vault").get().records == []
