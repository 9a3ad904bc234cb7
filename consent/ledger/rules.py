"""Which answer counts, what is in force, and what must be asked.

An answer belongs to the version it was given to. It counts for a later version only while no version in between asked
that question anew; silence never counts, and a refusal is not asked again unless the question is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from consent.ledger.models import ConsentKind, ConsentStatus
from consent.policies.rules.register import ASKING_KINDS, WHOLE_POLICY, Question, VersionFacts

__all__ = [
    "NO_NAG",
    "Question",
    "QuestionStanding",
    "Standing",
    "StateFacts",
    "VersionFacts",
    "asks_anew",
    "implied_acceptance_due",
    "in_force",
    "in_order",
    "standing",
    "standing_on",
]

NO_NAG = timedelta(days=7)  # who chose to answer later is left alone that long where the controller says nothing else
YES = frozenset({ConsentStatus.GIVEN, ConsentStatus.RENEWED})
SILENCE = frozenset({ConsentStatus.REQUESTED, ConsentStatus.DEFERRED})
ENDED = frozenset({ConsentStatus.WITHDRAWN, ConsentStatus.REVOKED, ConsentStatus.EXPIRED, ConsentStatus.INVALIDATED})


@dataclass(frozen=True, slots=True)
class StateFacts:
    """The last word of a person on one question of one version. at: aware UTC instant of the server. recipient: where
    it is about one recipient alone. event_id: the event that said so."""

    purpose: str
    version_id: int
    status: str
    kind: str
    at: datetime
    recipient: str = ""
    event_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class QuestionStanding:
    """answer: the one that counts; a yes that ran out counts as expired, at the instant when it did. is_open: no answer
    counts, or the yes that does has run out or was not given apart as it must be; never shown as a yes. outdated: of
    an open question the last answer. in_force: the person's yes stands. ask_after: where they chose to answer later, or
    a yes ran out, the end of the pause. must_ask: open, and not paused."""

    question: Question
    answer: StateFacts | None
    is_open: bool
    outdated: StateFacts | None
    in_force: bool
    ask_after: datetime | None
    must_ask: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """version: the one in effect, None before the first. questions: in its order, the policy as a whole first."""

    version: VersionFacts | None
    questions: tuple[QuestionStanding, ...]

    @property
    def open(self) -> tuple[QuestionStanding, ...]:
        """What is not answered."""
        return tuple(line for line in self.questions if line.is_open)

    @property
    def must_ask(self) -> bool:
        """True if the person has to be asked before they go on."""
        return any(line.must_ask for line in self.questions)

    @property
    def pause_ends(self) -> datetime | None:
        """When the first of the pauses ends, None without any."""
        return min((line.ask_after for line in self.questions if line.ask_after and line.is_open), default=None)

    def of(self, purpose: str) -> QuestionStanding | None:
        """The line of a purpose, or None if the version in effect does not ask it."""
        return next((line for line in self.questions if line.question.purpose == purpose), None)


def standing(
    versions: Sequence[VersionFacts], states: Iterable[StateFacts], at: datetime, *, pause: timedelta = NO_NAG
) -> Standing:
    """Where a person stands with one policy at an instant.

    versions: every published version of the policy. states: the person's, of that policy. pause: how long they are left
    alone after they put an answer off, or a yes ran out. With `at` in the future it tells what will be asked then.
    Source: K11, K76, K111, K112, K120; PIPL 14, 16; Regulation 790.
    """
    reached = _reached(versions, at)
    if not reached:
        return Standing(None, ())
    mine = tuple(states)
    return Standing(reached[-1], tuple(_line(question, reached, mine, at, pause) for question in reached[-1].questions))


def standing_on(
    versions: Sequence[VersionFacts], states: Iterable[StateFacts], question: Question, at: datetime
) -> QuestionStanding:
    """One line of `standing`, of a question of the version in effect. Raises ValueError before the first version."""
    reached = _reached(versions, at)
    if not reached:
        raise ValueError("no version is in effect")
    return _line(question, reached, states, at, NO_NAG)


def in_force(versions: Sequence[VersionFacts], states: Iterable[StateFacts], purpose: str, at: datetime) -> bool:
    """True if the processing for `purpose` may rest on the person's yes at that instant. Unknown is False."""
    line = standing(versions, states, at).of(purpose)
    return line is not None and line.in_force


def implied_acceptance_due(versions: Sequence[VersionFacts], states: Iterable[StateFacts], at: datetime) -> bool:
    """True if going on using the service accepts the version in effect: the person agreed to an earlier one, only
    changes that need a notice lie between, and nothing was recorded for this one. Source: K120, Y36; PIPL 14."""
    reached, mine = _reached(versions, at), tuple(states)
    if not reached or any(s.purpose == WHOLE_POLICY and s.version_id == reached[-1].id for s in mine):
        return False
    whole = _line(Question(WHOLE_POLICY), reached, mine, at, NO_NAG)
    if whole.answer is None or not whole.in_force:
        return False
    accepted = next(place for place, version in enumerate(reached) if version.id == whole.answer.version_id)
    kinds = frozenset[str]().union(*(version.change_kinds for version in reached[accepted + 1 :]))
    return bool(kinds) and not kinds & ASKING_KINDS


