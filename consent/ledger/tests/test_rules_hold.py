"""What must hold for every history of versions and answers."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consent.ledger.models import ConsentStatus
from consent.ledger.rules import StateFacts, asks_anew, implied_acceptance_due, in_force, in_order, standing
from consent.policies.rules.register import ASKING_KINDS, WHOLE_POLICY, Question, VersionFacts

START = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CODES = ("ads", "card", "sms")
YES = (ConsentStatus.GIVEN, ConsentStatus.RENEWED)
ENDED = (ConsentStatus.WITHDRAWN, ConsentStatus.REVOKED, ConsentStatus.EXPIRED, ConsentStatus.INVALIDATED)

hours = st.integers(0, 200)
validity = st.sampled_from([None, 1, 5])
questions = st.dictionaries(st.sampled_from(CODES), st.tuples(st.sampled_from("123"), st.booleans(), validity)).map(
    lambda asked: (
        Question(WHOLE_POLICY),
        *(Question(code, words, sensitive, False, days) for code, (words, sensitive, days) in sorted(asked.items())),
    )
)
kinds = st.frozensets(st.sampled_from(["M1", "M2", "M3", "M4", "M5", "M6", "M7"]), max_size=2)


@st.composite
def histories(draw: st.DrawFn) -> list[VersionFacts]:
    """One to five versions, at different hours."""
    instants = sorted(draw(st.lists(hours, min_size=1, max_size=5, unique=True)))
    return [
        VersionFacts(number, number, START + hour * HOUR, START, draw(kinds), draw(questions))
        for number, hour in enumerate(instants, 1)
    ]


@st.composite
def answers(draw: st.DrawFn, versions: int = 5) -> list[StateFacts]:
    """One last word for each question of each version at the most, as the table keeps them; all at different hours."""
    keys = draw(st.sets(st.tuples(st.sampled_from(("", *CODES)), st.integers(1, versions)), max_size=10))
    said_at = draw(st.lists(hours, min_size=len(keys), max_size=len(keys), unique=True))
    statuses = st.sampled_from(sorted(ConsentStatus.values))
    return [
        StateFacts(purpose, number, draw(statuses), "explicit", START + hour * HOUR)
        for (purpose, number), hour in zip(sorted(keys), said_at, strict=True)
    ]


moments = hours.map(lambda hour: START + hour * HOUR)


@given(histories(), answers(), moments)
def test_an_answer_to_an_old_version_never_counts_where_one_since_asked_anew(
    versions: list[VersionFacts], states: list[StateFacts], at: datetime
) -> None:
    reached = [version for version in versions if version.effective_at <= at]
    pairs = list(zip([None, *reached], reached, strict=False))
    for line in standing(versions, states, at).questions:
        code = line.question.purpose
        if line.answer and line.answer.status in YES:
            since = [(b, v) for b, v in pairs if v.number > line.answer.version_id]
            assert not any(asks_anew(before, version, code) for before, version in since)


@given(histories(), answers(), moments)
def test_after_an_end_nothing_is_in_force_until_a_later_yes(
    versions: list[VersionFacts], states: list[StateFacts], at: datetime
) -> None:
    for code in ("", *CODES):
        ends = [state.at for state in states if state.purpose == code and state.status in ENDED]
        yeses = [state.at for state in states if state.purpose == code and state.status in YES]
        if ends and not any(yes > max(ends) for yes in yeses):
            assert not in_force(versions, states, code, at)


@given(histories(), answers(), moments, st.data())
def test_a_scheduled_version_changes_nothing_before_its_instant(
    versions: list[VersionFacts], states: list[StateFacts], at: datetime, data: st.DataObject
) -> None:
    number = len(versions) + 1
    scheduled = VersionFacts(number, number, at + HOUR, START, data.draw(kinds), data.draw(questions))
    before = [state for state in states if state.version_id < number]
    with_answers = before + [state for state in states if state.version_id == number and state.status not in ENDED]

    assert standing([*versions, scheduled], with_answers, at) == standing(versions, before, at)
    assert implied_acceptance_due([*versions, scheduled], before, at) == implied_acceptance_due(versions, before, at)


@given(histories(), answers(), moments)
def test_silence_is_never_in_force_and_an_answered_question_never_asked(
    versions: list[VersionFacts], states: list[StateFacts], at: datetime
) -> None:
    for line in standing(versions, states, at).questions:
        assert line.is_open == (line.answer is None or line.answer.status == ConsentStatus.EXPIRED)
        assert not (line.must_ask and not line.is_open)
        assert not (line.in_force and (line.answer is None or line.answer.status not in YES))


@given(histories(), answers(), moments)
def test_who_answered_or_deferred_everything_goes_on(
    versions: list[VersionFacts], states: list[StateFacts], at: datetime
) -> None:
    line_up = standing(versions, states, at)
    if line_up.version:
        for status in (ConsentStatus.REFUSED, ConsentStatus.DEFERRED):
            said = [
                StateFacts(line.question.purpose, line_up.version.id, status, "explicit", at) for line in line_up.open
            ]
            kept = [s for s in states if (s.purpose, s.version_id) not in {(n.purpose, n.version_id) for n in said}]

            assert not standing(versions, kept + said, at).must_ask


@given(histories(), answers(), moments)
def test_continued_use_stands_for_no_change_of_scope_or_recipients(
    versions: list[VersionFacts], states: list[StateFacts], at: datetime
) -> None:
    if implied_acceptance_due(versions, states, at):
        reached = [version for version in in_order(versions) if version.effective_at <= at]
        mine = [state for state in states if state.purpose == WHOLE_POLICY]
        yeses = [state.version_id for state in mine if state.status in YES]

        assert reached[-1].id not in [state.version_id for state in mine]
        assert any(
            not ASKING_KINDS & frozenset().union(*(v.change_kinds for v in reached if v.id > yes)) for yes in yeses
        )
