"""Which answer counts, what is in force, what is asked: case by case."""

from datetime import UTC, datetime, timedelta

import pytest

from consent.ledger.rules import StateFacts, asks_anew, implied_acceptance_due, in_force, standing
from consent.policies.rules.register import Question, VersionFacts

START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = START + 365 * DAY


def version(
    number: int, kinds: str = "", asked: str = "ads:1", *, effective_at: datetime | None = None
) -> VersionFacts:
    """asked: `code:fingerprint` words, a sensitive one with an exclamation mark. In effect 30 days after the last."""
    questions = [Question("")]
    for word in asked.split():
        code, _colon, fingerprint = word.removesuffix("!").partition(":")
        questions.append(Question(code, fingerprint, is_sensitive=word.endswith("!")))
    effective_at = effective_at or START + 30 * DAY * (number - 1)
    return VersionFacts(number, number, effective_at, effective_at - DAY, frozenset(kinds.split()), tuple(questions))


def said(status: str, number: int = 1, purpose: str = "ads", *, day: int = 0, kind: str = "explicit") -> StateFacts:
    """An answer to version `number`, that many days after START."""
    return StateFacts(purpose, number, status, kind, START + day * DAY)


ANEW = [
    ("the first version asks everything", None, version(1), {"": True, "ads": True}),
    ("an editorial change asks nothing", version(1), version(2), {"": False, "ads": False}),
    ("a change that needs a notice asks nothing", version(1), version(2, "M1 M4 M5 M6 M7"), {"": False, "ads": False}),
    ("M2 asks what changed", version(1, "", "ads:1 sms:1"), version(2, "M2", "ads:2 sms:1"),
     {"": True, "ads": True, "sms": False}),
    ("M3 asks what changed", version(1, "", "ads:1 sms:1"), version(2, "M3", "ads:2 sms:1"),
     {"": True, "ads": True, "sms": False}),
    ("M2 that no question shows may concern any", version(1, "", "ads:1 sms:1"), version(2, "M2", "ads:1 sms:1"),
     {"": True, "ads": True, "sms": True}),
    ("M2 for a new question leaves the others", version(1), version(2, "M2", "ads:1 sms:1"),
     {"": True, "ads": False, "sms": True}),
    ("M2 for a question that goes leaves the others", version(1, "", "ads:1 sms:1"), version(2, "M2"),
     {"": True, "ads": False}),
    ("a new question is asked whatever is declared", version(1), version(2, "M5", "ads:1 sms:1"),
     {"": False, "ads": False, "sms": True}),
    ("a change that nobody declared is carried over", version(1), version(2, "M5", "ads:2"), {"": False, "ads": False}),
    ("but asked where it is sensitive", version(1, "", "ads:1!"), version(2, "", "ads:2!"), {"": False, "ads": True}),
    ("and where it becomes sensitive", version(1), version(2, "", "ads:2!"), {"ads": True}),
    ("and where it was sensitive", version(1, "", "ads:1!"), version(2, "", "ads:2"), {"ads": True}),
    ("a sensitive question that stays is carried over", version(1, "", "ads:1!"), version(2, "M5", "ads:1!"),
     {"ads": False}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after", "expected"), ANEW, ids=[case[0] for case in ANEW])
def test_a_version_asks_anew(
    rule: str, before: VersionFacts | None, after: VersionFacts, expected: dict[str, bool]
) -> None:
    assert {code: asks_anew(before, after, code) for code in expected} == expected


V1, NOTICE, ASKING = version(1), version(2, "M5"), version(2, "M2", "ads:2")
# states → the answer that counts, whether it is in force, whether it must be asked
STANDINGS = [
    ("nobody answered", [V1], [], None, False, True),
    ("a yes counts", [V1], [said("given")], "given", True, False),
    ("a renewed yes counts", [V1], [said("renewed")], "renewed", True, False),
    ("a no counts and is not asked again", [V1], [said("refused")], "refused", False, False),
    ("a yes is carried over a notice", [V1, NOTICE], [said("given")], "given", True, False),
    ("a no is carried over a notice", [V1, NOTICE], [said("refused")], "refused", False, False),
    ("a withdrawal is carried over a notice", [V1, NOTICE], [said("withdrawn")], "withdrawn", False, False),
    ("a yes to an old version does not count", [V1, ASKING], [said("given")], None, False, True),
    ("a no to an old version is asked anew", [V1, ASKING], [said("refused")], None, False, True),
    ("a yes is not carried past a version that asked", [V1, ASKING, version(3, "", "ads:2")], [said("given")],
     None, False, True),
    ("nor where the question comes back", [V1, version(2, "M2", ""), version(3, "M2")], [said("given")],
     None, False, True),
    ("the answer to the version in effect wins", [V1, NOTICE], [said("given"), said("refused", 2, day=40)],
     "refused", False, False),
    ("a later yes wins over a withdrawal", [V1, NOTICE], [said("withdrawn"), said("given", 2, day=40)],
     "given", True, False),
    ("a request is no answer", [V1], [said("requested")], None, False, True),
    ("a revocation ends it", [V1], [said("revoked")], "revoked", False, False),
    ("an expired yes is over and asked again", [V1], [said("expired")], "expired", False, True),
    ("but does not nag", [V1], [said("expired", day=360)], "expired", False, False),
    ("nor where the person will answer later", [V1, NOTICE], [said("expired"), said("deferred", 2, day=360)],
     "expired", False, False),
    ("a no after it stands", [V1, NOTICE], [said("expired"), said("refused", 2, day=40)], "refused", False, False),
    ("a withdrawal under an earlier version acts at once", [V1, NOTICE],
     [said("given", 2, day=20), said("withdrawn", 1, day=50)], "withdrawn", False, False),
    ("even where the versions ask different things", [V1, ASKING],
     [said("given", 2, day=20), said("withdrawn", 1, day=50)], "withdrawn", False, False),
    ("an earlier withdrawal does not undo a later yes", [V1, ASKING],
     [said("withdrawn", 1, day=20), said("given", 2, day=50)], "given", True, False),
    ("a later no to the same question undoes a yes in advance", [V1, NOTICE],
     [said("given", 2, day=20), said("refused", 1, day=25)], "refused", False, False),
    ("even where the versions ask different things", [V1, ASKING],
     [said("given", 2, day=20), said("refused", 1, day=25)], "refused", False, False),
    ("a no in advance does not undo a yes yet", [V1, version(2, "M5", effective_at=NOW + DAY)],
     [said("given"), said("refused", 2, day=5)], "given", True, False),
    ("a version that is not known ends a consent too", [V1], [said("given"), said("withdrawn", 99, day=5)],
     "withdrawn", False, False),
    ("an answer to a version that is not known does not count", [V1], [said("given", 99)], None, False, True),
    ("answers to other questions do not count", [V1], [said("given", 1, "sms"), said("given", 1, "")],
     None, False, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "versions", "states", "counts", "is_in_force", "must_ask"), STANDINGS, ids=[case[0] for case in STANDINGS]
)
def test_standing(
    rule: str,
    versions: list[VersionFacts],
    states: list[StateFacts],
    counts: str | None,
    is_in_force: bool,
    must_ask: bool,
) -> None:
    line = standing(versions, states, NOW).of("ads")

    assert line is not None
    assert (line.answer.status if line.answer else None) == counts
    assert (line.in_force, line.must_ask, line.is_open) == (is_in_force, must_ask, counts in (None, "expired"))
    assert in_force(versions, states, "ads", NOW) is is_in_force


@pytest.mark.parametrize(
    ("status", "kind", "is_open", "is_in_force"),
    [("given", "explicit", True, False), ("given", "separate", False, True), ("refused", "explicit", False, False)],
)
def test_a_yes_to_what_must_be_asked_apart_counts_only_where_it_was(
    status: str, kind: str, is_open: bool, is_in_force: bool
) -> None:
    apart = VersionFacts(1, 1, START, START - DAY, frozenset(), (Question("ads", "1", needs_separate=True),))

    (line,) = standing([apart], [said(status, kind=kind)], NOW).questions

    assert (line.is_open, line.must_ask, line.in_force) == (is_open, is_open, is_in_force)
    assert (line.outdated is not None) == is_open


def test_before_the_first_version_nothing_is_asked_and_nothing_in_force() -> None:
    before = standing([V1], [said("given")], START - DAY)

    assert (before.version, before.questions, before.must_ask) == (None, (), False)
    assert not in_force([V1], [said("given")], "ads", START - DAY)


def test_a_version_takes_effect_at_its_instant_and_not_before() -> None:
    states = [said("given"), said("refused", 2, day=10)]
    instant = ASKING.effective_at

    assert in_force([V1, ASKING], states, "ads", instant - timedelta(microseconds=1))
    assert not in_force([V1, ASKING], states, "ads", instant)


def test_the_order_of_the_versions_given_does_not_matter() -> None:
    states = [said("given")]

    assert standing([NOTICE, V1], states, NOW) == standing([V1, NOTICE], states, NOW)


def test_a_purpose_that_the_version_in_effect_does_not_ask_is_not_in_force() -> None:
    assert not in_force([V1, version(2, "", "sms:1")], [said("given")], "ads", NOW)


def test_without_an_answer_that_counts_the_outdated_one_is_named() -> None:
    line = standing([V1, ASKING], [said("given", day=3), said("deferred", 2, day=31)], NOW).of("ads")

    assert line is not None
    assert line.outdated == said("given", day=3)


@pytest.mark.parametrize(("days", "must_ask"), [(0, False), (6.99, False), (7, True), (8, True)])
def test_who_chose_to_answer_later_is_left_alone_for_a_week_and_it_stays_open(days: float, must_ask: bool) -> None:
    states = [said("deferred"), said("given", 1, "")]

    found = standing([V1], states, START + timedelta(days=days))

    assert found.must_ask is must_ask
    assert [line.question.purpose for line in found.open] == ["ads"]
    assert found.pause_ends == START + 7 * DAY


def test_a_deferral_is_carried_over_a_notice_but_not_over_a_question_asked_anew() -> None:
    states = [said("deferred", 1, day=29), said("deferred", 1, "", day=29)]
    at = START + 31 * DAY

    assert not standing([V1, NOTICE], states, at).must_ask
    assert standing([V1, ASKING], states, at).must_ask


def test_the_pause_can_be_shorter() -> None:
    states = [said("deferred"), said("given", 1, "")]

    assert standing([V1], states, START + 2 * DAY, pause=DAY).must_ask


def test_the_future_tells_what_will_be_asked() -> None:
    states = [said("given"), said("given", 1, "")]

    now, then = (standing([V1, ASKING], states, at) for at in (START + DAY, ASKING.effective_at))

    assert now.open == ()
    assert [line.question.purpose for line in then.open] == ["", "ads"]


YES = said("given", 1, "")
IMPLIED = [
    ("after a notice", [V1, NOTICE], [YES], True),
    ("after two of them", [V1, NOTICE, version(3, "M7")], [YES], True),
    ("after a notice and an editorial change", [V1, NOTICE, version(3)], [YES], True),
    ("after an implied acceptance", [V1, NOTICE, version(3, "M1")], [said("given", 2, "", kind="implied")], True),
    ("after a renewed yes", [V1, NOTICE], [said("renewed", 1, "")], True),
    ("not for the version that was answered", [V1], [YES], False),
    ("not for an editorial change", [V1, version(2)], [YES], False),
    ("not for M2", [V1, version(2, "M1 M2")], [YES], False),
    ("not for M3", [V1, version(2, "M3")], [YES], False),
    ("not past M2", [V1, version(2, "M2"), version(3, "M1")], [YES], False),
    ("not without an acceptance", [V1, NOTICE], [], False),
    ("not after a refusal", [V1, NOTICE], [said("refused", 1, "")], False),
    ("not after a withdrawal", [V1, NOTICE], [said("withdrawn", 1, "")], False),
    ("not after a deferral alone", [V1, NOTICE], [said("deferred", 1, "")], False),
    ("not where the version was answered", [V1, NOTICE], [YES, said("refused", 2, "", day=40)], False),
    ("not where the answer was put off", [V1, NOTICE], [YES, said("deferred", 2, "", day=40)], False),
    ("not twice", [V1, NOTICE], [YES, said("given", 2, "", day=40, kind="implied")], False),
    ("not on the yes to a purpose", [V1, NOTICE], [said("given")], False),
    ("not before it takes effect", [V1, version(2, "M5", effective_at=NOW + DAY)], [YES], False),
]


@pytest.mark.parametrize(("rule", "versions", "states", "due"), IMPLIED, ids=[case[0] for case in IMPLIED])
def test_continued_use_accepts(rule: str, versions: list[VersionFacts], states: list[StateFacts], due: bool) -> None:
    assert implied_acceptance_due(versions, states, NOW) is due