def asks_anew(before: VersionFacts | None, version: VersionFacts, purpose: str) -> bool:
    """True if answers to `before`, the version that it follows, do not count for this question of `version`.

    A question is asked anew if it was not asked before; if what it rests on changed and the version declares M2 or M3
    or the purpose is sensitive; and if M2 or M3 is declared but no question differs, since then it may concern any.
    """
    new, old = version.question(purpose), before.question(purpose) if before else None
    if before is None or new is None or old is None:
        return True
    declared = bool(version.change_kinds & ASKING_KINDS)
    if purpose == WHOLE_POLICY:
        return declared
    if new.fingerprint != old.fingerprint:
        return declared or new.is_sensitive or old.is_sensitive
    return declared and _fingerprints(before) == _fingerprints(version)


def in_order(versions: Iterable[VersionFacts]) -> list[VersionFacts]:
    """By the instant at which they take effect."""
    return sorted(versions, key=lambda version: (version.effective_at, version.number))


def _reached(versions: Iterable[VersionFacts], at: datetime) -> list[VersionFacts]:
    return [version for version in in_order(versions) if version.effective_at <= at]


def _fingerprints(version: VersionFacts) -> dict[str, str]:
    return {question.purpose: question.fingerprint for question in version.questions}


def _line(
    question: Question, reached: Sequence[VersionFacts], states: Iterable[StateFacts], at: datetime, pause: timedelta
) -> QuestionStanding:
    mine = [state for state in states if state.purpose == question.purpose]
    words = _words(reached, mine)
    places = _counting_places(reached, question.purpose)
    counting = (state for state in words if state.version_id in places)
    answer = max(counting, key=lambda state: places[state.version_id], default=None)
    if answer:
        # a later no stands whatever version it names: a yes is never taken to overrule what was said after it
        noes = (state for state in words if state.status not in YES and state.at >= answer.at)
        answer = _or_run_out(max(noes, key=lambda state: state.at, default=answer), reached, at)
    ran_out = answer is not None and answer.status == ConsentStatus.EXPIRED
    is_open = answer is None or ran_out or _is_too_general(answer, question)
    quiet = [state.at for state in mine if state.version_id in places and state.status == ConsentStatus.DEFERRED]
    quiet += [answer.at] if answer and ran_out else []
    ask_after = max(quiet) + pause if quiet and is_open else None
    return QuestionStanding(
        question=question,
        answer=answer,
        is_open=is_open,
        outdated=(answer or _last(words)) if is_open else None,
        in_force=answer is not None and answer.status in YES and not is_open,
        ask_after=ask_after,
        must_ask=is_open and (ask_after is None or at >= ask_after),
    )


def _or_run_out(answer: StateFacts, reached: Sequence[VersionFacts], at: datetime) -> StateFacts:
    """The answer, or what became of a yes that held for a time only. A version's yes holds as long as it then said."""
    if answer.status not in YES:
        return answer
    asked = next(version for version in reached if version.id == answer.version_id).question(answer.purpose)
    if asked is None or asked.validity_days is None:
        return answer
    over_at = answer.at + timedelta(days=asked.validity_days)
    return replace(answer, status=ConsentStatus.EXPIRED, at=over_at) if at >= over_at else answer


def _counting_places(reached: Sequence[VersionFacts], purpose: str) -> dict[int, int]:
    """The versions whose answers count for the last one, by id, with their place."""
    first = len(reached) - 1
    while not asks_anew(reached[first - 1] if first else None, reached[first], purpose):
        first -= 1
    return {reached[place].id: place for place in range(first, len(reached))}


def _words(reached: Sequence[VersionFacts], states: Iterable[StateFacts]) -> list[StateFacts]:
    """The answers to versions that have taken effect, and the ends of a consent, which act at once under any."""
    known = {version.id for version in reached}
    answers = (state for state in states if state.status not in SILENCE)
    return [state for state in answers if state.version_id in known or state.status in ENDED]


def _last(words: Iterable[StateFacts]) -> StateFacts | None:
    """The no, if both at once."""
    return max(words, key=lambda state: (state.at, state.status not in YES), default=None)


def _is_too_general(answer: StateFacts, question: Question) -> bool:
    """True for a yes, as imports bring it, to what must be asked apart and was not. Source: PIPL 23, 29."""
    return question.needs_separate and answer.status in YES and answer.kind != ConsentKind.SEPARATE
