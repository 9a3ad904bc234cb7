"""People who answer, for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from accounts.audit.rules import Actor, ActorKind
from accounts.models import User
from consent.ledger.actions import Answer, Circumstances, Recorded, enrol, record_answers
from consent.ledger.answers import kind_by_itself
from consent.ledger.models import ConsentStatus, DataSubject, Surface
from consent.policies.models import Controller, PolicyVersion
from consent.policies.published import published_version

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_keys = count(1)


def make_subject(user: User, controller: Controller) -> DataSubject:
    """The person in the eyes of the controller."""
    return enrol(user, controller.pk, at=AT)


def circumstances(**changes: Any) -> Circumstances:
    """On a page, in Chinese."""
    fields = {"surface": Surface.PAGE, "language": "zh-hans", "shown_sha256": bytes(32)} | changes
    return Circumstances(**fields)


def themselves(subject: DataSubject) -> Actor:
    """The person as the actor."""
    return Actor(ActorKind.SUBJECT, subject.user_id)


def answer(
    subject: DataSubject,
    version: PolicyVersion,
    status: ConsentStatus = ConsentStatus.GIVEN,
    purposes: Sequence[str] = ("",),
    *,
    key: str = "",
) -> Recorded:
    """The person's answers as they would come from a page, under a new key where none is given."""
    published = published_version(version.pk)
    assert published is not None
    return record_answers(
        subject,
        version,
        [Answer(purpose, status, kind_by_itself(published, purpose)) for purpose in purposes],
        circumstances=circumstances(),
        actor=themselves(subject),
        key=key or f"key-{next(_keys)}",
    )
