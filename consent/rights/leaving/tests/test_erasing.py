"""The end of a cancellation: nothing personal is left, what the law wants kept is in the vault, and it happens once."""

import json
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connections
from django.test import Client

from accounts.contacts.actions import change_contact
from accounts.contacts.errors import ContactTaken
from accounts.models import Challenge, Notice, ProfileItem, User
from accounts.otp.actions import open_contact_challenge
from accounts.profile.actions import write_items
from accounts.profile.errors import FieldLocked
from accounts.profile.models import Source
from accounts.users.rules import Contact, ContactKind
from consent.ledger.decisions.selectors import decision
from consent.ledger.models import ConsentEvent, DataSubject, SubjectKey
from consent.outbox.models import OutboxMessage
from consent.rights.leaving import erasing, vault
from consent.rights.leaving.actions import undo_leaving
from consent.rights.leaving.erasing import finish_leaving
from consent.rights.leaving.errors import NotUndoable, NoVault
from consent.rights.leaving.models import Erasure, LeavingReceipt, VaultAccess, VaultRecord
from consent.rights.leaving.selectors import fates_of
from consent.rights.leaving.tests.factories import AT, DUE, SECRETS, begin, load_rules, make_full_person, themselves
from consent.rights.requests.models import RightsRequest
from consent.rights.retention.models import LegalHold

pytestmark = pytest.mark.django_db(databases=["default", "vault"])
STAYS = {"Leaving", "LegalHold", "RightsRequest", "DataSubject"}  # emptied or cut loose, each with a test
OF_STAFF = {"StaffRole", "PolicyVersion", "ApiKey"}  # whoever has a role cannot leave


def _values() -> Iterable[str]:
    """Every value of every table that the application sees, opened where it is sealed."""
    for model in apps.get_models():
        if model._meta.managed:
            for row in model._default_manager.values_list():
                yield from map(str, row)


def test_nothing_personal_is_left_in_any_table(alice: User) -> None:
    make_full_person(alice)
    leaving = begin(alice)
    before = "\n".join(_values())

    assert finish_leaving(leaving.pk, at=DUE)

    Notice.objects.all().delete()  # what was just sent holds the address until a server has taken it
    after = "\n".join(_values())
    assert [secret for secret in SECRETS if secret not in before] == []
    assert [secret for secret in (*SECRETS, "old@people.example") if secret in after] == []


def test_every_table_that_points_to_a_person_is_known_to_the_erasure(alice: User) -> None:
    make_full_person(alice)
    leaving = begin(alice)
    handled = {model.__name__ for model in (*erasing.OPENS_THE_ACCOUNT, *erasing.PERSONAL)}

    finish_leaving(leaving.pk, at=DUE)

    pointing = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if field.related_model is User
    }
    assert {model.__name__ for model, _field in pointing} <= handled | STAYS | OF_STAFF
    gone = [(model, field) for model, field in pointing if model.__name__ in handled]
    assert [model for model, field in gone if model._default_manager.filter(**{field: alice.pk}).exists()] == []


def test_the_row_of_the_account_stays_and_opens_nothing(alice: User, client: Client) -> None:
    make_full_person(alice)
    client.force_login(alice)
    leaving = begin(alice)

    finish_leaving(leaving.pk, at=DUE)

    alice.refresh_from_db()
    assert (alice.closed_at, alice.is_active, alice.contacts, alice.name) == (DUE, False, [], "")
    assert (alice.email_index, alice.phone_index, alice.has_usable_password()) == (None, None, False)
    assert client.get("/account/export/").headers["Location"].startswith("/account/login/")


def test_the_ledger_keeps_its_events_and_every_decision_is_a_no(alice: User) -> None:
    subject = make_full_person(alice)
    controller = subject.controller_id
    was = decision(controller, subject.pk, "ads")
    leaving = begin(alice)

    finish_leaving(leaving.pk, at=DUE)

    now = decision(controller, subject.pk, "ads")
    subject = DataSubject.objects.get(pk=subject.pk)
    assert (was.allowed, now.allowed, now.reason) == (True, False, "subject_closed")
    assert (subject.user_id, subject.closed_at) == (None, DUE)
    assert not SubjectKey.objects.filter(subject=subject).exists()
    assert ConsentEvent.objects.filter(subject_id=subject.pk).count() == 2


def test_recipients_are_announced_who_had_something(alice: User) -> None:
    subject = make_full_person(alice)
    leaving = begin(alice)

    finish_leaving(leaving.pk, at=DUE)

    message = OutboxMessage.objects.get(topic="account.closed")
    assert message.payload == {"controller": subject.controller_id, "subject": subject.pk, "recipients": ["adco"]}


def test_what_a_law_wants_kept_is_sealed_in_the_vault_with_its_date(alice: User) -> None:
    make_full_person(alice)
    load_rules()
    leaving = begin(alice)

    finish_leaving(leaving.pk, at=DUE)

    found = vault.read("id-number", SECRETS[3], staff=(1, 2), reason="test of the vault", at=DUE)
    kept = {record.item: content for record, content in found}
    assert set(kept) == {"contacts", "id-number", "address"}
    assert kept["address"]["value"] == SECRETS[4]
    assert {(record.rule, record.due_on) for record, _ in found} == {("aml-identity", date(2036, 3, 9))}
    assert all(SECRETS[4].encode() not in bytes(record.content) for record, _ in found)
    assert list(VaultAccess.objects.using("vault").order_by("pk").values_list("act", flat=True)) == ["store", "read"]


