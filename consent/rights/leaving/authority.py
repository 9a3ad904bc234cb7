"""Reading the vault for an authority: two of the staff together, each with their own device, and a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_otp import verify_token

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor, ActorKind
from accounts.models import Role, User
from accounts.otp.selectors import authenticators_of
from accounts.staff.selectors import roles_of
from accounts.users.rules import Contact
from accounts.users.selectors import holders_of
from consent.rights.leaving import vault
from consent.rights.leaving.models import VaultRecord

SHORTEST_REASON = 10  # characters


class NotTogether(Exception):
    """Not two of the staff who may do this together, or one of the codes was wrong (403)."""

    message = _(
        "The vault opens to two different people: a reviewer, and another reviewer or an auditor, each with a code of "
        "their own authenticator app, and with a reason of at least ten characters. Nothing was shown."
    )
    http_status = 403


@dataclass(frozen=True, slots=True)
class Asked:
    """kind: `email`, `phone` or `id-number`. reason: such as the authority and the number of its letter."""

    kind: str
    value: str
    reason: str


def read_for_authority(
    asked: Asked, first: tuple[Contact, str], second: tuple[Contact, str], *, at: datetime
) -> list[tuple[VaultRecord, Any]]:
    """The records of whoever had that contact or number. first, second: a member of staff and a code of theirs.

    Raises NotTogether (403), NoVault (500). A failed try is audited too. Source: K101.
    """
    staff = [_confirmed(contact, token) for contact, token in (first, second)]
    people = [user for user in staff if user is not None]
    if not _are_together(people) or len(asked.reason.strip()) < SHORTEST_REASON:
        _audit("vault.refused", people, at, {})
        raise NotTogether
    found = vault.read(asked.kind, asked.value, staff=(people[0].pk, people[1].pk), reason=asked.reason, at=at)
    # The reason may name somebody, so that it stays in the vault; the trail, which can never be erased, has the ids.
    _audit("vault.read", people, at, {"records": [str(record.pk) for record, _content in found]})
    return found


def _are_together(people: list[User]) -> bool:
    if len({user.pk for user in people}) != 2:
        return False
    reviewers = [Role.REVIEWER in roles_of(user) for user in people]
    return any(reviewers) and all(roles_of(user) & {Role.REVIEWER, Role.AUDITOR} for user in people)


def _confirmed(contact: Contact, token: str) -> User | None:
    user = holders_of(contact).filter(is_active=True, is_staff=True).first()
    if user is None:
        return None
    apps = authenticators_of(user)
    return user if any(verify_token(user, app.persistent_id, token) for app in apps) else None


def _audit(act: str, people: list[User], at: datetime, details: dict[str, Any]) -> None:
    ids = [user.pk for user in people]
    actor = Actor(ActorKind.STAFF, ids[0] if ids else None)
    record_audit(act, actor=actor, target="vault", at=at, details={"staff": ids, **details})
