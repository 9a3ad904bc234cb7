"""Who is responsible, what their policies say version by version, and the register behind the words.

A version is written as a draft and frozen when it is published: PostgreSQL then refuses every change of it, of its
texts and of its register. What a published version *is* (scheduled, in effect, superseded) follows from the clock
alone, so nothing is written when a change takes effect.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.policies.fields import LocalizedField, localized


class ChangeKind(models.TextChoices):
    """The seven material changes (K109-K116). M2 and M3 ask for a new, explicit answer; all are told."""

    M1 = "M1", _("Ownership or basic situation")
    M2 = "M2", _("Scope, purpose or rule of processing")
    M3 = "M3", _("Recipients, scope or purpose of sharing")
    M4 = "M4", _("How you see and manage your information")
    M5 = "M5", _("Security capability or risk")
    M6 = "M6", _("Channels for questions and complaints")
    M7 = "M7", _("Another major effect on your rights")


class LawfulBasis(models.TextChoices):
    """PIPL art. 13."""

    CONSENT = "consent", _("Your consent")
    CONTRACT = "contract", _("Contract")
    LEGAL_DUTY = "legal_duty", _("Legal duty")
    VITAL = "vital", _("Emergency")
    PUBLIC_INTEREST = "public_interest", _("Public interest")
    PUBLIC_DATA = "public_data", _("Already public")
    OTHER_LAW = "other_law", _("Another law")


class Necessity(models.TextChoices):
    """Y10, Y11: without the necessary the service cannot be given; an improvement is optional and off by default."""

    NECESSARY = "necessary", _("Needed for the service")
    IMPROVEMENT = "improvement", _("Improves the service")


class VersionStatus(models.TextChoices):
    """What a version is at an instant."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    EFFECTIVE = "effective", _("In effect")
    SUPERSEDED = "superseded", _("Superseded")


class Controller(models.Model):
    """The company that decides about the processing (K2, K3); 个人信息处理者 in PIPL."""

    slug = models.SlugField(unique=True)
    name = LocalizedField()
    brand = LocalizedField()
    address = LocalizedField()
    phone = models.CharField(max_length=40, blank=True, default="")
    hours = LocalizedField()
    email = models.EmailField(blank=True, default="")
    # who chose to answer later, or whose consent ran out, is left alone that long
    no_nag_days = models.PositiveSmallIntegerField(default=7)

    def __str__(self) -> str:
        return localized(self.name) or self.slug

    def block(self) -> dict[str, Any]:
        """Who is responsible, as a version keeps it at publication and as notices show it (K2, K3)."""
        return {
            "name": self.name,
            "brand": self.brand,
            "address": self.address,
            "phone": self.phone,
            "hours": self.hours,
            "email": self.email,
        }


class Policy(models.Model):
    """A document with a life of its own; its versions hold the words. precedence: where two policies know a purpose,
    the higher one answers for it (K108, Y2)."""

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="policies")
    slug = models.SlugField(unique=True)
    title = LocalizedField()
    asks_account_holders = models.BooleanField(default=True)
    precedence = models.SmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return localized(self.title) or self.slug


class PolicyVersion(models.Model):
    """number: 1, 2, 3 within the policy. controller_block: the controller as it stood at publication, see
    `rules.publishing`. Frozen by a trigger once published_at is set. entered_at: set where the words were in force
    before the portal was; then nobody was told by it."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    change_kinds = ArrayField(models.CharField(max_length=2, choices=ChangeKind), default=list, blank=True)
    change_summary = LocalizedField()
    refusal_consequence = LocalizedField()
    controller_block = models.JSONField(null=True, blank=True)
    effective_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    entered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["policy", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(published_at__isnull=True), name="version_one_draft_a_policy"
            ),
            models.UniqueConstraint(fields=["policy", "effective_at"], name="version_effective_once"),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True)
                | Q(effective_at__gt=F("published_at"), controller_block__isnull=False)
                | Q(
                    effective_at__gte=F("published_at"),
                    entered_at__isnull=False,  # what is NULL would fit
                    entered_at__gte=F("effective_at"),
                    controller_block__isnull=False,
                ),
                name="version_takes_effect_after_publication",
            ),
        )

    def __str__(self) -> str:
        return f"{self.policy} {self.number}"

    @property
    def is_draft(self) -> bool:
        """True until it is published."""
        return self.published_at is None

    def labelled_kinds(self) -> list[tuple[str, str]]:
        """The declared kinds of change with their names in the reader's language."""
        return [(kind, str(ChangeKind(kind).label)) for kind in self.change_kinds]

    def in_effect(self, at: datetime) -> bool:
        """True if it has taken effect at the aware instant `at`; a later version may have superseded it since."""
        return self.published_at is not None and self.effective_at is not None and self.effective_at <= at


