"""What may be done to a campaign. Each costs the same, whatever the number of people."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.audit.actions import record_audit
from accounts.audit.rules import SYSTEM, Actor
from consent.campaigns.letters import letters_of
from consent.campaigns.models import Announcement, Campaign
from consent.policies.models import PolicyVersion


@transaction.atomic
def start_campaign(version: PolicyVersion, *, at: datetime) -> Campaign:
    """Announce a published version and freeze who will be told of it; workers do the rest.

    A second start changes nothing. Raises ValueError for a draft. Source: K117, K118, Y35.
    """
    if version.published_at is None:
        raise ValueError(f"{version} has not been published")
    letters = letters_of(version)
    Announcement.objects.get_or_create(
        version=version,
        defaults={
            "published_at": version.published_at,
            "title": {language: letter.subject for language, letter in letters.items()},
            "body": {language: letter.notice for language, letter in letters.items()},
        },
    )
    campaign, is_new = Campaign.objects.get_or_create(version=version, defaults={"frozen_at": version.published_at})
    if is_new:
        record_audit("campaign.started", actor=SYSTEM, target=f"version:{version.pk}", at=at)
    return campaign


def pause_campaign(version_id: int, *, actor: Actor, at: datetime) -> bool:
    """Stop what has not been sent; what is on the wire is finished and recorded. False if nothing was running."""
    return _switch(version_id, Q(paused_at=None), at, "campaign.paused", actor, at)


def resume_campaign(version_id: int, *, actor: Actor, at: datetime) -> bool:
    """Go on with a paused campaign. False if it was not paused."""
    return _switch(version_id, Q(paused_at__isnull=False), None, "campaign.resumed", actor, at)


@transaction.atomic
def _switch(version_id: int, now: Q, paused_at: datetime | None, act: str, actor: Actor, at: datetime) -> bool:
    changed = Campaign.objects.filter(now, pk=version_id, finished_at=None).update(paused_at=paused_at)
    if changed:
        record_audit(act, actor=actor, target=f"version:{version_id}", at=at)
    return bool(changed)
