"""manage.py load_demo: a fictional payment company, its policy, a second version ready to publish, a few people."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from accounts.audit.rules import SYSTEM, Actor, ActorKind
from accounts.models import Authenticator, User
from accounts.otp.enrolment import new_secret
from accounts.staff.actions import grant_role, open_staff_account
from accounts.staff.models import Role
from accounts.users.rules import parse_contact
from consent.ledger.actions import Answer, Circumstances, enrol, record_answers
from consent.ledger.answers import kind_by_itself
from consent.ledger.models import ConsentStatus, Surface
from consent.management.commands.load_retention_rules import rule_facts
from consent.policies import actions, publication
from consent.policies.models import Controller, Policy, PolicyVersion
from consent.policies.published import published_version
from consent.policies.recipients.actions import describe_recipient, record_agreement
from consent.rights.retention.actions import set_rule

FOLDER = settings.BASE_DIR / "demo"
POLICY = "shibei-privacy"
PUBLISHED_DAYS_AGO = 40


class Command(BaseCommand):
    """Loads the demonstration once; a second run changes nothing."""

    help = "Load a fictional payment company with a policy, a draft of its next version, and a few people."

    def handle(self, *args: Any, **options: Any) -> None:
        if Policy.objects.filter(slug=POLICY).exists():
            self.stdout.write("The demonstration is loaded already.")
            return
        with transaction.atomic():
            people = _load(timezone.now())
        self.stdout.write(self.style.SUCCESS(f"Demonstration loaded: one policy, one draft, {people} people."))


def _load(at: datetime) -> int:
    company: dict[str, Any] = _json("company.json")
    controller = Controller.objects.create(slug="shibei", **company["controller"])
    policy = Policy.objects.create(controller=controller, slug=POLICY, title=company["title"])
    publisher = _staff(company["publisher"], Role.PUBLISHER, at)
    _staff(company["auditor"], Role.AUDITOR, at)
    for member in company["desk"]:
        _staff(member, Role(member["role"]), at)
    actor = Actor(ActorKind.STAFF, publisher.pk)
    for recipient in company["recipients"]:
        _recipient(recipient, controller, actor, at - timedelta(days=PUBLISHED_DAYS_AGO))
    first = _first_version(policy, company, actor, at)
    for person in company["people"]:
        _person(person, controller, first, at)
    if settings.STAFF_UNDERTAKING:
        _undertaking(controller, company["undertaking"], actor, at)
    for rule in _json("retention.json"):
        set_rule(rule_facts(rule), actor=SYSTEM, at=at)
    _second_version(policy, company, actor, at)
    return len(company["people"])


def _first_version(policy: Policy, company: Mapping[str, Any], actor: Actor, at: datetime) -> PolicyVersion:
    """In effect for a month, so that people can have answered it."""
    version = actions.start_draft(policy, actor=actor, at=at)
    actions.write_texts(version, _texts("privacy-1"), actor=actor, at=at)
    actions.write_register(version, _json("register-1.json"))
    return _publish(version, company["refusal_consequence"], actor, at)


def _undertaking(controller: Controller, facts: Mapping[str, Any], actor: Actor, at: datetime) -> None:
    """What staff accept before the desk opens to them: words alone, without a register (K62)."""
    policy = Policy.objects.create(
        controller=controller, slug=settings.STAFF_UNDERTAKING, title=facts["title"], asks_account_holders=False
    )
    version = actions.start_draft(policy, actor=actor, at=at)
    actions.write_texts(version, _texts("undertaking"), actor=actor, at=at)
    _publish(version, facts["refusal_consequence"], actor, at)


def _publish(version: PolicyVersion, consequence: Mapping[str, str], actor: Actor, at: datetime) -> PolicyVersion:
    actions.describe_change(version, kinds=[], summary={}, refusal_consequence=consequence, actor=actor, at=at)
    published_at = at - timedelta(days=PUBLISHED_DAYS_AGO)
    return publication.publish_version(version, effective_at=at - timedelta(days=33), actor=actor, at=published_at)


def _second_version(policy: Policy, company: Mapping[str, Any], actor: Actor, at: datetime) -> None:
    """Ready to publish."""
    draft = actions.start_draft(policy, actor=actor, at=at)
    actions.write_texts(draft, _texts("privacy-2"), actor=actor, at=at)
    for facts in _json("register-2.json"):
        actions.write_purpose(draft, facts, actor=actor, at=at)
    actions.describe_change(
        draft,
        kinds=["M2", "M3"],
        summary=company["change_summary"],
        refusal_consequence=company["refusal_consequence"],
        actor=actor,
        at=at,
    )


def _staff(facts: Mapping[str, str], role: Role, at: datetime) -> User:
    user = open_staff_account(parse_contact(facts["email"]), name=facts["name"], actor=SYSTEM, at=at)
    grant_role(user, role, actor=SYSTEM, at=at)
    if settings.DEVELOPMENT:
        # Whose tokens /dev/inbox/ shows; elsewhere staff add an app or a passkey of their own before the desk opens.
        app = Authenticator.objects.create(user=user, name="demo", key=new_secret())
        app.created_at = at - timedelta(days=PUBLISHED_DAYS_AGO)  # long enough ago to count as a second proof
        app.save(update_fields=["created_at"])
    return user


def _recipient(facts: Mapping[str, Any], controller: Controller, actor: Actor, at: datetime) -> None:
    """On file since before the first version, with an agreement where one is needed."""
    today = timezone.localdate()
    assessed_on = today - timedelta(days=facts["assessed_days_ago"])
    described = {"name": facts["name"], "role": facts["role"], "assessed_on": assessed_on}
    recipient = describe_recipient(
        controller, facts["code"], described | {"uses_for_own_marketing": False}, actor=actor, at=at
    )
    if terms := facts.get("agreement"):
        record_agreement(
            recipient,
            reference=terms["reference"],
            confidentiality=True,
            valid_from=assessed_on,
            valid_until=today + timedelta(days=terms["ends_in_days"]),
            actor=actor,
            at=at,
        )


def _person(facts: Mapping[str, Any], controller: Controller, version: PolicyVersion, at: datetime) -> None:
    contacts: dict[str, Any] = {kind: facts[kind] for kind in ("email", "phone") if kind in facts}
    # On file for longer than the week after which a contact proves whose it is.
    contacts |= {f"{kind}_verified_at": at - timedelta(days=PUBLISHED_DAYS_AGO) for kind in contacts}
    user = User.objects.create_user(**contacts, name=facts["name"], language=facts["language"])
    subject = enrol(user, controller.pk, at=at)
    published = published_version(version.pk)
    if not facts["answers"] or published is None:
        return
    text = version.texts.get(language=facts["language"])
    record_answers(
        subject,
        version,
        [
            Answer(purpose, ConsentStatus(status), kind_by_itself(published, purpose))
            for purpose, status in facts["answers"].items()
        ],
        circumstances=Circumstances(Surface.PAGE, facts["language"], bytes.fromhex(text.notice_sha256)),
        actor=Actor(ActorKind.SUBJECT, user.pk),
        key=str(uuid5(NAMESPACE_URL, f"demo:{user.pk}")),
    )


def _texts(name: str) -> dict[str, str]:
    return {code: _read(f"{name}.{code}.md") for code, _name in settings.LANGUAGES}


def _read(name: str) -> str:
    return Path(FOLDER / name).read_text(encoding="utf-8")


def _json(name: str) -> Any:
    return json.loads(_read(name))
