"""Values are written with their history, once, and what identifies a person only staff can change (K15, K90-K92)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.audit.rules import SYSTEM, Actor, ActorKind
from accounts.conftest import PostOffice
from accounts.models import User
from accounts.notices.models import Notice
from accounts.notices.tasks import send_due
from accounts.profile.actions import announce_locks, record_check, remove_item, write_items
from accounts.profile.errors import FieldLocked, LockNotAnnounced, NoProfiling
from accounts.profile.models import LockNotice, ProfileChange, ProfileItem, ProfileLabel, Source
from accounts.profile.preferences import Label, Settings, change_settings, put_labels
from accounts.profile.reminders import remind_of_expiry
from accounts.profile.selectors import changes_of, items_of, wants
from conftest import NOW

CARD = {"id-kind": "resident-card", "id-number": "11010519491231002X", "id-expiry": "2040-01-31"}
STAFF = Actor(ActorKind.STAFF, 1)
COMMUTER = Label("commuter", {"en": "Commuter"}, {"en": "Rides at eight"}, NOW)


def _self(user: User) -> Actor:
    return Actor(ActorKind.SUBJECT, user.pk)


def _write(user: User, field: str, value: str, actor: Actor | None = None) -> ProfileItem:
    return write_items(user, {field: value}, source=Source.SUBJECT, actor=actor or _self(user), at=NOW)[0]


def test_a_value_is_kept_with_its_history_and_an_audit_row_without_it(alice: User) -> None:
    _write(alice, "occupation", "Teacher")

    _write(alice, "occupation", "Baker")

    newest, first = changes_of(alice)
    assert (first.before, first.after, newest.before, newest.after) == ("", "Teacher", "Teacher", "Baker")
    entry = AuditEntry.objects.filter(act="profile.written").latest("pk")
    assert entry.details == {"fields": ["occupation"], "source": "subject"}


def test_the_same_value_again_changes_and_writes_nothing(alice: User) -> None:
    _write(alice, "occupation", "Teacher")

    _write(alice, "occupation", " Teacher ")

    assert ProfileChange.objects.count() == AuditEntry.objects.filter(act="profile.written").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_leave_one_value_and_an_unbroken_history(alice: User) -> None:
    def write(value: str) -> None:
        try:
            _write(alice, "occupation", value)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, ["Teacher", "Baker"]))

    second, first = changes_of(alice)
    assert ProfileItem.objects.get().value == second.after
    assert (first.before, second.before) == ("", first.after)


def test_one_wrong_value_of_several_leaves_all_as_they_were(alice: User) -> None:
    announce_locks(alice, CARD, at=NOW)

    with pytest.raises(ValidationError) as caught:
        write_items(alice, {**CARD, "id-number": "110105194912310021"}, source=Source.SUBJECT, actor=STAFF, at=NOW)

    assert list(caught.value.message_dict) == ["id-number"]
    assert not ProfileItem.objects.exists()


def test_a_field_that_locks_is_not_taken_before_the_person_was_told(alice: User) -> None:
    with pytest.raises(LockNotAnnounced):
        _write(alice, "name", "Alice Smith")
    announce_locks(alice, ["name"], at=NOW)
    announce_locks(alice, ["name"], at=NOW + timedelta(days=1))

    _write(alice, "name", "Alice Smith")

    assert LockNotice.objects.get().shown_at == NOW
    assert User.objects.get(pk=alice.pk).name == "Alice Smith"


def test_an_identity_number_is_locked_once_given_and_staff_can_correct_it(alice: User) -> None:
    announce_locks(alice, CARD, at=NOW)
    write_items(alice, CARD, source=Source.SUBJECT, actor=_self(alice), at=NOW)

    with pytest.raises(FieldLocked):
        _write(alice, "id-number", "440106199003070012"[:17] + _check("44010619900307001"))
    number = "44010619900307001" + _check("44010619900307001")
    [corrected] = write_items(alice, {"id-number": number}, source=Source.STAFF, actor=STAFF, at=NOW)

    assert corrected.source == Source.STAFF
    assert ProfileChange.objects.filter(field="id-number").count() == 2


def _check(digits: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


def test_a_name_can_be_edited_until_it_was_verified(alice: User) -> None:
    announce_locks(alice, ["name"], at=NOW)
    _write(alice, "name", "Alice Smith")
    _write(alice, "name", "Alice Jones")

    record_check(alice, "name", checked_by="id-authority", result="match", actor=SYSTEM, at=NOW)

    with pytest.raises(FieldLocked):
        _write(alice, "name", "Alice Baker")
    assert ProfileItem.objects.get().value == "Alice Jones"


def test_a_check_with_another_result_verifies_nothing(alice: User) -> None:
    _write(alice, "name", "Alice Smith", STAFF)

    record_check(alice, "name", checked_by="id-authority", result="mismatch", actor=SYSTEM, at=NOW)

    assert ProfileItem.objects.get().verified_at is None


def test_a_document_of_another_kind_needs_a_number_that_fits_it(alice: User) -> None:
    write_items(alice, CARD, source=Source.STAFF, actor=STAFF, at=NOW)

    with pytest.raises(ValidationError):
        _write(alice, "id-kind", "passport", STAFF)

    assert ProfileItem.objects.get(field="id-kind").value == "resident-card"


def test_what_is_removed_is_gone_from_the_history_too(alice: User) -> None:
    _write(alice, "address", "8 Example Road, South City")

    remove_item(alice, "address", actor=_self(alice), at=NOW)
    remove_item(alice, "address", actor=_self(alice), at=NOW)

    assert not ProfileItem.objects.exists()
    assert [(change.before, change.after) for change in changes_of(alice)] == [("", ""), ("", "")]


def test_what_is_locked_cannot_be_removed(alice: User) -> None:
    write_items(alice, CARD, source=Source.STAFF, actor=STAFF, at=NOW)

    with pytest.raises(FieldLocked):
        remove_item(alice, "id-number", actor=_self(alice), at=NOW)

    assert ProfileItem.objects.filter(field="id-number").exists()


def test_an_account_older_than_its_profile_still_shows_its_name(alice: User) -> None:
    name = next(item for item in items_of(alice) if item.spec.code == "name")

    assert (name.value, name.source, name.shown) == ("Alice", Source.IMPORT, "A***")


def test_the_expiry_of_a_document_is_told_once(alice: User, bob: User) -> None:
    soon = (NOW + timedelta(days=150)).date().isoformat()
    for user, day in ((alice, "2040-01-31"), (bob, "2040-01-31")):
        write_items(user, {**CARD, "id-expiry": day}, source=Source.STAFF, actor=STAFF, at=NOW)
    ProfileItem.objects.filter(user=alice, field="id-expiry").update(value=soon, remind_on=NOW.date())

    told = [remind_of_expiry(at=NOW), remind_of_expiry(at=NOW)]

    notice = Notice.objects.get()
    assert told == [1, 0]
    assert (notice.user_id, notice.event, notice.parameters["day"]) == (alice.pk, "document_expires", soon)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("language", "words"), [("en", "The last day of your identity"), ("zh-hans", "您的证件有效期到")]
)
def test_the_message_says_the_day_and_where_to_enter_the_new_one(
    make_user: Callable[..., User], post_office: PostOffice, language: str, words: str
) -> None:
    user = make_user(email="alice@people.example", language=language)
    write_items(user, CARD, source=Source.STAFF, actor=STAFF, at=NOW)
    ProfileItem.objects.filter(field="id-expiry").update(remind_on=NOW.date())
    remind_of_expiry(at=timezone.now())

    send_due()

    assert words in post_office.last_text()
    assert "2040-01-31" in post_office.last_text()
    assert "/account/profile/id-expiry/" in post_office.last_text()


def test_a_new_document_is_told_of_again(alice: User) -> None:
    write_items(alice, CARD, source=Source.STAFF, actor=STAFF, at=NOW)
    remind_of_expiry(at=NOW + timedelta(days=5000))

    write_items(alice, {"id-expiry": "2050-05-05"}, source=Source.STAFF, actor=STAFF, at=NOW)

    assert str(ProfileItem.objects.get(field="id-expiry").remind_on) == "2049-11-01"


def _settings(**changes: object) -> Settings:
    fields: dict[str, object] = {"switches": {}, "marketing": {}, "language": "en", "theme": ""}
    return Settings(**{**fields, **changes})  # type: ignore[arg-type]


def test_nothing_is_on_unless_it_was_switched_on(alice: User) -> None:
    assert not any((alice.findable_by_phone, alice.findable_by_email, alice.allows_profiling))
    assert not any(wants(alice, channel, topic) for channel in ("email", "sms") for topic in ("offers", "surveys"))


def test_marketing_is_wanted_by_channel_and_topic_and_no_longer_at_once(alice: User) -> None:
    change_settings(alice, _settings(marketing={("email", "surveys"): True}), actor=_self(alice), at=NOW)
    on = [wants(alice, "email", "surveys"), wants(alice, "email", "offers"), wants(alice, "sms", "surveys")]

    change_settings(alice, _settings(), actor=_self(alice), at=NOW)

    assert on == [True, False, False]
    assert not wants(alice, "email", "surveys")


def test_nobody_is_sent_marketing_to_a_contact_that_is_not_proven_or_an_account_that_is_locked(alice: User) -> None:
    both = {("email", "offers"): True, ("sms", "offers"): True}
    change_settings(alice, _settings(marketing=both), actor=_self(alice), at=NOW)
    alice.phone = "+8613800138009"
    alice.save()

    assert wants(alice, "email", "offers")
    assert not wants(alice, "sms", "offers")
    for reason in ("locked_at", "leaving_at", "closed_at"):
        User.objects.filter(pk=alice.pk).update(**{"locked_at": None, "leaving_at": None, reason: NOW})
        assert not wants(alice, "email", "offers")


def test_without_profiling_labels_are_deleted_and_none_can_be_put(alice: User) -> None:
    change_settings(alice, _settings(switches={"allows_profiling": True}), actor=_self(alice), at=NOW)
    put_labels(alice, "shibei", [COMMUTER], actor=STAFF, at=NOW)

    change_settings(alice, _settings(), actor=_self(alice), at=NOW)

    assert not ProfileLabel.objects.exists()
    with pytest.raises(NoProfiling):
        put_labels(alice, "shibei", [COMMUTER], actor=STAFF, at=NOW)


def test_the_trail_says_what_was_switched_and_a_second_time_nothing(alice: User) -> None:
    chosen = _settings(switches={"findable_by_phone": True}, marketing={("sms", "news"): True})

    change_settings(alice, chosen, actor=_self(alice), at=NOW)
    change_settings(alice, chosen, actor=_self(alice), at=NOW)

    entry = AuditEntry.objects.get(act="settings.changed")
    assert entry.details == {"findable_by_phone": True, "news.sms": True}
