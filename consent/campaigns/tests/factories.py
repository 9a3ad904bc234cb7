"""People to be told and campaigns about them. The same input gives the same rows."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from accounts.users.models import User
from consent.campaigns.actions import start_campaign
from consent.campaigns.audience import expand_some
from consent.campaigns.models import Campaign, Delivery
from consent.ledger.models import DataSubject
from consent.policies.models import Controller, Policy, PolicyVersion
from consent.policies.tests.factories import make_policy, make_version

PUBLISHED = datetime(2026, 2, 20, 1, 0, tzinfo=UTC)
EFFECTIVE = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)  # 1 April in Shanghai
JOINED = PUBLISHED - timedelta(days=100)


def make_changed_version(policy: Policy | None = None, *, kinds: tuple[str, ...] = ("M2",)) -> PolicyVersion:
    """A policy's second version: published on 20 February, in effect from 1 April 2026."""
    policy = policy or make_policy()
    make_version(policy)
    return make_version(policy, change_kinds=kinds, published_at=PUBLISHED, effective_at=EFFECTIVE)


def make_subject(controller: Controller, user: User | None = None, **fields: Any) -> DataSubject:
    """Somebody in the eyes of the controller, there since long before the publication."""
    ref = DataSubject.objects.count().to_bytes(32)
    return DataSubject.objects.create(controller=controller, ref=ref, user=user, **{"created_at": JOINED} | fields)


def make_people(
    controller: Controller, number: int, *, local_part: str = "person", phone: str = "", language: str = "zh-hans"
) -> None:
    """Many account holders with proven contacts. local_part: empty for no e-mail address. phone: the first digits of
    their numbers in E.164, empty for none."""
    people = [
        User(
            email=f"{local_part}{i}@people.example" if local_part else "",
            email_verified_at=JOINED if local_part else None,
            phone=f"{phone}{i:0{14 - len(phone)}d}" if phone else "",
            phone_verified_at=JOINED if phone else None,
            name=f"王小明{i}",
            language=language,
            date_joined=JOINED,
        )
        for i in range(1, number + 1)
    ]
    ids = [user.pk for user in User.objects.bulk_create(people, batch_size=1000)]
    DataSubject.objects.bulk_create(
        DataSubject(controller=controller, ref=sha256(str(pk).encode()).digest(), user_id=pk, created_at=JOINED)
        for pk in ids
    )


def make_campaign(version: PolicyVersion | None = None) -> Campaign:
    """A campaign that has begun."""
    version = version or make_changed_version()
    return start_campaign(version, at=PUBLISHED)


def expand(campaign: Campaign) -> None:
    """Create all deliveries."""
    while expand_some(campaign.pk).more:
        pass


def states(campaign: Campaign) -> dict[tuple[int, int], tuple[Delivery.State, str]]:
    """(channel, subject) → (state, words)."""
    rows = Delivery.objects.filter(campaign=campaign).values_list("channel", "subject_id", "state", "words")
    return {(channel, subject): (Delivery.State(state), words) for channel, subject, state, words in rows}
