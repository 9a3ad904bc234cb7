"""The audit trail is only ever added to, and PostgreSQL sees to it (K61)."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.audit.actions import record_audit
from accounts.audit.models import AuditEntry
from accounts.audit.rules import SYSTEM, Actor, ActorKind
from conftest import NOW, owner_connection

pytestmark = pytest.mark.django_db


def test_an_entry_says_who_did_what_to_what_and_when() -> None:
    staff = Actor(ActorKind.STAFF, 17)

    record_audit("case.opened", actor=staff, target="case:4", at=NOW, details={"reason": "K94"})

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.act, entry.target, entry.at) == ("staff:17", "case.opened", "case:4", NOW)
    assert entry.details == {"reason": "K94"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET act = 'nothing'",
        "DELETE FROM accounts_auditentry",
        "TRUNCATE accounts_auditentry",
        "ALTER TABLE accounts_auditentry DISABLE TRIGGER append_only",
        "ALTER TABLE accounts_auditentry ADD COLUMN note text",
        "DROP TRIGGER append_only ON accounts_auditentry",
        "DROP TABLE accounts_auditentry",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_the_application_can_only_add(statement: str) -> None:
    record_audit("case.opened", actor=SYSTEM, target="case:4", at=NOW)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert AuditEntry.objects.filter(act="case.opened").count() == 1


def test_a_right_that_the_application_grants_itself_is_none() -> None:
    """PostgreSQL only warns of a GRANT by somebody who may not grant; what counts is what follows."""
    record_audit("case.opened", actor=SYSTEM, target="case:4", at=NOW)

    with connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE ON accounts_auditentry TO CURRENT_USER")

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditentry SET act = 'nothing'")


@pytest.mark.parametrize("verb", ["UPDATE accounts_auditentry SET act = ''", "DELETE FROM accounts_auditentry"])
def test_even_the_owner_of_the_table_is_refused(verb: str) -> None:
    with owner_connection() as connection, pytest.raises(Exception, match="evidence is append-only"):
        connection.execute(verb)
