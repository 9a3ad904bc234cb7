"""What the person said, and whether it allows what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from consent.ledger.decisions.cases import Case
from consent.ledger.decisions.reasons import NO, Reason
from consent.ledger.models import ConsentKind
from consent.ledger.rules import YES, StateFacts, standing_on


class Words(NamedTuple):
    """reason: what follows from them. answer: the one that decides. ends: when a yes among them will have run out."""

    reason: Reason
    answer: StateFacts | None
    ends: list[datetime]


def by_answers(case: Case, states: Iterable[StateFacts]) -> Words:
    """What the person said about the purpose and about the recipient: a no to either denies.

    states: their last words on questions of the policy that knows the purpose.
    Source: K43, K76, K81, K120; PIPL 14, 23.
    """
    mine = [state for state in states if state.purpose == case.asked.purpose]
    denied, answer = _word(case, [state for state in mine if not state.recipient])
    if denied:
        return Words(denied, answer, [])
    about_them = [state for state in mine if case.asked.recipient and state.recipient == case.asked.recipient]
    refused, own_answer = _word(case, about_them) if about_them else (Reason.NOT_ANSWERED, None)
    if refused is None:
        return Words(Reason.ALLOWED_BY_CONSENT, own_answer, _ends(case, answer, own_answer))
    if refused not in (Reason.NOT_ANSWERED, Reason.DEFERRED, Reason.SUPERSEDED):
        return Words(refused, own_answer, [])
    if _needs_own_answer(case):
        return Words(Reason.RECIPIENT_NOT_ANSWERED, answer, [])
    return Words(Reason.ALLOWED_BY_CONSENT, answer, _ends(case, answer))


def _needs_own_answer(case: Case) -> bool:
    """True where one yes to the purpose cannot have been a separate yes to this recipient, since it names several that
    decide for themselves what they do with what they are given. Source: K81; PIPL 23."""
    if case.recipient is None or not case.recipient.decides_itself or not case.purpose.needs_separate:
        return False
    named = [case.book.recipients[code].at(case.at) for code in case.purpose.recipients if code in case.book.recipients]
    return sum(facts is not None and facts.decides_itself for facts in named) > 1


def _word(case: Case, states: Sequence[StateFacts]) -> tuple[Reason | None, StateFacts | None]:
    """Why these answers do not allow it, None if they do, and the one that decides.

    A no denies even where a later version has asked anew since.
    """
    line = standing_on(case.policy.facts, states, case.version.questions[case.asked.purpose], case.at)
    last = line.answer or line.outdated
    if last and last.status not in YES:
        return NO[last.status], last
    if line.answer is None:
        if line.ask_after:
            return Reason.DEFERRED, None
        return (Reason.SUPERSEDED, last) if last else (Reason.NOT_ANSWERED, None)
    if line.answer.kind == ConsentKind.IMPLIED:
        return Reason.IMPLIED_NOT_ENOUGH, line.answer
    if line.is_open:
        return Reason.SEPARATE_NEEDED, line.answer
    return None, line.answer


def _ends(case: Case, *answers: StateFacts | None) -> list[datetime]:
    ends = []
    for answer in answers:
        version = next((each for each in case.policy.versions if answer and each.facts.id == answer.version_id), None)
        question = version.questions.get(case.asked.purpose) if version else None
        if answer and question and question.validity_days is not None:
            ends.append(answer.at + timedelta(days=question.validity_days))
    return ends
