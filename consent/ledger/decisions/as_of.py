"""What a person had agreed to at an instant, by which acts, and what they had been shown.

Rebuilt from the events up to that instant, under the version that was in effect then; nothing of today is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from accounts.models import User
from consent.ledger.log.models import Checkpoint, Leaf
from consent.ledger.models import ConsentEvent, ConsentStatus, DataSubject, Surface
from consent.ledger.rules import QuestionStanding, StateFacts, standing, standing_on
from consent.policies import schedule
from consent.policies.fields import localized
from consent.policies.models import Policy, PolicyVersion, Purpose
from consent.policies.published import published_versions
from consent.policies.rules.register import VersionFacts


@dataclass(frozen=True, slots=True)
class AnswerThen:
    """What held for one question. purpose: the line of the version in effect then, None for the policy as a whole.
    recipient: code, where the answer was about one recipient. event: the act that it rests on, None where no answer
    counted. answered: the version whose text they were shown then. logged_at: of an imported answer, since when the
    log has it; None for others, and while it is not sealed."""

    purpose: Purpose | None
    recipient: str
    status: ConsentStatus
    in_force: bool
    event: ConsentEvent | None
    answered: PolicyVersion | None
    logged_at: datetime | None

    @property
    def recipient_name(self) -> str:
        """The recipient as it was called when the person answered; its code where nothing was on file."""
        if self.event is None:
            return self.recipient
        history = schedule.book(self.event.controller_id).recipients.get(self.recipient)
        facts = history.at(self.event.at) if history else None
        return localized(facts.name) if facts else self.recipient

    @property
    def shown_sha256(self) -> str:
        """Lower-case hex digest of the notice that they were shown; empty without an act."""
        return bytes(self.event.shown_sha256).hex() if self.event else ""

    @property
    def is_imported(self) -> bool:
        """True if another system vouches for the instant of the act."""
        return self.event is not None and self.event.surface == Surface.IMPORT


@dataclass(frozen=True, slots=True)
class PolicyThen:
    """version: the one in effect then. answers: to its questions, the policy as a whole first, and after each question
    what was said about single recipients."""

    policy: Policy
    version: PolicyVersion
    answers: tuple[AnswerThen, ...]


@dataclass(frozen=True, slots=True)
class AsOf:
    """at: aware instant. policies: those in effect then that the person was asked about, by short name."""

    at: datetime
    policies: tuple[PolicyThen, ...]


def as_of(person: User | DataSubject, at: datetime) -> AsOf:
    """What the person had agreed to at the aware instant `at`: an account holder towards every company, a data subject
    towards theirs. Five queries, one more where answers were imported, and four more where a process meets a version
    for the first time."""
    mine = DataSubject.objects.filter(user=person) if isinstance(person, User) else [person]
    subjects = {subject.pk: subject.controller_id for subject in mine}
    events = _last_words(subjects, at)
    answered = {event.policy_id for event in events}
    asked = Q(asks_account_holders=True, controller__in=set(subjects.values()))
    policies = Policy.objects.filter(Q(pk__in=answered) | asked).select_related("controller").order_by("slug")
    versions = _versions(policies)
    in_effect = {version.policy_id: pk for pk, version in versions.items() if version.in_effect(at)}  # the last one
    purposes = _purposes(in_effect.values())
    logged = _logged_at([event.id for event in events if event.surface == Surface.IMPORT])
    views = [_Then(policy, at, events, versions, purposes, logged) for policy in policies]
    return AsOf(at, tuple(shown for view in views if (shown := view.shown())))


def subject_by_account(user: User, controller_id: int) -> DataSubject | None:
    """An account holder in the eyes of a company, None where it does not know them. One query."""
    return DataSubject.objects.filter(user=user, controller=controller_id).first()


def subject_by_ref(ref: bytes, controller_id: int) -> DataSubject | None:
    """The person behind 32 bytes of a company's reference, None where it does not know them. One query."""
    return DataSubject.objects.filter(ref=ref, controller=controller_id).first()


