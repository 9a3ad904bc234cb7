"""Every write of the ledger: who is known to a controller, what they answered, what they withdrew.

The event is its own audit row: it names the actor, the instant and the circumstances, and nobody can change it; so
nothing is written to the audit trail beside it. Nor is there an outbox row for each answer: what must follow from an
answer is derived from the events themselves, in bulk, by the job that seals them. Nothing here needs the broker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.audit.rules import Actor, ActorKind
from consent.ledger.answers import (
    Answer,
    Circumstances,
    Recorded,
    RecordedEvent,
    check_answers,
    check_circumstances,
)
from consent.ledger.enrolment import enrol, enrol_reference
from consent.ledger.errors import (
    IdempotencyConflict,
    NotTheirs,
    NotWithdrawable,
    SubjectClosed,
    VersionNotPublished,
)
from consent.ledger.models import ConsentEvent, ConsentKind, ConsentStatus, DataSubject
from consent.ledger.references import reference_ref
from consent.ledger.rules import in_force
from consent.ledger.selectors import states_of
from consent.ledger.statements import SEPARATOR, event_ids, record
from consent.policies.models import PolicyVersion
from consent.policies.published import PublishedVersion, published_version, versions_of
from consent.policies.rules.register import WHOLE_POLICY

__all__ = [
    "Answer",
    "Circumstances",
    "Recorded",
    "RecordedEvent",
    "accept_by_use",
    "enrol",
    "enrol_reference",
    "record_answers",
    "record_for_reference",
    "withdraw",
]


def record_answers(
    subject: DataSubject,
    version: PolicyVersion | int,
    answers: Sequence[Answer],
    *,
    circumstances: Circumstances,
    actor: Actor,
    key: str,
) -> Recorded:
    """Add an event for each answer and bring the states up to date, in one statement: all of it or nothing.

    key: the caller's name for this call, at most 200 characters. Repeated with the same content it gives the same
    events again. Content is version, answers in their order, notice, surface, language and actor; network, agent and
    claimed_at may differ from one try to the next. A withdrawal goes through `withdraw`.
    Raises InvalidAnswers (400), NotTheirs (404), VersionNotPublished, SubjectClosed, IdempotencyConflict (409),
    UnknownPurpose, NotAskable, ImpliedNotAllowed, UnknownRecipient, SeparateNeeded (422).
    Source: K10, K43, K44, K76, K81, K120; PIPL 14, 23, 29.
    """
    published = _published_for(subject, version, actor)
    call = _Call(subject.controller_id, bytes(subject.ref), key, circumstances, actor)
    check_answers(published, answers)
    return _record(call, published, answers)


def record_for_reference(
    controller_id: int,
    reference: str,
    version_id: int,
    answers: Sequence[Answer],
    *,
    circumstances: Circumstances,
    actor: Actor,
    key: str,
    at: datetime,
) -> Recorded:
    """As `record_answers`, for the person whom the controller's own systems call `reference`, who is enrolled at first
    sight. One statement for somebody known.

    at: aware UTC instant of that first sight.
    """
    published = _published(version_id, controller_id)
    call = _Call(controller_id, reference_ref(reference), key, circumstances, actor)
    check_answers(published, answers)
    try:
        return _record(call, published, answers)
    except SubjectClosed:
        enrol_reference(controller_id, reference, at=at)
        return _record(call, published, answers)


def accept_by_use(
    subject: DataSubject, version: PolicyVersion | int, *, circumstances: Circumstances, actor: Actor
) -> Recorded | None:
    """Record that somebody went on using the service under a version, once for each version; None if another request
    of theirs did so at this moment. The caller has found `rules.implied_acceptance_due`.

    Raises ImpliedNotAllowed (422) where the version declares M2 or M3; else as `record_answers`. Source: K120, Y36.
    """
    version_id = version if isinstance(version, int) else version.pk
    answers = [Answer(WHOLE_POLICY, ConsentStatus.GIVEN, ConsentKind.IMPLIED)]
    try:
        return record_answers(
            subject, version_id, answers, circumstances=circumstances, actor=actor, key=f"use:{version_id}"
        )
    except IdempotencyConflict:
        return None


@transaction.atomic
def withdraw(
    subject: DataSubject,
    version: PolicyVersion | int,
    purpose: str,
    *,
    circumstances: Circumstances,
    actor: Actor,
    key: str,
    at: datetime,
) -> Recorded:
    """Add a withdrawal, in force from now on. A second one is refused, since nothing is left to withdraw.

    version: the one in effect. at: aware UTC instant, decides which version that is. key: as for `record_answers`.
    Raises NotWithdrawable (409) where nothing is in force or law decides; else as `record_answers`.
    Source: K20; PIPL 15; DPV ConsentWithdrawn.
    """
    published = _published_for(subject, version, actor)
    if purpose in published.bases and purpose not in published.questions:
        raise NotWithdrawable
    answers = [Answer(purpose, ConsentStatus.WITHDRAWN)]
    check_answers(published, answers)
    DataSubject.objects.select_for_update(no_key=True).filter(pk=subject.pk).first()  # one withdrawal after another
    call = _Call(subject.controller_id, bytes(subject.ref), key, circumstances, actor)
    if stored := _stored(call, answers):
        return _replayed(stored, call, published, answers)
    states = states_of([subject.pk], [published.policy_id])
    if not in_force(versions_of(published.policy_id), states[subject.pk, published.policy_id], purpose, at):
        raise NotWithdrawable
    return _record(call, published, answers)


@dataclass(frozen=True, slots=True)
class _Call:
    """Who answers, under which idempotency key, and how. Raises InvalidAnswers (400) if something cannot be kept."""

    controller_id: int
    ref: bytes
    key: str
    circumstances: Circumstances
    actor: Actor

    def __post_init__(self) -> None:
        check_circumstances(self.circumstances, self.key)


def _published_for(subject: DataSubject, version: PolicyVersion | int, actor: Actor) -> PublishedVersion:
    published = _published(version if isinstance(version, int) else version.pk, subject.controller_id)
    if actor.kind is ActorKind.SUBJECT and actor.id != subject.user_id:
        raise NotTheirs("the actor is another person")
    return published


def _published(version_id: int, controller_id: int) -> PublishedVersion:
    published = published_version(version_id)
    if published is None:
        raise VersionNotPublished
    if published.controller_id != controller_id:
        raise NotTheirs("the policy is another controller's")
    return published


def _record(call: _Call, version: PublishedVersion, answers: Sequence[Answer]) -> Recorded:
    ids = event_ids(call.controller_id, call.ref, call.key, len(answers))
    circumstances = call.circumstances
    known, at = record(
        {
            "ref": call.ref,
            "controller": call.controller_id,
            "policy": version.policy_id,
            "version": version.facts.id,
            "ids": ",".join(map(str, ids)),
            "purposes": SEPARATOR.join([answer.purpose for answer in answers]),
            "recipients": SEPARATOR.join([answer.recipient for answer in answers]),
            "statuses": ",".join([answer.status for answer in answers]),
            "kinds": ",".join([answer.kind for answer in answers]),
            "claimed_at": circumstances.claimed_at,
            "shown": circumstances.shown_sha256,
            "surface": str(circumstances.surface),
            "language": circumstances.language,
            "actor": str(call.actor),
            "network": circumstances.network,
            "agent": circumstances.agent,
            "key": call.key,
        }
    )
    if not known:
        raise SubjectClosed
    if at is None:
        return _replayed(_stored(call, answers), call, version, answers)
    return Recorded(
        [
            RecordedEvent(event_id, answer.purpose, answer.recipient, ConsentStatus(answer.status), at)
            for event_id, answer in zip(ids, answers, strict=True)
        ],
        replayed=False,
    )


def _stored(call: _Call, answers: Sequence[Answer]) -> list[ConsentEvent]:
    """What was written under the key, in its order; one more than the answers, to see that a call was longer."""
    ids = event_ids(call.controller_id, call.ref, call.key, len(answers) + 1)
    person = DataSubject.objects.filter(controller=call.controller_id, ref=call.ref).values("pk")
    found = {event.id: event for event in ConsentEvent.objects.filter(subject_id__in=person, id__in=ids)}
    return [found[event_id] for event_id in ids if event_id in found]


def _replayed(
    stored: list[ConsentEvent], call: _Call, version: PublishedVersion, answers: Sequence[Answer]
) -> Recorded:
    """The stored events as the call's own. Raises IdempotencyConflict if they say something else."""
    how = call.circumstances
    shared = (version.facts.id, how.shown_sha256, how.surface, how.language, str(call.actor))
    wanted = [(answer.purpose, answer.recipient, answer.status, answer.kind, *shared) for answer in answers]
    if wanted != [_content(event) for event in stored]:
        raise IdempotencyConflict
    events = [RecordedEvent(e.id, e.purpose, e.recipient, ConsentStatus(e.status), e.at) for e in stored]
    return Recorded(events, replayed=True)


def _content(event: ConsentEvent) -> tuple[object, ...]:
    circumstances = (bytes(event.shown_sha256), event.surface, event.language, event.actor)
    return (event.purpose, event.recipient, event.status, event.kind, event.version_id, *circumstances)
