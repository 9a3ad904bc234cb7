"""Where people stand: the ledger's answers as they count now. A person sees their own, nobody else's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User
from consent.ledger.models import ConsentState, ConsentStatus, DataSubject
from consent.ledger.references import reference_ref
from consent.ledger.rules import SILENCE, YES, QuestionStanding, StateFacts, asks_anew, standing
from consent.ledger.statements import STATES, fetch_all
from consent.policies.models import Policy, PolicyVersion, Purpose
from consent.policies.published import published_versions
from consent.policies.rules.register import WHOLE_POLICY, VersionFacts


@dataclass(frozen=True, slots=True)
class Line:
    """A question as pages show it. purpose: with its items; None for the policy as a whole. number: of the version to
    which the answer was given, the one that counts or else the outdated one; None without either."""

    standing: QuestionStanding
    purpose: Purpose | None
    number: int | None

    @property
    def answer(self) -> StateFacts | None:
        """The one that counts; a yes that is not in force is shown as none."""
        answer = self.standing.answer
        return answer if answer and self.standing.in_force == (answer.status in YES) else None

    @property
    def status(self) -> ConsentStatus:
        """What the person's answer is now; REQUESTED while none counts, DEFERRED if they chose to answer later."""
        if self.answer:
            return ConsentStatus(self.answer.status)
        return ConsentStatus.DEFERRED if self.standing.ask_after else ConsentStatus.REQUESTED

    @property
    def since(self) -> datetime | None:
        """Since when that is so; None while no answer counts."""
        return self.answer.at if self.answer else None


@dataclass(frozen=True, slots=True)
class FormerAnswer:
    """The last answer to a question that the version in effect does not ask. purpose: as it was when answered."""

    purpose: Purpose
    answer: StateFacts
    number: int


@dataclass(frozen=True, slots=True)
class PolicyStanding:
    """Where a person stands with one policy. subject: None before they were first asked. version: the one in effect.
    lines: its questions, the policy as a whole first. by_law: its purposes that nobody is asked about. scheduled: the
    version to come; upcoming: what it asks anew, open unless it was answered in advance."""

    policy: Policy
    subject: DataSubject | None
    version: PolicyVersion | None
    lines: tuple[Line, ...]
    by_law: tuple[Purpose, ...]
    former: tuple[FormerAnswer, ...]
    scheduled: PolicyVersion | None
    upcoming: tuple[Line, ...]

    @property
    def open(self) -> tuple[Line, ...]:
        """The questions that no answer counts for."""
        return tuple(line for line in self.lines if line.standing.is_open)


def standing_of(user: User, policy: Policy, at: datetime) -> PolicyStanding:
    """Where the user stands with a policy at the aware instant `at`. As many queries as `standings_of`."""
    return standings_of(user, [policy], at)[0]


def standings_of(user: User, policies: Sequence[Policy], at: datetime) -> list[PolicyStanding]:
    """Where the user stands with each of the policies, in their order. Five queries, however many there are, and four
    more where a process meets a version for the first time."""
    subjects = subjects_of(user, {policy.controller_id for policy in policies})
    states = states_of([subject.pk for subject in subjects.values()], [policy.pk for policy in policies])
    versions: dict[int, dict[int, PolicyVersion]] = defaultdict(dict)
    rows = PolicyVersion.objects.filter(policy__in=policies, published_at__isnull=False).order_by("effective_at")
    for version in rows:
        versions[version.policy_id][version.pk] = version
    published = published_versions(pk for each in versions.values() for pk in each)
    facts = {pk: known.facts for pk, known in published.items()}
    views = []
    for policy in policies:
        subject = subjects.get(policy.controller_id)
        mine = states[subject.pk, policy.pk] if subject else []
        views.append(_View(policy, subject, versions[policy.pk], [facts[pk] for pk in versions[policy.pk]], mine, at))
    purposes = _purposes({pk for view in views for pk in view.shown_versions()})
    return [view.standing(purposes) for view in views]


def consent_records(user: User, at: datetime) -> list[PolicyStanding]:
    """Where the user stands with every policy that account holders are asked about, or that they ever answered, by
    short name. Seven queries, and four more where a process meets a version for the first time."""
    answered = ConsentState.objects.filter(subject_id__in=subject_ids_of(user)).values("policy_id")
    policies = Policy.objects.filter(Q(asks_account_holders=True) | Q(pk__in=answered)).order_by("slug")
    records = standings_of(user, list(policies.select_related("controller")), at)
    return [record for record in records if record.version or record.scheduled]


def states_for(user: User, policy: Policy) -> list[StateFacts]:
    """The user's last word on each question of each version of the policy. Two queries."""
    subject = subjects_of(user, [policy.controller_id]).get(policy.controller_id)
    return states_of([subject.pk], [policy.pk])[subject.pk, policy.pk] if subject else []


def subjects_of(user: User, controller_ids: Iterable[int]) -> dict[int, DataSubject]:
    """The user in the eyes of the controllers that know them, by controller. One query."""
    rows = DataSubject.objects.filter(user=user, controller__in=controller_ids)
    return {subject.controller_id: subject for subject in rows}


