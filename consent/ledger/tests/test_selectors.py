"""What a person sees of their own answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from consent.ledger.actions import Answer, record_answers
from consent.ledger.history import history_of, history_page
from consent.ledger.models import ConsentEvent, ConsentKind, ConsentState, ConsentStatus, DataSubject
from consent.ledger.selectors import consent_records, standing_of, states_for
from consent.ledger.tests.factories import answer, circumstances, make_subject, themselves
from consent.policies.models import PolicyVersion
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

GIVEN, REFUSED, DEFERRED = ConsentStatus.GIVEN, ConsentStatus.REFUSED, ConsentStatus.DEFERRED
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SOON = AT + timedelta(days=20)
REGISTER = ("ads", "location", "sms", facts("law", lawful_basis="legal_duty", items=["name", "number!"]))


@pytest.fixture
def version(db: None) -> PolicyVersion:
    return make_version(make_policy(), REGISTER)


@pytest.fixture
def subject(alice: User, version: PolicyVersion) -> DataSubject:
    return make_subject(alice, version.policy.controller)


def test_every_purpose_shows_its_state_since_when_and_under_which_version(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    given = answer(subject, version, GIVEN, ["", "ads"]).events[0].at
    current = make_version(version.policy, REGISTER, change_kinds=["M5"])
    refused = answer(subject, current, REFUSED, ["location"]).events[0].at

    found = standing_of(alice, version.policy, AT)

    assert (found.version, found.subject, found.scheduled) == (current, subject, None)
    shown = [(line.purpose and line.purpose.code, line.status, line.since, line.number) for line in found.lines]
    assert shown == [
        (None, GIVEN, given, 1),
        ("ads", GIVEN, given, 1),
        ("location", REFUSED, refused, 2),
        ("sms", ConsentStatus.REQUESTED, None, None),
    ]
    assert [line.purpose and line.purpose.code for line in found.open] == ["sms"]
    assert [(purpose.code, purpose.items.count()) for purpose in found.by_law] == [("law", 2)]


def test_a_question_asked_anew_is_open_and_names_the_version_that_was_answered(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["", "ads", "location", "sms"])
    make_version(version.policy, ["ads", facts("location", items=["city"]), "sms"], change_kinds=["M2"])

    found = standing_of(alice, version.policy, AT)

    assert [(line.standing.question.purpose, line.status, line.number) for line in found.open] == [
        ("", ConsentStatus.REQUESTED, 1),
        ("location", ConsentStatus.REQUESTED, 1),
    ]


@pytest.mark.django_db
def test_a_general_yes_to_what_must_be_asked_apart_is_shown_as_open_and_not_as_a_yes(alice: User) -> None:
    version = make_version(make_policy(), ["ads", facts("location", is_sensitive=True)])
    answer(make_subject(alice, version.policy.controller), version, GIVEN, ["ads", "location"])
    ConsentState.objects.update(kind=ConsentKind.EXPLICIT)  # as an import may bring it

    lines = standing_of(alice, version.policy, AT).lines[1:]

    assert [(line.status, line.since is None, line.standing.is_open) for line in lines] == [
        (GIVEN, False, False),
        (ConsentStatus.REQUESTED, True, True),
    ]


def test_a_question_put_off_is_open_and_says_so(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, DEFERRED, ["ads"])

    line = standing_of(alice, version.policy, AT).lines[1]

    assert (line.status, line.since, line.standing.is_open) == (DEFERRED, None, True)


def test_an_answer_to_a_question_that_is_asked_no_more_is_kept_apart(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["ads", "sms"])
    answer(subject, version, DEFERRED, ["location"])
    make_version(version.policy, ["ads", facts("sms", lawful_basis="contract", exemption="E2")], change_kinds=["M2"])

    former = standing_of(alice, version.policy, AT).former

    assert [(each.purpose.code, each.answer.status, each.number) for each in former] == [("sms", "given", 1)]
    assert former[0].purpose.version_id == version.pk


def test_a_scheduled_version_tells_what_it_will_ask(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["", "ads", "location", "sms"])
    changed: list[Any] = ["ads", facts("location", items=["city"]), "sms", "push"]
    scheduled = make_version(version.policy, changed, change_kinds=["M2"], effective_at=SOON)
    answer(subject, scheduled, REFUSED, ["push"])

    found = standing_of(alice, version.policy, AT)

    assert (found.version, found.scheduled, found.open) == (version, scheduled, ())
    asked = [(line.standing.question.purpose, line.standing.is_open, line.number) for line in found.upcoming]
    assert asked == [("", True, 1), ("location", True, 1), ("push", False, 2)]
    assert [line.purpose and line.purpose.version_id for line in found.upcoming[1:]] == [scheduled.pk] * 2


def test_before_the_first_version_takes_effect_only_the_scheduled_one_is_shown(alice: User, db: None) -> None:
    scheduled = make_version(make_policy(), effective_at=SOON)

    found = standing_of(alice, scheduled.policy, AT)

    assert (found.version, found.lines, found.by_law, found.scheduled) == (None, (), (), scheduled)
    assert len(found.upcoming) == 3


def test_somebody_unknown_has_everything_open_and_is_not_made_known_by_looking(
    alice: User, version: PolicyVersion
) -> None:
    found = standing_of(alice, version.policy, AT)

    assert (found.subject, len(found.open)) == (None, 4)
    assert not DataSubject.objects.exists()


def test_nobody_sees_what_another_answered(
    alice: User, bob: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["", "ads"])
    make_subject(bob, version.policy.controller)

    assert len(standing_of(bob, version.policy, AT).open) == 4
    assert states_for(bob, version.policy) == []
    assert history_of(bob) == []
    assert len(states_for(alice, version.policy)) == len(history_of(alice)) == 2


def test_an_answer_about_one_recipient_is_not_one_about_all(alice: User) -> None:
    version = make_version(make_policy(), [facts("ads", recipient_codes=["shop"])])
    subject = make_subject(alice, version.policy.controller)
    for_one = [Answer("ads", GIVEN, recipient="shop")]
    record_answers(subject, version, for_one, circumstances=circumstances(), actor=themselves(subject), key="k")

    assert standing_of(alice, version.policy, AT).lines[1].standing.is_open


def test_the_records_show_what_is_asked_and_what_was_ever_answered(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answered, ignored = (
        make_version(make_policy(version.policy.controller, slug, asks_account_holders=False))
        for slug in ("cookies", "elsewhere")
    )
    make_policy(version.policy.controller, "unpublished")
    answer(subject, answered, REFUSED, ["ads"])

    records = consent_records(alice, AT)

    assert [record.policy.slug for record in records] == ["cookies", "privacy"]
    assert ignored.policy.slug not in [record.policy.slug for record in records]


@pytest.mark.parametrize("size", [1, 4])
def test_the_number_of_queries_does_not_grow(
    alice: User, db: None, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(size):
        policy = make_policy(make_controller(f"c{number}"), f"p{number}")
        for _version in range(size):
            version = make_version(policy, [facts(f"p{code}", items=["a", "b"]) for code in range(size)])
            answer(make_subject(alice, policy.controller), version, GIVEN, ["p0"])

    with django_assert_num_queries(5):
        standing_of(alice, policy, AT)
    with django_assert_num_queries(7):
        consent_records(alice, AT)
    with django_assert_num_queries(4):
        history_of(alice)
    with django_assert_num_queries(2):
        states_for(alice, policy)


def test_the_history_is_newest_first_and_names_what_it_is_about(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["ads"])
    answer(subject, version, REFUSED, [""])

    entries = history_of(alice)

    assert [(e.event.status, e.version, e.purpose and e.purpose.code) for e in entries] == [
        ("refused", version, None),
        ("given", version, "ads"),
    ]


def test_the_history_is_read_page_by_page_without_loss(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    for _turn in range(3):
        answer(subject, version, GIVEN, ["", "ads", "location"])

    seen: list[Any] = []
    mark = ""
    while True:
        entries, mark = history_page(alice, mark, limit=2)
        seen += [entry.event.id for entry in entries]
        if not mark:
            break

    newest_first = ConsentEvent.objects.order_by("-at", "-id").values_list("id", flat=True)
    assert seen == list(newest_first)


@pytest.mark.parametrize("mark", ["x", "2026-03-02~", "2026-03-02T00:00:00~00000000-0000-0000-0000-000000000000", "~"])
def test_a_mark_that_cannot_be_read_gives_the_first_page(
    alice: User, subject: DataSubject, version: PolicyVersion, mark: str
) -> None:
    answer(subject, version, GIVEN, ["ads"])

    assert len(history_page(alice, mark)[0]) == 1


def test_what_was_said_to_two_controllers_is_one_history(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    other = make_version(make_policy(make_controller("shop"), "cookies"))
    answer(subject, version, GIVEN, ["ads"])
    answer(make_subject(alice, other.policy.controller), other, GIVEN, ["ads"])

    assert [entry.version for entry in history_of(alice)] == [other, version]
