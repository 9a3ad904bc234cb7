"""What is known about a person beside their contacts, where it came from, and every change."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.sealing.fields import SealedField, SealedJSONField


class Source(models.TextChoices):
    """Where a value came from (K16, K27, Y9)."""

    SUBJECT = "subject", _("you")
    STAFF = "staff", _("our staff, at your request")
    IMPORT = "import", _("our earlier records")
    AUTHORITY = "authority", _("an authority or a bank that confirmed it")
    MERCHANT = "merchant", _("a merchant")
    PARTNER = "partner", _("a partner")


class ProfileItem(models.Model):
    """One value. field: a name of `rules.FIELDS`. source_detail: which merchant or authority, in its own words.
    verified_at: when it was compared with a document; from then on some fields are locked. remind_on: for the last day
    of a document, from when on its expiry is told; empty once it was (K15)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile_items", db_index=False)
    field = models.TextField()
    value = SealedField()
    source = models.TextField(choices=Source, default=Source.SUBJECT)
    source_detail = models.TextField(blank=True, default="")
    since_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    remind_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "field"], name="profile_item_once"),)
        indexes = (
            models.Index(fields=["remind_on"], name="profile_item_to_remind", condition=Q(remind_on__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.field} of user {self.user_id}"


class ProfileChange(models.Model):
    """What a value was before and after; an empty text where there was none. actor: as in the audit trail (K90)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    field = models.TextField()
    before = SealedField(blank=True, default="")
    after = SealedField(blank=True, default="")
    at = models.DateTimeField()
    actor = models.TextField()

    class Meta:
        indexes = (models.Index(fields=["user", "-at"], name="profile_change_by_user"),)

    def __str__(self) -> str:
        return f"change of {self.field} of user {self.user_id}"


class LockNotice(models.Model):
    """That and when the person was told, before they first gave a value, that it cannot be edited later (K92)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    field = models.TextField()
    shown_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "field"], name="lock_notice_once"),)

    def __str__(self) -> str:
        return f"notice of the lock on {self.field} to user {self.user_id}"


class ExternalCheck(models.Model):
    """Who confirmed a value, and with what result (K16, Y16). checked_by: such as `id-authority`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    field = models.TextField()
    checked_by = models.TextField()
    result = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["user", "-at"], name="external_check_by_user"),)

    def __str__(self) -> str:
        return f"check of {self.field} of user {self.user_id}"


class ProfileLabel(models.Model):
    """A label of a group that a company put the person into (K73). given_by: its short name. code: its own. words,
    reason: one text for each language, the latter from what it was concluded. switched_off_at: since when the person
    does not want to be treated by it; the row stays, so that it is not simply put again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="labels", db_index=False)
    given_by = models.TextField(default="")
    code = SealedField(default="")
    words = SealedJSONField(default=dict)
    reason = SealedJSONField(blank=True, default=dict)
    at = models.DateTimeField()
    switched_off_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["user"], name="label_by_user"),)

    def __str__(self) -> str:
        return f"label of user {self.user_id}"


class MarketingChoice(models.Model):
    """Whether the person wants marketing of one topic over one channel; no row: no (K39, K71, K74)."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        SMS = "sms", _("text message")

    class Topic(models.TextChoices):
        OFFERS = "offers", _("offers")
        NEWS = "news", _("news of our services")
        SURVEYS = "surveys", _("surveys")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    channel = models.TextField(choices=Channel)
    topic = models.TextField(choices=Topic)
    is_on = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "channel", "topic"], name="marketing_choice_once"),)

    def __str__(self) -> str:
        return f"{self.topic} by {self.channel} for user {self.user_id}"
