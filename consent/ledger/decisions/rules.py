"""May this be done with this person's information? No, unless something on file says yes.

The register comes first: what no policy names may not be done, whatever the person said. Then comes what the person is
(known, still here, of age). Then law or contract, and at the end the person's own last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.functional import Promise

from consent.ledger.decisions.cases import Asked, Case, Person
from consent.ledger.decisions.denials import DENIALS
from consent.ledger.decisions.reasons import ALLOWING, EXPLANATIONS, Reason
from consent.ledger.decisions.words import by_answers
from consent.ledger.rules import StateFacts
from consent.policies.fields import localized
from consent.policies.schedule import Book, PolicySchedule

__all__ = ["Asked", "Decision", "Person", "Reason", "decide"]


@dataclass(frozen=True, slots=True)
class Decision:
    """reason: its code; sentence: the same for people. event_id: the act that decided, where one did. policy, version:
    whose register was asked; empty and None where none knows the purpose. rule: requirement ids, exemption, law.
    cache_until: aware instant from which the answer may be another."""

    allowed: bool
    reason: Reason
    sentence: str | Promise
    event_id: UUID | None
    policy: str
    version: int | None
    rule: str
    cache_until: datetime


def decide(
    asked: Asked,
    book: Book,
    person: Person | None,
    states: Mapping[int, Sequence[StateFacts]],
    at: datetime,
    *,
    cache_seconds: float,
) -> Decision:
    """Allow or deny, and why. Denies whatever is not known.

    book: the controller's. person: None where the controller does not know them. states: the person's last words on
    this purpose by policy id, those about one recipient included. at: aware instant, of the past as well.
    cache_seconds: how long an answer may be kept at the most.
    Source: K43, K75, K77, K78, K81, K105, K106, K108, K120, Y2, Y8, Y14, Y19-Y21, Y24-Y26; PIPL 13-15, 23, 29, 31.
    """
    limits = [at + timedelta(seconds=cache_seconds), *_next_version(book, at)]
    policy = _policy_that_knows(asked.purpose, book, at)
    version = policy.in_effect(at) if policy else None
    if policy is None or version is None:
        any_in_effect = any(policy.in_effect(at) for policy in book.policies)
        reason = Reason.UNKNOWN_PURPOSE if any_in_effect else Reason.NO_VERSION_IN_EFFECT
        return _decision(reason, None, min(limits))
    history = book.recipients.get(asked.recipient)
    case = Case(
        asked,
        book,
        policy,
        version,
        version.purposes[asked.purpose],
        history,
        history.at(at) if history else None,
        person,
        at,
    )
    limits += _limits(case)
    if denied := next((reason for reason, holds in DENIALS if holds(case)), None):
        return _decision(denied, case, min(limits))
    if not case.purpose.rests_on_consent:
        return _decision(Reason.ALLOWED_BY_LAW, case, min(limits))
    reason, answer, ends = by_answers(case, states.get(policy.policy_id, ()))
    return _decision(reason, case, min(limits + ends), answer)


def _policy_that_knows(purpose: str, book: Book, at: datetime) -> PolicySchedule | None:
    """Of several policies the one that goes before the others. Source: K108, Y2."""
    for policy in book.policies:
        version = policy.in_effect(at)
        if version and purpose in version.purposes:
            return policy
    return None


def _next_version(book: Book, at: datetime) -> list[datetime]:
    instants = (version.facts.effective_at for policy in book.policies for version in policy.versions)
    return [instant for instant in instants if instant > at]


def _limits(case: Case) -> list[datetime]:
    """When the register or the person's age changes the answer."""
    changes = [case.history.changes_after(case.at) if case.history else None]
    changes += [case.person.adult_at] if case.person else []
    return [instant for instant in changes if instant and instant > case.at]


def _decision(reason: Reason, case: Case | None, cache_until: datetime, event: StateFacts | None = None) -> Decision:
    explanation = EXPLANATIONS[reason]
    rule = explanation.rule
    if case and reason == Reason.ALLOWED_BY_LAW:
        rule = f"{case.purpose.exemption} {localized(case.purpose.citation)}".strip()
    return Decision(
        allowed=reason in ALLOWING,
        reason=reason,
        sentence=explanation.sentence,
        event_id=event.event_id if event else None,
        policy=case.policy.slug if case else "",
        version=case.version.facts.number if case else None,
        rule=rule,
        cache_until=cache_until,
    )
