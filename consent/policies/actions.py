"""Every write of policies before they are published: import, draft, register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from consent.policies import schedule
from consent.policies.models import Controller, DataItem, Policy, PolicyText, PolicyVersion, Purpose
from consent.policies.recipients.rules import sharing_problems
from consent.policies.recipients.selectors import recipients_now
from consent.policies.rules.plain_text import ImportedText
from consent.policies.rules.problems import Problem
from consent.policies.selectors import draft_of


class NotShareable(Exception):
    """The line may not be in a register; `problems` says why (HTTP 422)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem.message) for problem in problems))
        self.problems = problems


class PurposeExists(Exception):
    """The draft's register has a line of that code already (HTTP 409)."""


class NotADraft(Exception):
    """The version has left draft and can no longer change (HTTP 409)."""


@dataclass(frozen=True)
class Imported:
    """What an import made."""

    version: PolicyVersion
    new_controller: bool
    new_policy: bool


@transaction.atomic
def import_text(
    imported: ImportedText, *, controller: str, policy: str, language: str, actor: Actor, at: datetime
) -> Imported:
    """Put an imported text into the policy's draft, which is made if there is none; so are policy and controller.

    controller, policy: short names. An earlier text of that language in the draft is replaced.
    """
    owner, new_controller = Controller.objects.get_or_create(slug=controller)
    document, new_policy = Policy.objects.get_or_create(
        slug=policy, defaults={"controller": owner, "title": {language: imported.title or policy}}
    )
    if document.controller_id != owner.pk:
        raise PolicyOfAnother(policy, document.controller.slug)
    version = _lock_draft(document) or _new_draft(document, actor)
    version.refusal_consequence = _default_consequence() | version.refusal_consequence
    version.save(update_fields=["refusal_consequence"])
    PolicyText.objects.update_or_create(version=version, language=language, defaults={"markdown": imported.markdown})
    record_audit("policy.imported", actor=actor, target=f"version:{version.pk}", at=at, details={"language": language})
    return Imported(version, new_controller, new_policy)


class PolicyOfAnother(Exception):
    """The policy's short name is taken by another controller (HTTP 409)."""

    def __init__(self, policy: str, controller: str) -> None:
        super().__init__(policy, controller)
        self.policy, self.controller = policy, controller


def _default_consequence() -> dict[str, str]:
    """A first sentence for the legal team to edit."""
    texts = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            texts[language] = _(
                "Services that need an account stay closed to you for now. You can still read the public pages, "
                "answer later, or leave."
            )
    return texts


@transaction.atomic
def start_draft(policy: Policy, *, actor: Actor, at: datetime) -> PolicyVersion:
    """The policy's draft; made as a copy of the latest published version if there is none."""
    Policy.objects.select_for_update().get(pk=policy.pk)  # two at once end with one draft
    draft = draft_of(policy)
    if draft:
        return draft
    draft = _new_draft(policy, actor)
    record_audit("policy.drafted", actor=actor, target=f"version:{draft.pk}", at=at)
    return draft


def _lock_draft(policy: Policy) -> PolicyVersion | None:
    return policy.versions.select_for_update().filter(published_at__isnull=True).first()


def _new_draft(policy: Policy, actor: Actor) -> PolicyVersion:
    latest = policy.versions.order_by("-number").first()
    draft = PolicyVersion.objects.create(
        policy=policy,
        number=latest.number + 1 if latest else 1,
        author_id=actor.id,
        refusal_consequence=latest.refusal_consequence if latest else {},
    )
    if latest:
        PolicyText.objects.bulk_create(
            PolicyText(version=draft, language=text.language, markdown=text.markdown) for text in latest.texts.all()
        )
        write_register(draft, [purpose.facts() for purpose in latest.purposes.prefetch_related("items")])
    return draft


def write_register(version: PolicyVersion, register: Sequence[Mapping[str, Any]]) -> None:
    """Give a draft without a register the one described by `Purpose.facts()` lines, in their order. Two inserts."""
    purposes = [
        Purpose(version=version, position=position, **{key: facts[key] for key in facts if key != "items"})
        for position, facts in enumerate(register)
    ]
    Purpose.objects.bulk_create(purposes)
    DataItem.objects.bulk_create(
        DataItem(purpose=purpose, position=position, **item)
        for purpose, facts in zip(purposes, register, strict=True)
        for position, item in enumerate(facts["items"])
    )


