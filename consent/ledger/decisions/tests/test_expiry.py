"""A yes that holds for a time: what it means when that is over, and the job that says so."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from consent.ledger.actions import Answer, record_answers
from consent.ledger.decisions import expiry, tasks
from consent.ledger.decisions.expiry import expire_some
from consent.ledger.decisions.reasons import Reason
from consent.ledger.decisions.selectors import decision
from consent.ledger.gate import NOTE
from consent.ledger.models import ConsentEvent, ConsentState, ConsentStatus, DataSubject
from consent.ledger.rules import standing
from consent.ledger.selectors import standing_of, states_of
from consent.ledger.tests.factories import answer, circumstances, make_subject, themselves
from consent.ledger.transfer.tests.imports import line, ndjson, run
from consent.policies.models import Controller, PolicyVersion
from consent.policies.published import versions_of
from consent.policies.tests.factories import facts, make_policy, make_version

DAY = timedelta(days=1)
GIVEN, REFUSED, EXPIRED = ConsentStatus.GIVEN, ConsentStatus.REFUSED, ConsentStatus.EXPIRED
LINES = [facts("trial", validity_days=30), facts("ads")]

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> PolicyVersion:
    return make_version(make_policy(), LINES)


@pytest.fixture
def subject(alice: User, version: PolicyVersion) -> DataSubject:
    return make_subject(alice, version.policy.controller)


def _expire(days: int = 31) -> int:
    return expire_some(after=0, at=timezone.now() + days * DAY).expired


def _states(subject: DataSubject) -> dict[str, str]:
    return dict(ConsentState.objects.filter(subject_id=subject.pk).values_list("purpose", "status"))


def test_a_yes_whose_time_is_over_is_ended_and_no_other(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["trial", "ads"])

    assert [_expire(days) for days in (29, 30, 31)] == [0, 1, 0]

    assert _states(subject) == {"trial": "expired", "ads": "given"}
    assert ConsentEvent.objects.filter(status=EXPIRED).count() == 1


def test_a_no_has_no_end(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, REFUSED, ["trial"])

    assert _expire(3650) == 0


def test_the_event_repeats_what_the_person_was_shown_and_names_the_system(
    subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["trial"])
    _expire()

    yes = ConsentEvent.objects.get(status=GIVEN)
    end = ConsentEvent.objects.get(status=EXPIRED)
    same = ("subject_id", "policy_id", "version_id", "purpose", "kind", "surface", "language", "controller_id")
    assert [getattr(end, name) for name in same] == [getattr(yes, name) for name in same]
    assert bytes(end.shown_sha256) == bytes(yes.shown_sha256)
    assert (end.actor, end.network, end.id.version, end.id.variant) == ("system", "", 8, "specified in RFC 4122")
    assert end.at > yes.at
    state = ConsentState.objects.get()
    assert (state.event_id, state.at) == (end.id, end.at)


def test_it_can_be_given_again_and_runs_out_again(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["trial"])
    _expire()
    answer(subject, version, GIVEN, ["trial"])

    assert [_expire(29), _expire(31)] == [0, 1]
    assert ConsentEvent.objects.filter(status=EXPIRED).count() == 2


def test_nothing_is_said_about_somebody_who_left(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["trial"])
    DataSubject.objects.update(closed_at=timezone.now())

    assert _expire() == 0


def test_people_are_looked_at_in_batches_that_go_on_where_the_last_ended(
    version: PolicyVersion, monkeypatch: pytest.MonkeyPatch, make_user: Callable[..., User]
) -> None:
    people = [make_subject(make_user(email=f"p{n}@people.example"), version.policy.controller) for n in range(5)]
    for person in people:
        answer(person, version, GIVEN, ["trial"])
    monkeypatch.setattr(expiry, "PEOPLE_AT_ONCE", 2)

    with time_machine.travel(timezone.now() + 31 * DAY, tick=False):
        first = expire_some(after=0, at=timezone.now())
        tasks.expire_due(first.last or 0)

    assert first == (people[1].pk, 2)
    assert ConsentEvent.objects.filter(status=EXPIRED).count() == 5


def test_the_number_of_statements_does_not_grow_with_the_people(
    version: PolicyVersion, make_user: Callable[..., User], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3):
        person = make_subject(make_user(email=f"p{number}@people.example"), version.policy.controller)
        answer(person, version, GIVEN, ["trial"])

    with django_assert_num_queries(3):  # which purposes run out, who comes next, everything else
        assert _expire() == 3


@pytest.mark.parametrize(
    ("last", "reason"), [(ConsentStatus.GIVEN, Reason.ALLOWED_BY_CONSENT), (ConsentStatus.WITHDRAWN, Reason.WITHDRAWN)]
)
def test_a_yes_that_was_followed_by_another_answer_does_not_run_out_any_more(
    subject: DataSubject, version: PolicyVersion, last: ConsentStatus, reason: Reason
) -> None:
    answer(subject, version, GIVEN, ["trial"])
    later = make_version(version.policy, LINES)
    ConsentState.objects.update(at=timezone.now() - 40 * DAY)
    answer(subject, later, last, ["trial"])

    assert _expire(0) == 0
    assert decision(subject.controller_id, subject.pk, "trial").reason == reason
    assert not _stand(later, subject, timezone.now(), 0).is_open


def test_it_ended_when_its_time_was_over_and_not_when_the_job_came(version: PolicyVersion) -> None:
    run(version.policy.controller, ndjson([line(purpose="trial")]))

    expire_some(after=0, at=timezone.now())

    yes, end = ConsentEvent.objects.order_by("at")
    assert (end.status, end.at) == (EXPIRED, yes.at + 30 * DAY)


def test_before_the_job_has_run_it_is_over_all_the_same(subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["trial"])
    given_at = ConsentEvent.objects.get().at
    ask = (subject.controller_id, subject.pk, "trial")

    assert decision(*ask, at=given_at + 30 * DAY - timedelta(microseconds=1)).reason == Reason.ALLOWED_BY_CONSENT
    assert decision(*ask, at=given_at + 30 * DAY).reason == Reason.EXPIRED


def _stand(version: PolicyVersion, subject: DataSubject, at: datetime, days: int) -> Any:
    states = states_of([subject.pk], [version.policy_id])[subject.pk, version.policy_id]
    line = standing(versions_of(version.policy_id), states, at, pause=days * DAY).of("trial")
    assert line is not None
    assert line.answer is not None
    return line


@pytest.mark.parametrize("job_ran", [False, True])
def test_it_is_shown_as_expired_is_open_and_is_asked_after_the_pause(
    subject: DataSubject, version: PolicyVersion, job_ran: bool
) -> None:
    answer(subject, version, GIVEN, ["trial"])
    over_at = ConsentEvent.objects.get().at + 30 * DAY
    if job_ran:
        with connection.cursor() as cursor:  # as if the job had run at that moment
            cursor.execute("UPDATE consent_state SET status = 'expired', at = %s", [over_at])

    soon, late = (_stand(version, subject, over_at + days * DAY, 7) for days in (6.99, 7))

    assert (soon.answer.status, soon.is_open, soon.in_force, soon.must_ask) == (EXPIRED, True, False, False)
    assert (late.must_ask, late.ask_after) == (True, over_at + 7 * DAY)


def test_the_pause_is_the_controllers(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["trial", "ads", ""])
    Controller.objects.update(no_nag_days=20)
    at = ConsentEvent.objects.filter(purpose="trial").get().at + 30 * DAY
    policy = type(version.policy).objects.select_related("controller").get()

    lines = {line.standing.question.purpose: line for line in standing_of(alice, policy, at + 19 * DAY).lines}
    later = {line.standing.question.purpose: line for line in standing_of(alice, policy, at + 20 * DAY).lines}

    assert (lines["trial"].status, lines["trial"].standing.must_ask) == (EXPIRED, False)
    assert later["trial"].standing.must_ask


def test_the_gate_lets_people_go_on_until_the_pause_ends(
    alice: User, subject: DataSubject, version: PolicyVersion, client: Any
) -> None:
    record_answers(
        subject,
        version,
        [Answer(purpose, GIVEN) for purpose in ("", "trial", "ads")],
        circumstances=circumstances(),
        actor=themselves(subject),
        key="all",
    )
    over_at = ConsentEvent.objects.filter(purpose="trial").get().at + 30 * DAY

    for days, status in ((-1, 200), (1, 200), (6.5, 200), (7.5, 302)):
        with time_machine.travel(over_at + days * DAY, tick=False):
            client.force_login(alice)
            assert client.get("/consents/").status_code == status, days
            if days == 6.5:
                assert client.session[NOTE][1] == (over_at + 7 * DAY).timestamp()


def test_two_at_once_end_each_yes_once(
    transactional_db: None, alice: User, make_user: Callable[..., User], at_once: Any
) -> None:
    version = make_version(make_policy(), LINES)
    for number in range(50):
        person = make_subject(make_user(email=f"p{number}@people.example"), version.policy.controller)
        answer(person, version, GIVEN, ["trial"])

    results = at_once(4, lambda _worker: expire_some(after=0, at=timezone.now() + 31 * DAY).expired)

    assert sum(results) == 50
    assert ConsentEvent.objects.filter(status=EXPIRED).count() == 50
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"expired"}


def test_a_yes_that_somebody_is_just_changing_ends_with_what_was_last(
    transactional_db: None, alice: User, at_once: Any
) -> None:
    version = make_version(make_policy(), LINES)
    subject = make_subject(alice, version.policy.controller)
    answer(subject, version, GIVEN, ["trial"])

    results = at_once(2, lambda worker: answer(subject, version, REFUSED, ["trial"]) if worker else _expire())

    assert not [result for result in results if isinstance(result, Exception)]
    last = ConsentEvent.objects.order_by("-at").values_list("status", flat=True)[0]
    assert _states(subject)["trial"] == last != GIVEN


def test_who_puts_an_expired_question_off_is_left_alone_for_the_pause(
    alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["trial"])
    _expire()

    answer(subject, version, ConsentStatus.DEFERRED, ["trial"])

    line = next(
        line
        for line in standing_of(alice, version.policy, timezone.now() + timedelta(days=6)).lines
        if line.standing.question.purpose == "trial"
    )
    assert _states(subject)["trial"] == "deferred"
    assert line.standing.is_open
    assert not line.standing.must_ask