@dataclass(frozen=True, slots=True)
class _Then:
    """One policy. events: the last words of the person, on all policies. purposes: by version and code."""

    policy: Policy
    at: datetime
    events: Sequence[ConsentEvent]
    versions: Mapping[int, PolicyVersion]
    purposes: Mapping[tuple[int, str], Purpose]
    logged: Mapping[UUID, datetime | None]

    def shown(self) -> PolicyThen | None:
        facts = self._facts()
        states: dict[str, list[StateFacts]] = defaultdict(list)
        for event in self.events:
            if event.policy_id == self.policy.pk:
                states[event.recipient].append(_state(event))
        found = standing(facts, states.pop("", []), self.at, pause=timedelta(days=self.policy.controller.no_nag_days))
        if found.version is None:
            return None
        answers = []
        for line in found.questions:
            answers.append(self._answer(found.version.id, line, ""))
            for recipient, theirs in sorted(states.items()):
                if any(state.purpose == line.question.purpose for state in theirs):
                    answers.append(
                        self._answer(found.version.id, standing_on(facts, theirs, line.question, self.at), recipient)
                    )
        return PolicyThen(self.policy, self.versions[found.version.id], tuple(answers))

    def _facts(self) -> list[VersionFacts]:
        ids = [pk for pk, version in self.versions.items() if version.policy_id == self.policy.pk]
        return [published.facts for published in published_versions(ids).values()]

    def _answer(self, version_id: int, line: QuestionStanding, recipient: str) -> AnswerThen:
        event = next((event for event in self.events if line.answer and event.id == line.answer.event_id), None)
        status = ConsentStatus.DEFERRED if line.ask_after else ConsentStatus.REQUESTED
        return AnswerThen(
            purpose=self.purposes.get((version_id, line.question.purpose)),
            recipient=recipient,
            status=ConsentStatus(line.answer.status) if line.answer else status,
            in_force=line.in_force,
            event=event,
            answered=self.versions.get(event.version_id) if event else None,
            logged_at=self.logged.get(event.id) if event else None,
        )


def _last_words(subject_ids: Iterable[int], at: datetime) -> list[ConsentEvent]:
    """The last event on each question of each version; an answer outranks a deferral, a deferral a mere request."""
    ranks = When(status=ConsentStatus.REQUESTED, then=Value(0)), When(status=ConsentStatus.DEFERRED, then=Value(1))
    key = ("subject_id", "policy_id", "purpose", "recipient", "version_id")
    events = ConsentEvent.objects.filter(subject_id__in=list(subject_ids), at__lte=at)
    ranked = events.annotate(rank=Case(*ranks, default=Value(2), output_field=IntegerField()))
    return list(ranked.order_by(*key, "-rank", "-at", "-id").distinct(*key))


def _state(event: ConsentEvent) -> StateFacts:
    return StateFacts(event.purpose, event.version_id, event.status, event.kind, event.at, event.recipient, event.id)


def _versions(policies: QuerySet[Policy]) -> dict[int, PolicyVersion]:
    rows = PolicyVersion.objects.filter(policy__in=policies, published_at__isnull=False).order_by("effective_at")
    return {version.pk: version for version in rows}


def _purposes(version_ids: Iterable[int]) -> dict[tuple[int, str], Purpose]:
    rows = Purpose.objects.filter(version__in=list(version_ids))
    return {(purpose.version_id, purpose.code): purpose for purpose in rows}


def _logged_at(event_ids: Sequence[UUID]) -> dict[UUID, datetime | None]:
    """When the first checkpoint that covers each event was signed. One query, none without events."""
    if not event_ids:
        return {}
    first = Checkpoint.objects.filter(tree_size__gt=OuterRef("leaf_index")).order_by("tree_size").values("at")[:1]
    leaves = Leaf.objects.filter(event_id__in=event_ids).annotate(logged_at=Subquery(first))
    return dict(leaves.values_list("event_id", "logged_at"))
