"""Answers become events and states: all of a call or nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import SYSTEM
from accounts.models import User
from consent.ledger.actions import Answer, enrol, record_answers
from consent.ledger.errors import (
    IdempotencyConflict,
    ImpliedNotAllowed,
    InvalidAnswers,
    LedgerError,
    NotAskable,
    NotTheirs,
    SeparateNeeded,
    SubjectClosed,
    UnknownPurpose,
    UnknownRecipient,
    VersionNotPublished,
)
from consent.ledger.models import ConsentEvent, ConsentKind, ConsentState, ConsentStatus, DataSubject, Surface
from consent.ledger.tests.factories import AT, answer, circumstances, make_subject, themselves
from consent.policies.models import PolicyVersion
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

GIVEN, REFUSED, DEFERRED = ConsentStatus.GIVEN, ConsentStatus.REFUSED, ConsentStatus.DEFERRED
BANKS = [f"bank-{place}" for place in range(500)]
REGISTER = (
    facts("ads", recipient_codes=["bank", *BANKS]),
    "location",
    facts("card", items=["card_number!"], recipient_codes=["bank"]),
    facts("law", lawful_basis="legal_duty"),
)


@pytest.fixture
def version(db: None) -> PolicyVersion:
    return make_version(make_policy(), REGISTER)


@pytest.fixture
def subject(alice: User, version: PolicyVersion) -> DataSubject:
    return make_subject(alice, version.policy.controller)


def _record(
    subject: DataSubject, version: PolicyVersion | int, *answers: Answer, key: str = "k", **changes: Any
) -> Any:
    actor = changes.pop("actor", themselves(subject))
    return record_answers(subject, version, answers, circumstances=circumstances(**changes), actor=actor, key=key)


def test_an_event_says_who_what_where_when_and_to_which_text(subject: DataSubject, version: PolicyVersion) -> None:
    claimed = datetime(2020, 1, 1, tzinfo=UTC)
    before = datetime.now(UTC)

    recorded = _record(
        subject,
        version,
        Answer("ads", GIVEN),
        surface=Surface.FLOW,
        language="en",
        shown_sha256=b"s" * 32,
        network="203.0.113.0/24",
        agent="Chrome on Android",
        claimed_at=claimed,
    )

    event = ConsentEvent.objects.get()
    assert recorded.events[0].id == event.id
    assert event.id.version == 8
    assert (event.subject_id, event.controller_id) == (subject.pk, version.policy.controller_id)
    assert (event.policy_id, event.version_id, event.purpose) == (version.policy_id, version.pk, "ads")
    assert (event.status, event.kind, event.surface, event.language) == ("given", "explicit", "flow", "en")
    assert (bytes(event.shown_sha256), event.network, event.agent) == (b"s" * 32, "203.0.113.0/24", "Chrome on Android")
    assert (event.actor, event.idempotency_key) == (f"subject:{subject.user_id}", "k")
    assert event.claimed_at == claimed
    assert before <= event.at <= datetime.now(UTC)
    assert event.at == recorded.events[0].at


def test_one_statement_writes_events_and_states(
    subject: DataSubject, version: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _record(subject, version, Answer("", GIVEN), key="first")

    with django_assert_num_queries(1):
        recorded = _record(subject, version, Answer("", GIVEN), Answer("location", REFUSED), Answer("ads", GIVEN))

    assert [(event.purpose, event.status) for event in recorded.events] == [
        ("", GIVEN),
        ("location", REFUSED),
        ("ads", GIVEN),
    ]
    assert len({event.at for event in recorded.events}) == 1
    states = ConsentState.objects.values_list("purpose", "status", "event_id").order_by("purpose")
    assert list(states) == [
        ("", "given", recorded.events[0].id),
        ("ads", "given", recorded.events[2].id),
        ("location", "refused", recorded.events[1].id),
    ]


def test_a_later_answer_becomes_the_state_and_both_stay_recorded(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    later = answer(subject, version, REFUSED, ["ads"])

    state = ConsentState.objects.get()
    assert (state.status, state.event_id, state.at) == ("refused", later.events[0].id, later.events[0].at)
    assert ConsentEvent.objects.count() == 2


def test_an_answer_to_a_scheduled_version_leaves_the_answer_in_force(
    subject: DataSubject, version: PolicyVersion
) -> None:
    scheduled = make_version(version.policy, REGISTER, effective_at=datetime(2099, 1, 1, tzinfo=UTC))
    answer(subject, version, GIVEN, ["ads"])

    answer(subject, scheduled, REFUSED, ["ads"])

    states = {state.version_id: state.status for state in ConsentState.objects.all()}
    assert states == {version.pk: "given", scheduled.pk: "refused"}


def test_a_deferral_replaces_no_answer_and_an_answer_replaces_a_deferral(
    subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, DEFERRED, ["ads", "location"])
    answer(subject, version, GIVEN, ["ads"])
    answer(subject, version, DEFERRED, ["ads", "location"])
    answer(subject, version, ConsentStatus.REQUESTED, ["ads", "location"])

    states = {state.purpose: state.status for state in ConsentState.objects.all()}
    assert states == {"ads": "given", "location": "deferred"}


def test_a_clock_that_was_set_back_loses_no_refusal(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    ahead = datetime.now(UTC) + timedelta(hours=1)
    ConsentState.objects.update(at=ahead)

    refused = answer(subject, version, REFUSED, ["ads"])

    assert refused.events[0].at > ahead
    assert ConsentState.objects.get().status == "refused"


def test_the_same_call_again_gives_the_same_events(
    subject: DataSubject, version: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answers = [Answer("ads", GIVEN), Answer("", REFUSED), Answer("card", GIVEN, ConsentKind.SEPARATE, "bank")]
    first = _record(subject, version, *answers)
    answer(subject, version, REFUSED, ["ads"])

    with django_assert_num_queries(2):
        again = _record(subject, version, *answers, network="198.51.100.0/24", claimed_at=AT)

    assert again == replace(first, replayed=True)
    assert not first.replayed
    assert ConsentEvent.objects.count() == 4
    assert ConsentState.objects.get(purpose="ads").status == "refused"


BASE = [Answer("ads", GIVEN), Answer("location", GIVEN)]


@pytest.mark.parametrize(
    ("answers", "changes"),
    [
        pytest.param([Answer("ads", REFUSED), BASE[1]], {}, id="another answer"),
        pytest.param([Answer("", GIVEN), BASE[1]], {}, id="another purpose"),
        pytest.param([replace(BASE[0], recipient="bank"), BASE[1]], {}, id="another recipient"),
        pytest.param([replace(BASE[0], kind=ConsentKind.SEPARATE), BASE[1]], {}, id="another kind"),
        pytest.param(BASE[:1], {}, id="fewer"),
        pytest.param([*BASE, Answer("", GIVEN)], {}, id="more"),
        pytest.param(BASE[::-1], {}, id="reordered"),
        pytest.param(BASE, {"shown_sha256": b"x" * 32}, id="another notice"),
        pytest.param(BASE, {"language": "en"}, id="another language"),
        pytest.param(BASE, {"surface": Surface.API}, id="another surface"),
        pytest.param(BASE, {"actor": SYSTEM}, id="another actor"),
    ],
)
def test_a_key_used_for_something_else_is_a_conflict_and_writes_nothing(
    subject: DataSubject, version: PolicyVersion, answers: list[Answer], changes: dict[str, Any]
) -> None:
    _record(subject, version, *BASE)
    before = list(ConsentState.objects.order_by("purpose").values())

    with pytest.raises(IdempotencyConflict):
        _record(subject, version, *answers, **changes)

    assert ConsentEvent.objects.count() == 2
    assert list(ConsentState.objects.order_by("purpose").values()) == before


def test_a_key_used_for_another_version_is_a_conflict(subject: DataSubject, version: PolicyVersion) -> None:
    _record(subject, version, *BASE)

    with pytest.raises(IdempotencyConflict):
        _record(subject, make_version(version.policy, REGISTER), *BASE)

    assert ConsentEvent.objects.count() == 2


def test_the_same_key_of_two_people_are_two_calls(subject: DataSubject, version: PolicyVersion, bob: User) -> None:
    _record(subject, version, *BASE)

    recorded = _record(make_subject(bob, version.policy.controller), version, *BASE)

    assert not recorded.replayed
    assert ConsentEvent.objects.count() == 4


@pytest.mark.parametrize("purpose", ["card", "separate"])
def test_a_purpose_that_must_be_asked_apart_is_recorded_as_separate(alice: User, purpose: str) -> None:
    version = make_version(make_policy(), [*REGISTER, facts("separate", needs_separate_consent=True)])

    answer(make_subject(alice, version.policy.controller), version, GIVEN, ["", "ads", purpose])

    kinds = dict(ConsentEvent.objects.values_list("purpose", "kind"))
    assert kinds == {"": "explicit", "ads": "explicit", purpose: "separate"}


@pytest.mark.parametrize(
    "implied",
    [
        Answer("ads", GIVEN, ConsentKind.IMPLIED),
        Answer("card", GIVEN, ConsentKind.IMPLIED),
        Answer("", REFUSED, ConsentKind.IMPLIED),
        Answer("", ConsentStatus.RENEWED, ConsentKind.IMPLIED),
        Answer("", GIVEN, ConsentKind.IMPLIED, recipient="bank"),
    ],
)
def test_continued_use_accepts_no_purpose(subject: DataSubject, version: PolicyVersion, implied: Answer) -> None:
    with pytest.raises(ImpliedNotAllowed):
        _record(subject, version, implied)


@pytest.mark.parametrize("kinds", [["M2"], ["M1", "M3"]])
def test_continued_use_accepts_no_version_that_asks(
    subject: DataSubject, version: PolicyVersion, kinds: list[str]
) -> None:
    later = make_version(version.policy, REGISTER, change_kinds=kinds)

    with pytest.raises(ImpliedNotAllowed):
        _record(subject, later, Answer("", GIVEN, ConsentKind.IMPLIED))


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([], InvalidAnswers),
        ([Answer("ads", GIVEN)] * 2, InvalidAnswers),
        ([Answer("ads", GIVEN, recipient=f"bank-{place}") for place in range(501)], InvalidAnswers),
        ([Answer("ads", GIVEN, recipient="a\x1fb")], InvalidAnswers),
        ([Answer("ads", GIVEN, recipient="a\x00b")], InvalidAnswers),
        ([Answer("ads", GIVEN, recipient="\ud800")], InvalidAnswers),
        ([Answer("ads", GIVEN, recipient="a" * 201)], InvalidAnswers),
        ([Answer("ads", "maybe")], InvalidAnswers),  # type: ignore[arg-type]
        ([Answer("ads", GIVEN, "silent")], InvalidAnswers),  # type: ignore[arg-type]
        ([Answer("nowhere", GIVEN)], UnknownPurpose),
        ([Answer("ads\x1flocation", GIVEN)], UnknownPurpose),
        ([Answer("ads", GIVEN), Answer("law", GIVEN)], NotAskable),
        ([Answer("ads", GIVEN, recipient="shop")], UnknownRecipient),
        ([Answer("", REFUSED, recipient="bank")], UnknownRecipient),
        ([Answer("card", GIVEN)], SeparateNeeded),
        ([Answer("card", ConsentStatus.RENEWED)], SeparateNeeded),
    ],
)
def test_answers_that_cannot_be_recorded_write_nothing(
    subject: DataSubject, version: PolicyVersion, answers: list[Answer], error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        _record(subject, version, *answers)

    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ""},
        {"key": "k" * 201},
        {"key": "a\x1fb"},
        {"language": ""},
        {"language": "en\n"},
        {"shown_sha256": b"short"},
        {"surface": "telepathy"},
        {"agent": "a" * 201},
        {"network": "\x00"},
        {"claimed_at": datetime(2026, 3, 2)},  # noqa: DTZ001 - that is the point
    ],
)
def test_circumstances_that_cannot_be_kept_are_refused(
    subject: DataSubject, version: PolicyVersion, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidAnswers):
        _record(subject, version, Answer("ads", GIVEN), **changes)


def test_the_most_answers_and_the_longest_key_are_taken(subject: DataSubject, version: PolicyVersion) -> None:
    answers = [Answer("ads", GIVEN, recipient=bank) for bank in BANKS]

    recorded = _record(subject, version, *answers, key="键" * 200)

    assert ConsentState.objects.count() == 500
    assert [event.recipient for event in recorded.events] == [each.recipient for each in answers]


def test_a_draft_and_a_version_that_is_not_there_are_refused(subject: DataSubject, version: PolicyVersion) -> None:
    draft = PolicyVersion.objects.create(policy=version.policy, number=2)

    for unpublished in (draft, draft.pk + 1):
        with pytest.raises(VersionNotPublished):
            _record(subject, unpublished, Answer("", GIVEN))


def test_nobody_answers_for_another(subject: DataSubject, version: PolicyVersion, bob: User) -> None:
    stranger = themselves(make_subject(bob, version.policy.controller))

    with pytest.raises(NotTheirs):
        _record(subject, version, Answer("", GIVEN), actor=stranger)

    assert not ConsentEvent.objects.exists()


def test_a_controller_records_nothing_about_another_ones_policy(alice: User, version: PolicyVersion) -> None:
    elsewhere = enrol(alice, make_controller("shop").pk, at=AT)

    with pytest.raises(NotTheirs):
        _record(elsewhere, version, Answer("", GIVEN))


def test_nothing_is_recorded_about_somebody_who_left(subject: DataSubject, version: PolicyVersion) -> None:
    DataSubject.objects.update(closed_at=AT)

    with pytest.raises(SubjectClosed):
        _record(subject, version, Answer("", GIVEN))

    assert not ConsentEvent.objects.exists()


def test_every_refusal_has_a_sentence_and_a_status() -> None:
    errors = LedgerError.__subclasses__()

    assert {SubjectClosed, NotTheirs, VersionNotPublished, IdempotencyConflict} <= set(errors)
    assert {error.http_status for error in errors} <= {400, 404, 409, 410, 422}
    assert len({str(error.message) for error in errors}) == len(errors)


@pytest.mark.django_db
def test_the_statement_can_be_prepared(alice: User, version: PolicyVersion) -> None:
    subject = make_subject(alice, version.policy.controller)
    connection.connection.prepare_threshold = 0
    try:
        for status in (GIVEN, REFUSED, GIVEN):
            answer(subject, version, status, ["", "ads"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%consent_event%'")
            prepared = cursor.fetchone()
    finally:
        connection.connection.prepare_threshold = None

    assert prepared == (1,)
    assert ConsentEvent.objects.count() == 6
