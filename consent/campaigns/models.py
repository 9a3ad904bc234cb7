"""Who is told of a published version, and proof that they were.

A delivery is evidence of one person on one channel. A shard is at most a thousand people of one channel: the unit of
leasing, fencing and counting. Rows of both are changed by the statements of this package only, set by set.
"""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from consent.policies.fields import LocalizedField, localized
from consent.policies.models import PolicyVersion


class Channel(models.IntegerChoices):
    """In the order in which they are tried; whoever one cannot reach is told by the next (K66)."""

    EMAIL = 1, pgettext_lazy("channel", "E-mail")
    SMS = 2, pgettext_lazy("channel", "SMS")
    PUBLIC = 9, pgettext_lazy("channel", "Announcement only")


class Campaign(models.Model):
    """The telling of one version, whose id it shares. frozen_at: who was there then is the audience. cursor: the last
    subject whose deliveries exist. finished_at: nobody is left to be told; the deliveries are sealed."""

    version = models.OneToOneField(PolicyVersion, models.PROTECT, primary_key=True, related_name="campaign")
    frozen_at = models.DateTimeField()
    cursor = models.BigIntegerField(default=0)
    expanded_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seal = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"campaign {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("desk:campaign", args=[self.pk])


class Shard(models.Model):
    """Subjects lo..hi of one channel. due_at: null when nothing is left to do. token: only the holder of the newest
    one may mark deliveries as being sent. The counts add up to its deliveries."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    channel = models.SmallIntegerField(choices=Channel)
    lo = models.BigIntegerField()
    hi = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)
    token = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    total = models.IntegerField(default=0)
    sent = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    gone = models.IntegerField(default=0)
    seal = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "channel", "lo"], name="shard_once"),)
        indexes = (
            models.Index(fields=["channel", "due_at"], name="shard_due", condition=models.Q(due_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"shard {self.pk}"


class Delivery(models.Model):
    """One person on one channel. The primary key is the only index, so that a change of state is a HOT update.

    token: of the hold under which it was last marked. due_at: null means at once. words: the receiver's own, the
    queue id among them.
    """

    class State(models.IntegerChoices):
        QUEUED = 0, pgettext_lazy("delivery", "waiting")
        # Committed before the first byte leaves; only proof leads back from here.
        SENDING = 1, pgettext_lazy("delivery", "being sent")
        SENT = 2, pgettext_lazy("delivery", "sent")
        REFUSED = 3, pgettext_lazy("delivery", "refused")
        UNKNOWN = 4, pgettext_lazy("delivery", "being asked about")
        GONE = 5, pgettext_lazy("delivery", "left before it was sent")

    pk = models.CompositePrimaryKey("campaign_id", "channel", "subject_id")
    campaign = models.ForeignKey(Campaign, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    channel = models.SmallIntegerField(choices=Channel)
    subject_id = models.BigIntegerField()
    state = models.SmallIntegerField(choices=State, default=State.QUEUED)
    attempts = models.SmallIntegerField(default=0)
    token = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class ProviderPace(models.Model):
    """The pace of one channel that all machines share; without a row there is no limit.

    per_second: messages. arrival_at: when the next message is due in theory (GCRA); until then there is silence.
    """

    channel = models.SmallIntegerField(primary_key=True, choices=Channel)
    per_second = models.FloatField(null=True, blank=True)
    arrival_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return Channel(self.channel).name


class Announcement(models.Model):
    """The public copy of what people are told, at an address that stays (K118, Y35). title, body: plain text."""

    version = models.OneToOneField(PolicyVersion, models.PROTECT, primary_key=True, related_name="announcement")
    published_at = models.DateTimeField()
    title = LocalizedField()
    body = LocalizedField()

    class Meta:
        ordering = ("-published_at", "-pk")

    def __str__(self) -> str:
        return localized(self.title)

    def get_absolute_url(self) -> str:
        return reverse("campaigns:announcement", args=[self.version.policy.slug, self.version.number])
