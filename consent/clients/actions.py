"""Every write about those who call the API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor, ActorKind
from consent.clients.authentication import forget
from consent.clients.models import ApiKey, Scope
from consent.clients.rules import digest_of, new_key, shown_prefix
from consent.policies.models import Controller


@transaction.atomic
def create_key(
    controller: Controller,
    name: str,
    scopes: Iterable[Scope],
    *,
    requests_a_minute: int = 6000,
    expires_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> tuple[ApiKey, str]:
    """Give the controller a key. The second value is the key itself, which nothing keeps: show it once.

    expires_at: aware, None for no end. at: aware UTC instant.
    """
    secret = new_key()
    key = ApiKey.objects.create(
        controller=controller,
        name=name,
        prefix=shown_prefix(secret),
        digest=digest_of(secret),
        scopes=sorted(set(map(str, scopes))),
        requests_a_minute=requests_a_minute,
        created_at=at,
        created_by_id=actor.id if actor.kind is ActorKind.STAFF else None,
        expires_at=expires_at,
    )
    details = {"controller": controller.slug, "scopes": key.scopes, "expires_at": expires_at}
    record_audit("client.key_created", actor=actor, target=f"api_key:{key.pk}", at=at, details=details)
    return key, secret


@transaction.atomic
def revoke_key(key: ApiKey, *, actor: Actor, at: datetime) -> None:
    """End a key for good, here at once and in other processes within five seconds. A second time changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=at):
        record_audit("client.key_revoked", actor=actor, target=f"api_key:{key.pk}", at=at)
    transaction.on_commit(forget)