class PolicyText(models.Model):
    """The words in one language, as Markdown. The digests are set at publication, lower-case hex:
    sha256 over the Markdown's UTF-8 bytes, notice_sha256 over what a person is shown when asked."""

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=10)
    markdown = models.TextField()
    sha256 = models.CharField(max_length=64, blank=True, default="")
    notice_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "language"], name="text_once_a_language"),)

    def __str__(self) -> str:
        return f"{self.version} {self.language}"


class Purpose(models.Model):
    """One line of the register: what is done, why, on which basis, and what stops if someone says no (K13).

    recipients: who is given it, in words. recipient_codes: the same by their codes; it may be given to no others.
    validity_days: how long a yes holds; None for as long as it is not taken back.
    """

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="purposes")
    code = models.SlugField()
    position = models.PositiveSmallIntegerField(default=0)
    title = LocalizedField()
    description = LocalizedField()
    lawful_basis = models.CharField(max_length=20, choices=LawfulBasis, default=LawfulBasis.CONSENT)
    exemption = models.CharField(max_length=3, blank=True, default="")
    citation = LocalizedField()
    necessity = models.CharField(max_length=12, choices=Necessity, default=Necessity.IMPROVEMENT)
    is_sensitive = models.BooleanField(default=False)
    needs_separate_consent = models.BooleanField(default=False)
    is_marketing = models.BooleanField(default=False)
    validity_days = models.PositiveSmallIntegerField(null=True, blank=True)
    recipients = LocalizedField()
    recipient_codes = ArrayField(models.SlugField(), default=list, blank=True)
    retention = LocalizedField()
    refusal_consequence = LocalizedField()

    class Meta:
        ordering = ("position", "code")
        constraints = (
            models.UniqueConstraint(fields=["version", "code"], name="purpose_once_a_version"),
            models.CheckConstraint(
                condition=Q(lawful_basis="consent", exemption="")
                | (~Q(lawful_basis="consent") & Q(exemption__regex=r"^E([1-9]|10)$")),
                name="purpose_without_consent_cites_an_exemption",
            ),
            models.CheckConstraint(condition=~Q(validity_days=0), name="purpose_valid_for_a_day_at_least"),
        )

    def __str__(self) -> str:
        return localized(self.title) or self.code

    @property
    def rests_on_consent(self) -> bool:
        """True if a person is asked; False if law or contract decides."""
        return self.lawful_basis == LawfulBasis.CONSENT

    def facts(self) -> dict[str, Any]:
        """Everything that the line says, as plain values; reads the items."""
        return {
            "code": self.code,
            "title": self.title,
            "description": self.description,
            "lawful_basis": self.lawful_basis,
            "exemption": self.exemption,
            "citation": self.citation,
            "necessity": self.necessity,
            "is_sensitive": self.is_sensitive,
            "needs_separate_consent": self.needs_separate_consent,
            "is_marketing": self.is_marketing,
            "validity_days": self.validity_days,
            "recipients": self.recipients,
            "recipient_codes": self.recipient_codes,
            "retention": self.retention,
            "refusal_consequence": self.refusal_consequence,
            "items": [item.facts() for item in self.items.all()],
        }


class DataItem(models.Model):
    """A kind of personal data that a purpose uses. never_shared: goes to no third party, whatever was agreed to
    (Y8, Y19)."""

    purpose = models.ForeignKey(Purpose, models.CASCADE, related_name="items")
    code = models.SlugField()
    position = models.PositiveSmallIntegerField(default=0)
    name = LocalizedField()
    is_sensitive = models.BooleanField(default=False)
    never_shared = models.BooleanField(default=False)

    class Meta:
        ordering = ("position", "code")
        constraints = (models.UniqueConstraint(fields=["purpose", "code"], name="item_once_a_purpose"),)

    def __str__(self) -> str:
        return localized(self.name) or self.code

    def facts(self) -> dict[str, Any]:
        """Everything that the item says, as plain values."""
        return {
            "code": self.code,
            "name": self.name,
            "is_sensitive": self.is_sensitive,
            "never_shared": self.never_shared,
        }
