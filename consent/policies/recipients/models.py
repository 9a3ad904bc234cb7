"""Whom information may be given to, what they are, and what they owe it. History is kept, never overwritten."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.policies.fields import LocalizedField, localized
from consent.policies.models import Controller


class RecipientRole(models.TextChoices):
    """What somebody who is given information is to the controller. A processor acts on its instructions (PIPL 21), an
    authority on the law's; the others decide for themselves (PIPL 20, 23)."""

    PROCESSOR = "processor", _("Works on our instructions")
    JOINT = "joint", _("Decides together with us")
    THIRD_PARTY = "third_party", _("Third party")
    AFFILIATE = "affiliate", _("Company of our group")
    AUTHORITY = "authority", _("Authority")


class Recipient(models.Model):
    """Somebody whom information may be given to; what they are is said by the last description."""

    controller = models.ForeignKey(Controller, models.PROTECT, related_name="recipients")
    code = models.SlugField()

    class Meta:
        ordering = ("code",)
        constraints = (models.UniqueConstraint(fields=["controller", "code"], name="recipient_once_a_controller"),)

    def __str__(self) -> str:
        return self.code


class RecipientDescription(models.Model):
    """What a recipient is from `at` until the next description. assessed_on: the day on which giving them information
    was found lawful, justified and necessary (K77); None before. uses_for_own_marketing: then they are given nothing
    (Y24). Append-only."""

    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="descriptions")
    at = models.DateTimeField()
    name = LocalizedField()
    role = models.CharField(max_length=12, choices=RecipientRole)
    assessed_on = models.DateField(null=True, blank=True)
    uses_for_own_marketing = models.BooleanField(default=False)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return localized(self.name) or str(self.recipient)


class RecipientAgreement(models.Model):
    """What a recipient owes the information it is given (K78, Y26, Y34). valid_from, valid_until: first and last day in
    the portal's time zone, None for no last day. ended_at: the instant from which it holds no more, whatever its days
    say; set once, and nothing else is ever changed."""

    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="agreements")
    reference = models.CharField(max_length=200)
    confidentiality = models.BooleanField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("valid_from", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="agreement_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return self.reference
