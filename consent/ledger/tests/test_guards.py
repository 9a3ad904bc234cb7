"""What the application's role may not do to evidence, and what nobody may."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from accounts.models import User
from conftest import connect_as, owner_connection
from consent.ledger.models import ConsentEvent
from consent.ledger.tests.factories import answer, make_subject
from consent.policies.models import DataItem, PolicyText, PolicyVersion, Purpose
from consent.policies.tests.factories import make_policy, make_version

OWNER = settings.DATABASES["owner"]["USER"]
ON_EVENTS = (
    "UPDATE consent_event SET status = 'given'",
    "UPDATE consent_event SET status = 'given' WHERE false",
    "DELETE FROM consent_event",
    "TRUNCATE consent_event",
)
BY_OWNERSHIP = (
    "ALTER TABLE consent_event DISABLE TRIGGER append_only",
    "ALTER TABLE consent_event DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only ON consent_event",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP TABLE consent_event",
    "ALTER TABLE consent_event RENAME TO consent_event_before",
    f'ALTER TABLE consent_event OWNER TO "{settings.DATABASE_APPLICATION_ROLE}"',
    f'SET ROLE "{OWNER}"',
    f'SET SESSION AUTHORIZATION "{OWNER}"',
    "SET session_replication_role = replica",
)
ON_VERSIONS = (
    "UPDATE consent_policyversion SET published_at = NULL",
    "UPDATE consent_policyversion SET effective_at = effective_at + interval '1 day'",
    "DELETE FROM consent_policyversion",
    "UPDATE consent_policytext SET markdown = 'other words'",
    "DELETE FROM consent_policytext",
    "INSERT INTO consent_policytext (version_id, language, markdown, sha256, notice_sha256)"
    " SELECT id, 'fr', 'slipped in', '', '' FROM consent_policyversion",
    "UPDATE consent_purpose SET lawful_basis = 'contract', exemption = 'E1'",
    "DELETE FROM consent_purpose",
    "INSERT INTO consent_purpose (version_id, code, position, title, description, lawful_basis, exemption, citation,"
    " necessity, is_sensitive, needs_separate_consent, recipients, retention, refusal_consequence)"
    " SELECT id, 'more', 9, '{}', '{}', 'consent', '', '{}', 'improvement', false, false, '{}', '{}', '{}'"
    " FROM consent_policyversion",
    "UPDATE consent_dataitem SET code = 'face'",
    "DELETE FROM consent_dataitem",
    "INSERT INTO consent_dataitem (purpose_id, code, position, name, is_sensitive)"
    " SELECT id, 'face', 9, '{}', true FROM consent_purpose",
    "TRUNCATE consent_policyversion CASCADE",
    "TRUNCATE consent_policytext",
    "TRUNCATE consent_purpose CASCADE",
    "TRUNCATE consent_dataitem",
    "ALTER TABLE consent_policytext DISABLE TRIGGER frozen",
)


def _refused_to_application(statement: str) -> None:
    with connection.cursor() as cursor:
        with pytest.raises(ProgrammingError) as refusal, transaction.atomic():
            cursor.execute(statement)
        assert isinstance(refusal.value.__cause__, InsufficientPrivilege)


@pytest.mark.parametrize("statement", [*ON_EVENTS, *BY_OWNERSHIP])
def test_the_application_can_change_no_event_and_lift_no_guard(alice: User, statement: str) -> None:
    version = make_version(make_policy())
    answer(make_subject(alice, version.policy.controller), version)

    _refused_to_application(statement)

    assert ConsentEvent.objects.count() == 1


@pytest.mark.django_db
def test_the_tests_log_in_as_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, pg_has_role(current_user, %s, 'MEMBER')", [OWNER])

        assert cursor.fetchone() == (settings.DATABASE_APPLICATION_ROLE, False)


@pytest.mark.django_db
def test_the_application_cannot_grant_itself_more() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'GRANT ALL ON consent_event TO "{settings.DATABASE_APPLICATION_ROLE}"')  # only a warning
        cursor.execute("SELECT has_table_privilege('consent_event', 'UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES')")

        assert cursor.fetchone() == (False,)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ON_EVENTS)
def test_the_trigger_stops_the_owner_too(statement: str) -> None:
    with owner_connection() as owner, pytest.raises(InsufficientPrivilege, match="append-only"):
        owner.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ON_VERSIONS)
def test_a_published_version_refuses_every_change(statement: str) -> None:
    make_version(make_policy())

    _refused_to_application(statement)


@pytest.mark.django_db
def test_a_temporary_table_of_the_same_name_does_not_fool_the_guard() -> None:
    make_version(make_policy())
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE consent_policyversion (id bigint, published_at timestamptz)")

    _refused_to_application("UPDATE consent_policytext SET markdown = 'other words'")

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pg_temp.consent_policyversion")


@pytest.mark.django_db
def test_a_draft_beside_a_published_version_can_be_written() -> None:
    policy = make_version(make_policy()).policy
    draft = PolicyVersion.objects.create(policy=policy, number=2)

    PolicyText.objects.create(version=draft, language="en", markdown="words")
    PolicyText.objects.filter(version=draft).update(markdown="better words")
    draft.delete()

    assert policy.versions.count() == 1


@pytest.mark.django_db
def test_nothing_moves_from_a_draft_into_a_published_version() -> None:
    published = make_version(make_policy())
    draft = PolicyVersion.objects.create(policy=published.policy, number=2)
    PolicyText.objects.create(version=draft, language="fr", markdown="words")

    for text, version in ((draft.texts.get(), published), (published.texts.get(language="en"), draft)):
        with pytest.raises(ProgrammingError, match="published"), transaction.atomic():
            PolicyText.objects.filter(pk=text.pk).update(version=version)


@pytest.mark.django_db(transaction=True)
def test_the_owner_cannot_change_a_published_version_either() -> None:
    make_version(make_policy())

    for statement in ON_VERSIONS[:-1]:
        with owner_connection() as owner, pytest.raises(InsufficientPrivilege):
            owner.execute(statement)


@pytest.fixture
def draft(transactional_db: None) -> PolicyVersion:
    """A draft with one purpose, ready to be published."""
    policy = make_policy()
    version = PolicyVersion.objects.create(
        policy=policy, number=1, effective_at="2026-05-01T00:00Z", controller_block=policy.controller.block()
    )
    Purpose.objects.create(version=version, code="ads")
    return version


@pytest.fixture
def publisher() -> Iterator[psycopg.Connection[Any]]:
    """The application in another process."""
    with connect_as("default") as other:
        yield other


def _write_text(draft: PolicyVersion) -> None:
    PolicyText.objects.create(version=draft, language="en", markdown="slipped in")


def _write_purpose(draft: PolicyVersion) -> None:
    Purpose.objects.create(version=draft, code="more")


def _write_item(draft: PolicyVersion) -> None:
    DataItem.objects.create(purpose=draft.purposes.get(), code="face")


@pytest.mark.parametrize("write", [_write_text, _write_purpose, _write_item])
def test_nothing_slips_in_while_a_publication_is_under_way(
    draft: PolicyVersion, publisher: psycopg.Connection[Any], write: Any
) -> None:
    refusals: list[BaseException | None] = []

    def slip_in() -> None:
        try:
            write(draft)
        except ProgrammingError as error:
            refusals.append(error.__cause__)
        finally:
            connection.close()

    publisher.execute("UPDATE consent_policyversion SET published_at = '2026-03-01T00:00Z'")
    other = threading.Thread(target=slip_in)
    other.start()
    _wait_for_a_lock(publisher)
    publisher.commit()
    other.join()

    assert isinstance(refusals[0], InsufficientPrivilege)
    assert (draft.texts.count(), draft.purposes.count(), DataItem.objects.count()) == (0, 1, 0)


def _wait_for_a_lock(watcher: psycopg.Connection[Any]) -> None:
    for _try in range(500):
        (waiting,) = watcher.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() or (0,)
        if waiting:
            return
        time.sleep(0.01)
    pytest.fail("nobody waits for the publication")
