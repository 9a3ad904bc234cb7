"""Every write of the ledger: who is known to a controller, what they answered, what they withdrew.

The event is its own audit row: it names the actor, the instant and the circumstances, and nobody can change it; so
nothing is written to the audit trail beside it. Nor is there an outbox row for each answer: what must follow from an
answer is derived from the events themselves, in bulk, by the job that seals them. Nothing here needs the broker.
"""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from accounts.audit.rules import Actor, ActorKind
from accounts.models import User
from consent.ledger.answers import (
    Answer,
    Circumstances,
    Recorded,
    RecordedEvent,
    check_circumstances,
    checked_answers,
)
from consent.ledger.errors import (
    IdempotencyConflict,
    NotTheirs,
    NotWithdrawable,
    SubjectClosed,
    VersionNotPublished,
)
from consent.ledger.models import ConsentEvent, ConsentKind, ConsentStatus, DataSubject
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
    "record_answers",
    "subject_ref",
    "withdraw",
]

_REF_LABEL = b"assent/ledger/subject-ref/1"  # one purpose of FIELD_KEY; another label would give other references
_ENROL = """
WITH new AS (
    INSERT INTO data_subject (controller_id, ref, user_id, created_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO subject_key (subject_id, secret) SELECT id, %s FROM new
"""


def enrol(user: User, controller_id: int, *, at: datetime) -> DataSubject:
    """The person in the eyes of one controller, with a key of their own; made at first sight.

    at: aware UTC instant of that first sight. Two at once end with one row.
    """
    mine = DataSubject.objects.filter(user=user, controller=controller_id)
    if (subject := mine.first()) is not None:
        return subject
    with connection.cursor() as cursor:
        cursor.execute(_ENROL, [controller_id, subject_ref(f"user:{user.pk}"), user.pk, at, os.urandom(32)])
    return mine.get()


def subject_ref(reference: str) -> bytes:
    """32 bytes that stand for a controller's own reference to a person, `user:17` for an account of the portal."""
    key = hmac.digest(base64.b64decode(settings.FIELD_KEY), _REF_LABEL, "sha256")
    return hmac.digest(key, reference.encode(), "sha256")


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
    UnknownPurpose, NotAskable, ImpliedNotAllowed (422). Source: K10, K43, K44, K76, K120; PIPL 14, 23, 29.
    """
    published = _published_for(subject, version, actor)
    check_circumstances(circumstances, key)
    return _record(subject, published, checked_answers(published, answers), circumstances, actor, key)


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
    check_circumstances(circumstances, key)
    if purpose in published.bases and purpose not in published.questions:
        raise NotWithdrawable
    answers = checked_answers(published, [Answer(purpose, ConsentStatus.WITHDRAWN)])
    DataSubject.objects.select_for_update(no_key=True).filter(pk=subject.pk).first()  # one withdrawal after another
    if stored := _stored(subject, key, answers):
        return _replayed(stored, published, answers, circumstances, actor)
    states = states_of([subject.pk], [published.policy_id])
    if not in_force(versions_of(published.policy_id), states[subject.pk, published.policy_id], purpose, at):
        raise NotWithdrawable
    return _record(subject, published, answers, circumstances, actor, key)


def _published_for(subject: DataSubject, version: PolicyVersion | int, actor: Actor) -> PublishedVersion:
    published = published_version(version if isinstance(version, int) else version.pk)
    if published is None:
        raise VersionNotPublished
    if published.controller_id != subject.controller_id:
        raise NotTheirs("the policy is another controller's")
    if actor.kind is ActorKind.SUBJECT and actor.id != subject.user_id:
        raise NotTheirs("the actor is another person")
    return published


def _record(
    subject: DataSubject,
    version: PublishedVersion,
    answers: list[Answer],
    circumstances: Circumstances,
    actor: Actor,
    key: str,
) -> Recorded:
    ids = event_ids(subject.controller_id, subject.pk, key, len(answers))
    known, at = record(
        {
            "subject": subject.pk,
            "controller": version.controller_id,
            "policy": version.policy_id,
            "version": version.facts.id,
            "ids": ",".join(map(str, ids)),
            "purposes": SEPARATOR.join(answer.purpose for answer in answers),
            "recipients": SEPARATOR.join(answer.recipient for answer in answers),
            "statuses": ",".join(answer.status for answer in answers),
            "kinds": ",".join(answer.kind for answer in answers),
            "claimed_at": circumstances.claimed_at,
            "shown": circumstances.shown_sha256,
            "surface": str(circumstances.surface),
            "language": circumstances.language,
            "actor": str(actor),
            "network": circumstances.network,
            "agent": circumstances.agent,
            "key": key,
        }
    )
    if not known:
        raise SubjectClosed
    if at is None:
        return _replayed(_stored(subject, key, answers), version, answers, circumstances, actor)
    return Recorded(
        [
            RecordedEvent(event_id, answer.purpose, answer.recipient, ConsentStatus(answer.status), at)
            for event_id, answer in zip(ids, answers, strict=True)
        ],
        replayed=False,
    )


def _stored(subject: DataSubject, key: str, answers: list[Answer]) -> list[ConsentEvent]:
    """What was written under the key, in its order; one more than the answers, to see that a call was longer."""
    ids = event_ids(subject.controller_id, subject.pk, key, len(answers) + 1)
    found = {event.id: event for event in ConsentEvent.objects.filter(subject_id=subject.pk, id__in=ids)}
    return [found[event_id] for event_id in ids if event_id in found]


def _replayed(
    stored: list[ConsentEvent],
    version: PublishedVersion,
    answers: list[Answer],
    circumstances: Circumstances,
    actor: Actor,
) -> Recorded:
    """The stored events as the call's own. Raises IdempotencyConflict if they say something else."""
    shared = (version.facts.id, circumstances.shown_sha256, circumstances.surface, circumstances.language, str(actor))
    wanted = [(answer.purpose, answer.recipient, answer.status, answer.kind, *shared) for answer in answers]
    if wanted != [_content(event) for event in stored]:
        raise IdempotencyConflict
    events = [RecordedEvent(e.id, e.purpose, e.recipient, ConsentStatus(e.status), e.at) for e in stored]
    return Recorded(events, replayed=True)


def _content(event: ConsentEvent) -> tuple[object, ...]:
    circumstances = (bytes(event.shown_sha256), event.surface, event.language, event.actor)
    return (event.purpose, event.recipient, event.status, event.kind, event.version_id, *circumstances)
