"""Freezing a draft: published here, or entered as one that was in force before the portal was."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from consent.outbox.actions import enqueue
from consent.policies import schedule
from consent.policies.actions import lock_for_change
from consent.policies.models import PolicyText, PolicyVersion
from consent.policies.recipients.selectors import recipients_now
from consent.policies.rules.clauses import parse
from consent.policies.rules.problems import Problem
from consent.policies.rules.publishing import (
    VersionContent,
    notice,
    notice_digest,
    past_version_problems,
    publication_problems,
    text_digest,
)


class NotPublishable(Exception):
    """The version may not be published; `problems` says why (HTTP 409)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem.message) for problem in problems))
        self.problems = problems


@transaction.atomic
def publish_version(version: PolicyVersion, *, effective_at: datetime, actor: Actor, at: datetime) -> PolicyVersion:
    """Freeze a draft, let it take effect at `effective_at`, and announce it: text and notice digests, audit row and
    outbox message in one transaction. Nothing is written per person, whatever the number of people.

    effective_at, at: aware instants, the first after the second.
    Raises NotADraft or NotPublishable (HTTP 409). Source: K1, K109, K118, Y37.
    """
    draft = lock_for_change(version)
    texts = list(draft.texts.all())
    content = content_of(draft, texts, at)
    _refuse(publication_problems(content, published_before(draft), effective_at=effective_at, at=at))
    draft.effective_at, draft.published_at = effective_at, at
    _freeze(draft, texts, content, "policy.published", actor=actor, at=at)
    enqueue("policy.published", {"version": draft.pk}, at=at)
    return draft


@transaction.atomic
def enter_past_version(
    version: PolicyVersion, *, published_at: datetime, effective_at: datetime, actor: Actor, at: datetime
) -> PolicyVersion:
    """Freeze a draft whose words were in force before the portal was, so that agreement to them can be imported.

    Nobody is told: those concerned were told in their time. Only while nothing of the policy was published here, or a
    change could be slipped in without a word; everybody sees when the version was entered.
    published_at, effective_at, at: aware instants, none later than the next.
    Raises NotADraft or NotPublishable (HTTP 409). Source: K1, K10.
    """
    draft = lock_for_change(version)
    siblings = draft.policy.versions.filter(published_at__isnull=False, entered_at=None)
    texts = list(draft.texts.all())
    content = content_of(draft, texts, at)
    problems = past_version_problems(
        content,
        published_before(draft),
        published_at=published_at,
        effective_at=effective_at,
        at=at,
        is_published_here=siblings.exists(),
    )
    _refuse(problems)
    draft.effective_at, draft.published_at, draft.entered_at = effective_at, published_at, at
    _freeze(draft, texts, content, "policy.past_version_entered", actor=actor, at=at)
    return draft


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise NotPublishable(problems)


def _freeze(
    draft: PolicyVersion,
    texts: Sequence[PolicyText],
    content: VersionContent,
    act: str,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    for text in texts:
        text.sha256 = text_digest(text.markdown)
        text.notice_sha256 = notice_digest(notice(content, draft.policy.slug, text.language))
    PolicyText.objects.bulk_update(texts, ["sha256", "notice_sha256"])
    draft.controller_block, draft.published_by_id = dict(content.controller), actor.id
    draft.save(update_fields=["controller_block", "effective_at", "published_at", "published_by", "entered_at"])
    details = {
        "effective_at": draft.effective_at.isoformat() if draft.effective_at else "",
        "sha256": {text.language: text.sha256 for text in texts},
    }
    record_audit(act, actor=actor, target=f"version:{draft.pk}", at=at, details=details)
    transaction.on_commit(schedule.refresh)


def content_of(version: PolicyVersion, texts: Sequence[PolicyText], at: datetime | None = None) -> VersionContent:
    """The version as plain values for the rules. Four queries at most: purposes, items, policy, controller; with `at`
    two more, for the recipients as described at that aware instant."""
    return VersionContent(
        number=version.number,
        texts={text.language: text.markdown for text in texts},
        chapters={text.language: len(parse(text.markdown).chapters) for text in texts},
        purposes=[purpose.facts() for purpose in version.purposes.prefetch_related("items")],
        controller=version.controller_block or version.policy.controller.block(),
        change_kinds=version.change_kinds,
        change_summary=version.change_summary,
        refusal_consequence=version.refusal_consequence,
        effective_at=version.effective_at,
        recipients=recipients_now(version.policy.controller, at) if at else {},
    )


def published_before(draft: PolicyVersion) -> VersionContent | None:
    """The latest published version of the draft's policy as plain values, without its texts; None for the first."""
    before = (
        PolicyVersion.objects.filter(policy_id=draft.policy_id, published_at__isnull=False)
        .order_by("-effective_at")
        .first()
    )
    return content_of(before, ()) if before else None