@transaction.atomic
def write_texts(version: PolicyVersion, texts: Mapping[str, str], *, actor: Actor, at: datetime) -> None:
    """Replace the draft's words. texts: language → Markdown; an empty text takes the language away."""
    lock_for_change(version)
    for language, markdown in texts.items():
        if markdown.strip():
            PolicyText.objects.update_or_create(version=version, language=language, defaults={"markdown": markdown})
        else:
            PolicyText.objects.filter(version=version, language=language).delete()
    record_audit("policy.text_written", actor=actor, target=f"version:{version.pk}", at=at)


@transaction.atomic
def describe_change(
    version: PolicyVersion,
    *,
    kinds: Sequence[str],
    summary: Mapping[str, str],
    refusal_consequence: Mapping[str, str],
    actor: Actor,
    at: datetime,
) -> None:
    """Say what a draft changes. kinds: M1-M7. summary and refusal_consequence: language → text."""
    locked = lock_for_change(version)
    locked.change_kinds = sorted(kinds)
    locked.change_summary = dict(summary)
    locked.refusal_consequence = dict(refusal_consequence)
    locked.save(update_fields=["change_kinds", "change_summary", "refusal_consequence"])
    record_audit("policy.change_described", actor=actor, target=f"version:{version.pk}", at=at)


@transaction.atomic
def add_purpose(version: PolicyVersion, facts: Mapping[str, Any], *, actor: Actor, at: datetime) -> Purpose:
    """Add a line to a draft's register. facts: as `Purpose.facts()`.

    Raises NotADraft, PurposeExists (HTTP 409), NotShareable (HTTP 422).
    """
    lock_for_change(version)
    if Purpose.objects.filter(version=version, code=facts["code"]).exists():
        raise PurposeExists
    return write_purpose(version, facts, actor=actor, at=at)


@transaction.atomic
def write_purpose(version: PolicyVersion, facts: Mapping[str, Any], *, actor: Actor, at: datetime) -> Purpose:
    """Replace the line of that code in a draft's register, or add it. facts: as `Purpose.facts()`.

    Raises NotADraft (HTTP 409), NotShareable (HTTP 422).
    """
    locked = lock_for_change(version)
    if problems := sharing_problems(facts, recipients_now(locked.policy.controller, at)):
        raise NotShareable(problems)
    values = {key: facts[key] for key in facts if key not in ("items", "code")}
    purpose, created = Purpose.objects.update_or_create(
        version=version,
        code=facts["code"],
        defaults=values,
        create_defaults=values | {"position": Purpose.objects.filter(version=version).count()},
    )
    if not created:
        purpose.items.all().delete()
    DataItem.objects.bulk_create(
        DataItem(purpose=purpose, position=position, **item) for position, item in enumerate(facts["items"])
    )
    record_audit("policy.purpose_written", actor=actor, target=f"purpose:{purpose.pk}", at=at)
    return purpose


@transaction.atomic
def remove_purpose(version: PolicyVersion, code: str, *, actor: Actor, at: datetime) -> None:
    """Take a line out of a draft's register."""
    lock_for_change(version)
    Purpose.objects.filter(version=version, code=code).delete()
    record_audit("policy.purpose_removed", actor=actor, target=f"version:{version.pk}", at=at, details={"code": code})


def lock_for_change(version: PolicyVersion) -> PolicyVersion:
    """The row, locked until the transaction ends. Raises NotADraft if it has been published meanwhile."""
    locked = PolicyVersion.objects.select_for_update().get(pk=version.pk)
    if not locked.is_draft:
        raise NotADraft
    return locked


@transaction.atomic
def describe_controller(controller: Controller, facts: Mapping[str, Any], *, actor: Actor, at: datetime) -> None:
    """Write the company's details. facts: as `Controller.block()`, of which published versions keep theirs (K2), and
    no_nag_days."""
    locked = Controller.objects.select_for_update().get(pk=controller.pk)
    for name, value in facts.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(facts))
    transaction.on_commit(schedule.refresh)
    record_audit("controller.described", actor=actor, target=f"controller:{controller.pk}", at=at)