def subject_ids_of(user: User) -> list[int]:
    """The user in the eyes of every controller that knows them. One query."""
    return list(DataSubject.objects.filter(user=user).values_list("pk", flat=True))


def states_of(subject_ids: Iterable[int], policy_ids: Iterable[int]) -> dict[tuple[int, int], list[StateFacts]]:
    """The last word on each question of each version, by (subject, policy); a pair without any gives an empty list.
    Answers about one recipient of several are not among them. One query."""
    rows = ConsentState.objects.filter(subject_id__in=subject_ids, policy_id__in=policy_ids, recipient="")
    states: dict[tuple[int, int], list[StateFacts]] = defaultdict(list)
    for row in rows:
        facts = StateFacts(row.purpose, row.version_id, row.status, row.kind, row.at, event_id=row.event_id)
        states[row.subject_id, row.policy_id].append(facts)
    return states


def subject_by_reference(controller_id: int, reference: str) -> DataSubject | None:
    """The person whom the controller's own systems call `reference`. One query."""
    return DataSubject.objects.filter(controller=controller_id, ref=reference_ref(reference)).first()


def states_by_reference(controller_id: int, reference: str) -> dict[int, list[StateFacts]] | None:
    """That person's last word on each question of each version, by policy; None if nobody is known by that name.
    Answers about one recipient of several are not among them. One statement."""
    rows = fetch_all(STATES, (controller_id, reference_ref(reference)))
    if not rows:
        return None
    states: dict[int, list[StateFacts]] = defaultdict(list)
    for _subject, _closed, policy_id, purpose, recipient, version_id, status, kind, at, _event in rows:
        if policy_id is not None and not recipient:
            states[policy_id].append(StateFacts(purpose, version_id, status, kind, at))
    return states


@dataclass(frozen=True, slots=True)
class _View:
    """One policy of one person, before the purposes are read. facts: in the order in which they take effect."""

    policy: Policy
    subject: DataSubject | None
    versions: Mapping[int, PolicyVersion]
    facts: Sequence[VersionFacts]
    states: Sequence[StateFacts]
    at: datetime

    def shown_versions(self) -> set[int]:
        """The versions whose purposes are shown."""
        shown = {version.id for version in (self._current(), self._scheduled()) if version}
        return shown | {state.version_id for state in self._former()}

    def standing(self, purposes: Mapping[tuple[int, str], Purpose]) -> PolicyStanding:
        current, scheduled = self._current(), self._scheduled()
        return PolicyStanding(
            policy=self.policy,
            subject=self.subject,
            version=self.versions[current.id] if current else None,
            lines=self._lines(self.at, purposes),
            by_law=tuple(
                purpose
                for (version_id, _code), purpose in purposes.items()
                if current and version_id == current.id and not purpose.rests_on_consent
            ),
            former=tuple(
                FormerAnswer(purposes[state.version_id, state.purpose], state, self.versions[state.version_id].number)
                for state in self._former()
            ),
            scheduled=self.versions[scheduled.id] if scheduled else None,
            upcoming=tuple(
                line
                for line in (self._lines(scheduled.effective_at, purposes) if scheduled else ())
                if scheduled and asks_anew(current, scheduled, line.standing.question.purpose)
            ),
        )

    def _lines(self, at: datetime, purposes: Mapping[tuple[int, str], Purpose]) -> tuple[Line, ...]:
        pause = timedelta(days=self.policy.controller.no_nag_days)
        found = standing(self.facts, self.states, at, pause=pause)
        lines = []
        for each in found.questions:
            given = each.answer or each.outdated
            number = self.versions[given.version_id].number if given and given.version_id in self.versions else None
            version_id = found.version.id if found.version else 0
            lines.append(Line(each, purposes.get((version_id, each.question.purpose)), number))
        return tuple(lines)

    def _current(self) -> VersionFacts | None:
        return next((version for version in reversed(self.facts) if version.effective_at <= self.at), None)

    def _scheduled(self) -> VersionFacts | None:
        return next((version for version in self.facts if version.effective_at > self.at), None)

    def _former(self) -> list[StateFacts]:
        current = self._current()
        asked = {question.purpose for question in current.questions} if current else set()
        reached = {version.id for version in self.facts if version.effective_at <= self.at}
        last: dict[str, StateFacts] = {}
        for state in sorted(self.states, key=lambda state: state.at):
            answered = state.version_id in reached and state.status not in SILENCE
            if answered and state.purpose not in asked and state.purpose != WHOLE_POLICY:
                last[state.purpose] = state
        return list(last.values())


def _purposes(version_ids: Iterable[int]) -> dict[tuple[int, str], Purpose]:
    """By version and code, in the register's order, with their items. Two queries."""
    rows = Purpose.objects.filter(version__in=version_ids).prefetch_related("items")
    return {(purpose.version_id, purpose.code): purpose for purpose in rows}