def test_an_account_that_was_closed_under_a_former_law_keeps_its_term(alice: User) -> None:
    make_full_person(alice)
    load_rules()

    kept = {line.fate.until for line in fates_of(alice, date(2024, 12, 31)) if line.is_kept}

    assert kept == {date(2029, 12, 31)}


def test_nothing_is_erased_while_the_vault_is_out_of_reach(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_full_person(alice)
    load_rules()
    leaving = begin(alice)
    monkeypatch.delitem(connections.settings, "vault")

    with pytest.raises(NoVault):
        finish_leaving(leaving.pk, at=DUE)

    alice.refresh_from_db()
    leaving.refresh_from_db()
    assert (alice.is_active, leaving.started_at) == (True, None)


def test_the_receipt_goes_to_every_contact_and_names_nobody(alice: User, client: Client) -> None:
    make_full_person(alice)
    leaving = begin(alice)
    Notice.objects.all().delete()

    finish_leaving(leaving.pk, at=DUE)

    told = list(Notice.objects.filter(event="leaving_closed"))
    token = told[0].parameters["url"].rstrip("/").rpartition("/")[2]
    page = client.get(f"/account/left/{token}/")
    assert {notice.destination for notice in told} == {SECRETS[0], SECRETS[1]}
    assert page.status_code == 200
    assert [secret for secret in SECRETS if secret in page.content.decode()] == []
    assert LeavingReceipt.objects.get().token_digest == sha256(token.encode()).digest()
    assert client.get("/account/left/somebody-elses/").status_code == 404


def test_doing_it_again_changes_nothing(alice: User, journal: Path) -> None:
    make_full_person(alice)
    load_rules()
    leaving = begin(alice)
    finish_leaving(leaving.pk, at=DUE)
    once = (Notice.objects.count(), VaultRecord.objects.using("vault").count(), journal.read_text())

    assert finish_leaving(leaving.pk, at=DUE)

    assert (Notice.objects.count(), VaultRecord.objects.using("vault").count(), journal.read_text()) == once
    assert (LeavingReceipt.objects.count(), Erasure.objects.count(), OutboxMessage.objects.count()) == (1, 1, 1)


def test_it_does_not_start_early_nor_after_an_undo_nor_under_a_hold(alice: User, bob: User) -> None:
    early, undone = begin(alice), begin(bob)
    undo_leaving(bob, actor=themselves(bob), at=AT)
    LegalHold.objects.create(user=alice, reason="court", placed_at=AT, placed_by_id=1)

    assert not finish_leaving(early.pk, at=AT)
    assert not finish_leaving(early.pk, at=DUE)  # the hold
    assert not finish_leaving(undone.pk, at=DUE)

    assert User.objects.filter(pk__in=[alice.pk, bob.pk], is_active=True).count() == 2


def test_once_it_has_started_nothing_can_be_undone(alice: User) -> None:
    leaving = begin(alice)
    finish_leaving(leaving.pk, at=DUE)

    with pytest.raises(NotUndoable):
        undo_leaving(alice, actor=themselves(alice), at=DUE)


def test_the_journal_is_a_line_without_personal_data(alice: User, journal: Path) -> None:
    make_full_person(alice)
    leaving = begin(alice)

    finish_leaving(leaving.pk, at=DUE)

    said: dict[str, Any] = json.loads(journal.read_text())
    assert said == {"at": DUE.isoformat(), "mark": bytes(leaving.mark).hex()}
    assert bytes(Erasure.objects.get().mark) == bytes(leaving.mark)


def test_no_code_that_was_sent_to_a_contact_leads_back_to_whoever_has_left(alice: User) -> None:
    reached = alice.contacts[0]
    open_contact_challenge(reached, "account.sign_in", code="123456", at=DUE)
    leaving = begin(alice)

    finish_leaving(leaving.pk, at=DUE)

    assert not Challenge.objects.filter(destination_index=reached.index).exists()


def test_a_request_that_was_under_way_writes_no_contact_into_a_closed_account(alice: User) -> None:
    finish_leaving(begin(alice).pk, at=DUE)

    with pytest.raises(ContactTaken):
        change_contact(alice, Contact(ContactKind.EMAIL, "new@people.example"), actor=themselves(alice), at=DUE)
    assert User.objects.get(pk=alice.pk).contacts == []


def test_no_case_of_whoever_has_left_stays_open(alice: User) -> None:
    facts = {"user": alice, "language": "en", "received_at": AT, "due_on": AT.date()}
    RightsRequest.objects.create(number="R-1", kind="cancellation", channel="account", **facts)
    RightsRequest.objects.create(number="R-2", kind="deletion", channel="form", **facts)

    finish_leaving(begin(alice).pk, at=DUE)

    assert {(each.status, each.ended_at) for each in RightsRequest.objects.all()} == {("withdrawn", DUE)}


def test_a_request_that_was_under_way_writes_no_profile_into_a_closed_account(alice: User) -> None:
    finish_leaving(begin(alice).pk, at=DUE)

    with pytest.raises(FieldLocked):
        write_items(alice, {"occupation": "Nurse"}, source=Source.SUBJECT, actor=themselves(alice), at=DUE)
    assert not ProfileItem.objects.exists()
