"""Every read of policies. The public sees what was published; drafts are for the desk."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from consent.policies.models import Policy, PolicyText, PolicyVersion, Purpose, VersionStatus


@dataclass(frozen=True)
class Edition:
    """A published version among its siblings. status: what it is at the instant asked for. previous: the one before."""

    version: PolicyVersion
    status: VersionStatus
    previous: PolicyVersion | None


@dataclass(frozen=True)
class PolicyHistory:
    """A policy and its published versions, newest first. current: None until the first one takes effect."""

    policy: Policy
    editions: tuple[Edition, ...]

    @property
    def current(self) -> Edition | None:
        """The version in effect."""
        return next((e for e in self.editions if e.status == VersionStatus.EFFECTIVE), None)

    @property
    def scheduled(self) -> Edition | None:
        """The next version that will take effect."""
        upcoming = [e for e in self.editions if e.status == VersionStatus.SCHEDULED]
        return upcoming[-1] if upcoming else None

    def edition(self, number: int) -> Edition | None:
        """The version of that number, or None."""
        return next((e for e in self.editions if e.version.number == number), None)


def published_policies(at: datetime) -> list[PolicyHistory]:
    """Every policy with a published version, by short name. Two queries."""
    policies = Policy.objects.select_related("controller").prefetch_related(
        Prefetch("versions", queryset=_published(), to_attr="published")
    )
    histories = [_history(policy, policy.published, at) for policy in policies.order_by("slug")]
    return [history for history in histories if history.editions]


def policy_history(slug: str, at: datetime) -> PolicyHistory | None:
    """A policy that has been published, or None. Two queries."""
    policy = Policy.objects.select_related("controller").filter(slug=slug).first()
    history = _history(policy, list(_published().filter(policy=policy)), at) if policy else None
    return history if history and history.editions else None


def _published() -> QuerySet[PolicyVersion]:
    return PolicyVersion.objects.filter(published_at__isnull=False).order_by("-effective_at")


def _history(policy: Policy, newest_first: list[PolicyVersion], at: datetime) -> PolicyHistory:
    editions = []
    effective_found = False
    for position, version in enumerate(newest_first):
        version.policy = policy  # spares a query when the version is asked for its policy
        status = VersionStatus.SCHEDULED
        if version.in_effect(at):
            status = VersionStatus.SUPERSEDED if effective_found else VersionStatus.EFFECTIVE
            effective_found = True
        previous = newest_first[position + 1] if position + 1 < len(newest_first) else None
        editions.append(Edition(version, status, previous))
    return PolicyHistory(policy, tuple(editions))


def texts_of(*versions: PolicyVersion) -> dict[int, dict[str, PolicyText]]:
    """The texts of the versions, by version id and language. One query."""
    texts: dict[int, dict[str, PolicyText]] = {version.pk: {} for version in versions}
    for text in PolicyText.objects.filter(version__in=versions):
        texts[text.version_id][text.language] = text
    return texts


def choose_text(texts: dict[str, PolicyText], language: str, first: str) -> PolicyText | None:
    """The text in the reader's language, else in the portal's first language, else in any."""
    return texts.get(language) or texts.get(first) or next(iter(texts.values()), None)


def register_of(version: PolicyVersion) -> list[Purpose]:
    """The purposes of a version in order, with their items. Two queries."""
    return list(version.purposes.prefetch_related("items"))


def draft_of(policy: Policy) -> PolicyVersion | None:
    """The one draft that a policy may have."""
    return policy.versions.filter(published_at__isnull=True).first()


def desk_policies(at: datetime) -> list[tuple[PolicyHistory, PolicyVersion | None]]:
    """For the desk: every policy with its published versions and its draft. Two queries."""
    policies = Policy.objects.select_related("controller").prefetch_related(
        Prefetch("versions", queryset=PolicyVersion.objects.order_by("-effective_at"), to_attr="every")
    )
    rows = []
    for policy in policies.order_by("slug"):
        every: list[PolicyVersion] = policy.every
        draft = next((version for version in every if version.is_draft), None)
        rows.append((_history(policy, [version for version in every if not version.is_draft], at), draft))
    return rows
