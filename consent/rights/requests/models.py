"""What people ask of the controller about their information, who judged it, and the papers they showed.

PostgreSQL itself holds the two rules that must not depend on anybody's care: nothing beyond "received" without a
proven identity (K95), and a decision by somebody else than whoever verified it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.sealing.fields import SealedField, SealedJSONField
from accounts.users.rules import Contact, ContactKind


class Kind(models.TextChoices):
    """What is asked for. Source: PIPL 15, 24, 44-48; K64, K90, K93, K96."""

    ACCESS = "access", _("See and copy my information")
    CORRECTION = "correction", _("Correct my information")
    DELETION = "deletion", _("Delete my information")
    CANCELLATION = "cancellation", _("Cancel my account")
    RESTRICTION = "restriction", _("Stop using my information")
    OBJECTION = "objection", _("Object to a use")
    EXPLANATION = "explanation", _("Explain how it is used")
    COMPROMISED = "compromised", _("Somebody else is in my account")


# What is asked for, as staff read it.
TASKS: Mapping[str, str | Promise] = {
    Kind.ACCESS: _("See and copy"),
    Kind.CORRECTION: _("Correction"),
    Kind.DELETION: _("Deletion"),
    Kind.CANCELLATION: _("Cancelling the account"),
    Kind.RESTRICTION: _("Stopping the use"),
    Kind.OBJECTION: _("Objection to a use"),
    Kind.EXPLANATION: _("Explanation"),
    Kind.COMPROMISED: _("Account in other hands"),
}


class Channel(models.TextChoices):
    """How a request came."""

    ACCOUNT = "account", pgettext_lazy("request came by", "account")
    FORM = "form", pgettext_lazy("request came by", "public form")
    PHONE = "phone", pgettext_lazy("request came by", "telephone")


class Status(models.TextChoices):
    """received: nobody's identity is proven yet. lapsed: ended because it never was."""

    RECEIVED = "received", pgettext_lazy("request", "Received")
    VERIFIED = "verified", pgettext_lazy("request", "Identity verified")
    DECIDED = "decided", pgettext_lazy("request", "Agreed to, being carried out")
    CLOSED = "closed", pgettext_lazy("request", "Closed")
    WITHDRAWN = "withdrawn", pgettext_lazy("request", "Withdrawn")
    LAPSED = "lapsed", pgettext_lazy("request", "Ended: identity not shown")


class Way(models.TextChoices):
    """How identity was proven (K95)."""

    CODE = "code", _("Code to a contact on file")
    DEVICE = "device", _("By the person in their own account")
    DOCUMENTS = "documents", _("Documents, judged by two")


class Decision(models.TextChoices):
    """granted: is then carried out."""

    GRANTED = "granted", pgettext_lazy("request", "Agreed to")
    REFUSED = "refused", pgettext_lazy("request", "Refused")


class Refusal(models.TextChoices):
    """The only grounds on which a request may be refused. Source: K102; GB/T 35273-2020 8.7."""

    SECURITY = "R1", _("R1: national security or defence")
    PUBLIC = "R2", _("R2: public safety, public health or a major public interest")
    CRIME = "R3", _("R3: investigation, prosecution, trial or enforcement in a criminal case")
    ABUSE = "R4", _("R4: clear malice or abuse of rights")
    OTHERS = "R5", _("R5: it would seriously harm the rights of others")
    SECRET = "R6", _("R6: trade secret")
    DUTY = "legal_duty", _("A legal duty requires us to keep or use it")
    VITAL = "vital_interest", _("Life or property of somebody is at stake, and consent is hard to get")


BEFORE_VERIFICATION = (Status.RECEIVED, Status.WITHDRAWN, Status.LAPSED)
ENDED = (Status.CLOSED, Status.WITHDRAWN, Status.LAPSED)


