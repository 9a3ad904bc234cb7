"""Published versions in memory. PostgreSQL refuses every change of them, so a process reads each of them once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from consent.policies.models import PolicyText, PolicyVersion, Purpose
from consent.policies.rules.register import PurposeFacts, Question, VersionFacts, purpose_facts, questions_of


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """questions: by purpose code, the policy as a whole under ''. bases: every purpose's lawful basis.
    notices: language → SHA-256 (32 bytes) of what a person is shown when asked. purposes: as decisions need them."""

    facts: VersionFacts
    policy_id: int
    controller_id: int
    questions: Mapping[str, Question]
    bases: Mapping[str, str]
    notices: Mapping[str, bytes]
    purposes: Mapping[str, PurposeFacts] = field(default_factory=dict)

    def recipients(self, purpose: str) -> frozenset[str]:
        """The codes of those who may be given what the purpose uses; none for the policy as a whole."""
        facts = self.purposes.get(purpose)
        return facts.recipients if facts else frozenset()

    def notice(self, language: str) -> tuple[str, bytes]:
        """The language in which somebody who reads `language` is asked, and the digest of what they are shown."""
        for code in (language, settings.LANGUAGE_CODE):
            if code in self.notices:
                return code, self.notices[code]
        return next(iter(self.notices.items()))


_known: dict[int, PublishedVersion] = {}


def published_version(version_id: int) -> PublishedVersion | None:
    """The version, or None where there is none of that id or it is still a draft. No query once it is known."""
    return _known.get(version_id) or published_versions([version_id]).get(version_id)


def published_versions(version_ids: Iterable[int]) -> dict[int, PublishedVersion]:
    """Those of the versions that are published, by id. Four queries for all that are not known yet, else none."""
    wanted = list(version_ids)
    if missing := [version_id for version_id in wanted if version_id not in _known]:
        _known.update(_read(missing))
    return {version_id: _known[version_id] for version_id in wanted if version_id in _known}


def versions_of(policy_id: int) -> list[VersionFacts]:
    """Every published version of a policy, in the order in which they take effect. One query once they are known."""
    ids = PolicyVersion.objects.filter(policy=policy_id, published_at__isnull=False).order_by("effective_at")
    return [version.facts for version in published_versions(ids.values_list("id", flat=True)).values()]


def forget() -> None:
    """Read everything anew. For tests, where a version that was rolled back leaves its id to another."""
    _known.clear()


def _read(version_ids: list[int]) -> dict[int, PublishedVersion]:
    # the versions first: what belongs to a version that is published by now can change no more
    rows = PolicyVersion.objects.filter(id__in=version_ids, published_at__isnull=False).select_related("policy")
    versions = {version.pk: version for version in rows}
    purposes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for purpose in Purpose.objects.filter(version__in=versions).prefetch_related("items"):
        purposes[purpose.version_id].append(purpose.facts())
    notices: dict[int, dict[str, bytes]] = defaultdict(dict)
    texts = PolicyText.objects.filter(version__in=versions).order_by("language")
    for version_id, language, digest in texts.values_list("version_id", "language", "notice_sha256"):
        notices[version_id][language] = bytes.fromhex(digest)
    return {pk: _published(version, purposes[pk], notices[pk]) for pk, version in versions.items()}


def _published(
    version: PolicyVersion, purposes: list[dict[str, Any]], notices: Mapping[str, bytes]
) -> PublishedVersion:
    if version.effective_at is None or version.published_at is None:
        raise ValueError(f"version {version.pk} is a draft")
    questions = questions_of(purposes)
    return PublishedVersion(
        facts=VersionFacts(
            id=version.pk,
            number=version.number,
            effective_at=version.effective_at,
            published_at=version.published_at,
            change_kinds=frozenset(version.change_kinds),
            questions=questions,
        ),
        policy_id=version.policy_id,
        controller_id=version.policy.controller_id,
        questions={question.purpose: question for question in questions},
        bases={purpose["code"]: purpose["lawful_basis"] for purpose in purposes},
        notices=notices,
        purposes={purpose["code"]: purpose_facts(purpose) for purpose in purposes},
    )
