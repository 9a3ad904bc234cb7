"""Every read of campaigns for people: how far one has come, what receivers answered, what was announced."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from accounts.users.models import User
from consent.campaigns.models import Announcement, Campaign, Channel, Delivery, Shard
from consent.campaigns.sql import fetch
from consent.ledger.models import DataSubject
from consent.policies.models import PolicyVersion

REFUSALS_FROM_SHARDS = 20  # bounds the reading of refusals, whatever the size of the campaign
REFUSALS_SHOWN = 10

_SUMS = """
SELECT channel, sum(total), sum(sent), sum(refused), sum(unknown), sum(gone)
FROM consent_shard WHERE campaign_id = %s GROUP BY channel ORDER BY channel"""


@dataclass(frozen=True)
class ChannelProgress:
    """Numbers of deliveries. refused: by the receiver, and passed on to the next channel. unknown: being asked about.
    gone: the person left before the message was sent."""

    channel: Channel
    total: int
    sent: int
    refused: int
    unknown: int
    gone: int

    @property
    def remaining(self) -> int:
        """Deliveries without an end yet."""
        return self.total - self.sent - self.refused - self.unknown - self.gone


@dataclass(frozen=True)
class Progress:
    """Numbers of people. Each is in exactly one part: told, public_only, unknown, gone or remaining."""

    campaign: Campaign
    channels: tuple[ChannelProgress, ...]

    @property
    def people(self) -> int:
        """Everybody found so far; a refused delivery was passed on and counts where it went."""
        return sum(channel.total - channel.refused for channel in self.channels)

    @property
    def told(self) -> int:
        """By a message of their own."""
        return sum(channel.sent for channel in self.channels if channel.channel != Channel.PUBLIC)

    @property
    def public_only(self) -> int:
        """By the announcement, there being no other way."""
        return sum(channel.total for channel in self.channels if channel.channel == Channel.PUBLIC)

    @property
    def failed(self) -> int:
        """Deliveries that a receiver refused."""
        return sum(channel.refused for channel in self.channels)

    @property
    def unknown(self) -> int:
        """People whose message a crash left in doubt."""
        return sum(channel.unknown for channel in self.channels)

    @property
    def gone(self) -> int:
        """People who left before their message was sent."""
        return sum(channel.gone for channel in self.channels)

    @property
    def remaining(self) -> int:
        """People still to be told."""
        return sum(channel.remaining for channel in self.channels)

    @property
    def ended(self) -> int:
        """People about whom nothing is left to do."""
        return self.people - self.remaining - self.unknown

    @property
    def percent(self) -> int:
        """Of people, rounded down."""
        return 100 * self.ended // self.people if self.people else 0


def progress_of(version_id: int) -> Progress | None:
    """How far the telling of a version has come; None until it began. Two queries, over shards, never over people."""
    campaign = Campaign.objects.select_related("version__policy").filter(pk=version_id).first()
    if campaign is None:
        return None
    rows = fetch(_SUMS, [version_id])
    return Progress(campaign, tuple(ChannelProgress(Channel(channel), *numbers) for channel, *numbers in rows))


def refusals_of(campaign: Campaign) -> list[tuple[str, int]]:
    """(the receivers' own words, number of deliveries) of recent refusals, most frequent first."""
    shards = Shard.objects.filter(campaign=campaign, refused__gt=0).order_by("-pk")[:REFUSALS_FROM_SHARDS]
    ranges = Q(pk__in=[])
    for shard in shards:
        ranges |= Q(channel=shard.channel, subject_id__range=(shard.lo, shard.hi))
    refused = Delivery.objects.filter(ranges, campaign=campaign, state=Delivery.State.REFUSED)
    rows = refused.values("words").annotate(number=Count("*")).order_by("-number", "words")[:REFUSALS_SHOWN]
    return [(row["words"], row["number"]) for row in rows]


def deliveries_to(user: User) -> list[Delivery]:
    """What the portal sent to a person or tried to, the newest campaign first: their own proof of notice (K117)."""
    subjects = list(DataSubject.objects.filter(user=user))
    campaigns = Campaign.objects.filter(version__policy__controller__in=[one.controller_id for one in subjects])
    found = Delivery.objects.filter(
        campaign__in=list(campaigns), channel__in=Channel.values, subject_id__in=[one.pk for one in subjects]
    )
    return list(found.order_by("-campaign_id", "channel"))


def announcements() -> QuerySet[Announcement]:
    """Every announcement, newest first."""
    return Announcement.objects.select_related("version__policy__controller")


def public_announcements() -> QuerySet[Announcement]:
    """Those that the public is pointed to: not what staff alone accept."""
    return announcements().exclude(version__policy__slug=settings.STAFF_UNDERTAKING)


def announcement_of(policy: str, number: int) -> Announcement | None:
    """The announcement of one version, by the policy's short name."""
    return announcements().filter(version__policy__slug=policy, version__number=number).first()


def published_version(version_id: int) -> PolicyVersion | None:
    """The version that a campaign tells of, whether or not the campaign has begun."""
    published = PolicyVersion.objects.select_related("policy").filter(published_at__isnull=False)
    return published.filter(pk=version_id).first()