class RightsRequest(models.Model):
    """One request. user: whose information it is about, empty where nobody is known by the contact. contact: where
    answers go if there is no such user. wanted: what exactly, as rules.values_wanted reads it: field, value,
    with_it. due_on: last day for the answer; due_is_estimate: its holidays are not published yet. verified_by,
    co_verified_by: the staff who judged, empty where the person proved it themselves. barred: ids of staff who may
    not decide. answer: the words to the person. appeal_of: the refused request about which this one complains.
    wiped_at: since when nothing is left of who asked and what was said."""

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    channel = models.CharField(max_length=7, choices=Channel)
    status = models.CharField(max_length=9, choices=Status, default=Status.RECEIVED)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    contact_kind = models.CharField(max_length=5, blank=True, default="")
    contact_value = SealedField(blank=True, default="")
    name = SealedField(blank=True, default="")
    details = SealedField(blank=True, default="")
    wanted = SealedJSONField(null=True, blank=True)
    language = models.CharField(max_length=10)
    appeal_of = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="appeal")
    form_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    received_at = models.DateTimeField()
    due_on = models.DateField()
    due_is_estimate = models.BooleanField(default=False)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_way = models.CharField(max_length=9, choices=Way, blank=True, default="")
    verified_by_id = models.BigIntegerField(null=True, blank=True)
    co_verified_by_id = models.BigIntegerField(null=True, blank=True)
    barred = ArrayField(models.BigIntegerField(), default=list, blank=True)
    decision = models.CharField(max_length=7, choices=Decision, blank=True, default="")
    refusal = models.CharField(max_length=14, choices=Refusal, blank=True, default="")
    answer = SealedField(blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_id = models.BigIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    wiped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(verified_at__isnull=False, verified_way__in=Way.values)
                | Q(verified_at__isnull=True, verified_way="", status__in=BEFORE_VERIFICATION, decided_at__isnull=True),
                name="request_nothing_before_identity",
            ),
            models.CheckConstraint(
                condition=~Q(verified_way="documents")
                | Q(verified_by_id__isnull=False, co_verified_by_id__isnull=False)
                & ~Q(co_verified_by_id=F("verified_by_id")),
                name="request_documents_judged_by_two",
            ),
            models.CheckConstraint(
                condition=(Q(verified_by_id__isnull=True) | Q(barred__contains=[F("verified_by_id")]))
                & (Q(co_verified_by_id__isnull=True) | Q(barred__contains=[F("co_verified_by_id")])),
                name="request_verifiers_are_barred",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by_id__isnull=True, decision="")
                | Q(decided_at__isnull=False, decided_by_id__isnull=False, decision__in=Decision.values)
                & ~Q(barred__contains=[F("decided_by_id")]),
                name="request_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(decision="refused", refusal__in=Refusal.values) | ~Q(decision="refused") & Q(refusal=""),
                name="request_refused_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ENDED, ended_at__isnull=False) | ~Q(status__in=ENDED) & Q(ended_at__isnull=True),
                name="request_ended_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("decided", "closed")) | Q(decided_at__isnull=False),
                name="request_closed_after_decision",
            ),
        )
        indexes = (
            models.Index(fields=["user", "-received_at"], name="request_by_user", condition=Q(user__isnull=False)),
            models.Index(fields=["due_on", "id"], name="request_open_by_due", condition=~Q(status__in=ENDED)),
            models.Index(fields=["id"], name="request_to_wipe", condition=Q(user__isnull=True, wiped_at__isnull=True)),
        )

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("requests:request", args=[self.number])

    @property
    def task(self) -> str:
        """What is asked for, as staff read it."""
        return str(TASKS[self.kind])

    @property
    def contact(self) -> Contact | None:
        """Where the person said that they are reached; proven by nobody."""
        return Contact(ContactKind(self.contact_kind), self.contact_value) if self.contact_value else None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.status not in ENDED

    @property
    def is_verified(self) -> bool:
        """Whether somebody's identity is proven."""
        return self.verified_at is not None


class RequestDocument(models.Model):
    """A picture that shows who asks (K33). content: a sealed JPEG, see `pictures`; empty once destroyed_at is set,
    which is when the case ends or the papers are refused."""

    class Kind(models.TextChoices):
        IDENTITY = "identity", _("Identity document")
        HOLDING = "holding", _("You, holding the document")
        VOUCHER = "voucher", _("Proof of a transaction")

    request = models.ForeignKey(RightsRequest, models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=8, choices=Kind)
    content = models.BinaryField(null=True, editable=False)
    uploaded_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True, blank=True)

    sealed_file = "content"  # for manage.py rotate_keys

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(content__isnull=False, destroyed_at__isnull=True)
                | Q(content__isnull=True, destroyed_at__isnull=False),
                name="document_destroyed_holds_nothing",
            ),
        )

    def __str__(self) -> str:
        return f"document {self.pk} of request {self.request_id}"

    @property
    def label(self) -> str:
        """What is authenticated with the sealed content."""
        return f"consent_requestdocument.content:{self.request_id}"


class RequestJudgement(models.Model):
    """That one of the staff found the documents good. A new document, or somebody's no, takes all of them away."""

    request = models.ForeignKey(RightsRequest, models.CASCADE, related_name="judgements", db_index=False)
    staff_id = models.BigIntegerField()
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["request", "staff_id"], name="judgement_once_a_staff_member"),)

    def __str__(self) -> str:
        return f"judgement of request {self.request_id} by staff {self.staff_id}"
