"""What people and the desk write into a request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.profile.rules import FIELDS
from accounts.users.rules import Contact, parse_contact
from consent.policies.recipients.selectors import start_of
from consent.rights.requests.models import (
    ENDED,
    Decision,
    Kind,
    Refusal,
    RequestDocument,
    RightsRequest,
    Status,
)
from consent.rights.requests.pictures import redrawn

LONGEST = 2000  # characters of a person's own words
# Instants around the first and the last day that Python knows lie outside of what it can compute with.
REAL_DAYS = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31)))
EVERY_FIELD = [("", _("not a correction")), *((code, spec.label) for code, spec in FIELDS.items())]


# Why a member of staff needs to see a value (K60).
REASONS = {
    "call_back": _("to call the person back"),
    "compare": _("to compare it with documents"),
    "carry_out": _("to carry out the request"),
    "decide": _("to decide on the request"),
}


def _kind_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("What do you want?"),
        choices=[("", _("Choose")), *Kind.choices],
        error_messages={"required": _("Choose what you want."), "invalid_choice": _("Choose one of the list.")},
    )


class OwnRequestForm(forms.Form):
    """What a signed-in person asks. key: of this form, so that a second sending asks nothing twice."""

    kind = _kind_field()
    field = forms.ChoiceField(
        label=_("Which item is wrong?"),
        choices=EVERY_FIELD,
        required=False,
        help_text=_("Only for a correction."),
        error_messages={"invalid_choice": _("Choose one of the list.")},
    )
    value = forms.CharField(label=_("What is right?"), max_length=300, required=False)
    details = forms.CharField(
        label=_("In your own words"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What it is about. Leave out what we do not need."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    @classmethod
    def fresh(cls, **initial: Any) -> OwnRequestForm:
        """An empty form with a key of its own."""
        return cls(initial={"key": uuid4(), **initial})

    def clean(self) -> dict[str, Any]:
        """A correction says what is right."""
        said = super().clean() or {}
        if said.get("kind") == Kind.CORRECTION and said.get("field") and not said.get("value"):
            self.add_error("value", _("Say what is right."))
        return said

    @property
    def wanted(self) -> dict[str, str] | None:
        """What exactly is to be corrected."""
        said = self.cleaned_data
        if said["kind"] != Kind.CORRECTION or not said["field"]:
            return None
        return {"field": said["field"], "value": said["value"]}


class PublicRequestForm(forms.Form):
    """What anybody asks, signed in or not."""

    kind = _kind_field()
    contact = forms.CharField(
        label=_("Your e-mail address or mobile number"),
        max_length=254,
        help_text=_("The one that we know, if you have an account. Our answer goes there."),
        error_messages={"required": _("Enter your e-mail address or mobile number.")},
        widget=forms.TextInput(attrs={"autocomplete": "email"}),
    )
    name = forms.CharField(
        label=_("Your name"), max_length=80, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    details = forms.CharField(
        label=_("In your own words"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What it is about. Leave out what we do not need."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def clean_contact(self) -> Contact:
        """In its one way of writing."""
        return parse_contact(self.cleaned_data["contact"])


class PhoneRequestForm(PublicRequestForm):
    """What a support agent writes down while somebody is on the telephone (K94)."""

    language = forms.ChoiceField(label=_("Language of the caller"), choices=settings.LANGUAGES)
    field_order = ("kind", "contact", "name", "language", "details")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        kind, contact, name, details = (self.fields[field] for field in ("kind", "contact", "name", "details"))
        kind.label = _("What the caller wants")
        contact.label, contact.help_text = _("E-mail address or mobile number of the account"), ""
        name.label = _("Name that the caller gives")
        details.label, details.help_text = _("In the caller's words"), _("Only what the request needs.")
        for field in (contact, name):
            field.widget.attrs["autocomplete"] = "off"


class PicturesForm(forms.Form):
    """Up to three pictures at once, each of its kind; redrawn without metadata."""

    identity = forms.FileField(label=_("Identity document"), required=False)
    holding = forms.FileField(label=_("You, holding the document"), required=False)
    voucher = forms.FileField(
        label=_("Proof of a transaction"), required=False, help_text=_("Only if we asked you for one.")
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            field.widget.attrs["accept"] = "image/jpeg,image/png"

    def clean(self) -> dict[str, Any]:
        """Redraw what was sent."""
        said = super().clean() or {}
        self.pictures: list[tuple[str, bytes]] = []
        for kind in RequestDocument.Kind:
            if upload := said.get(kind.value):
                try:
                    self.pictures.append((kind.value, redrawn(upload.read())))
                except ValidationError as error:
                    self.add_error(kind.value, error)
        if not self.pictures and not self.errors:
            raise ValidationError(_("Choose at least one picture."))
        return said


class AppealForm(forms.Form):
    """Why a refusal is wrong."""

    reason = forms.CharField(
        label=_("Why do you think that the refusal is wrong?"),
        max_length=LONGEST,
        error_messages={"required": _("Say why you think that the refusal is wrong.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class DecisionForm(forms.Form):
    """What a reviewer decides."""

    decision = forms.ChoiceField(
        label=pgettext_lazy("of a request", "Decision"),
        choices=[(Decision.GRANTED, _("Agree")), (Decision.REFUSED, _("Refuse"))],
        widget=forms.RadioSelect,
    )
    refusal = forms.ChoiceField(
        label=_("Ground of the refusal"),
        choices=[("", _("does not apply")), *Refusal.choices],
        required=False,
        help_text=_("Only for a refusal; there are no other grounds."),
    )
    answer = forms.CharField(
        label=_("Words to the person"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("To a refusal we add by ourselves where to complain."),
    )

    def clean(self) -> dict[str, Any]:
        """A refusal, and only a refusal, has a ground."""
        said = super().clean() or {}
        if said.get("decision") == Decision.REFUSED and not said.get("refusal"):
            self.add_error("refusal", _("Choose the ground of the refusal."))
        if said.get("decision") == Decision.GRANTED:
            said["refusal"] = ""
        return said


class UnmaskForm(forms.Form):
    """Which value, and why."""

    field = forms.CharField(widget=forms.HiddenInput, max_length=40)
    reason = forms.ChoiceField(label=_("Why do you need to see it?"), choices=[("", _("Choose")), *REASONS.items()])


class CorrectionForm(forms.Form):
    """What is to be written, where the person said it on the telephone."""

    field = forms.ChoiceField(label=_("Item"), choices=[(code, spec.label) for code, spec in FIELDS.items()])
    value = forms.CharField(label=_("New value"), max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class QueueForm(forms.Form):
    """Which cases are shown. Nothing chosen: all that are open."""

    q = forms.CharField(label=_("Number or its last digits"), required=False, max_length=20)
    s = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All open")),
            *((status.value, status.label) for status in Status if status not in ENDED),
            ("ended", _("Ended")),
        ],
    )
    k = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All")), *Kind.choices])
    mine = forms.BooleanField(label=_("Only mine"), required=False)


def wanted_form(request: RightsRequest, data: Mapping[str, Any] | None = None) -> CorrectionForm | None:
    """What must still be said before a correction can be carried out."""
    if request.kind != Kind.CORRECTION or request.wanted:
        return None
    return CorrectionForm(data)


class ReadsForm(forms.Form):
    """Whose looks at people, and in which period; days of the portal's time zone, both included."""

    staff = forms.IntegerField(
        label=_("Staff number"), min_value=1, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )
    since = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=REAL_DAYS,
    )
    until = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=REAL_DAYS,
    )

    def __init__(self, data: Mapping[str, Any] | None, *, today: date) -> None:
        super().__init__(data, initial={"since": today - timedelta(days=7), "until": today})

    def clean(self) -> dict[str, Any]:
        """The period has a beginning before its end."""
        said = super().clean() or {}
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            self.add_error("until", _("The period ends before it begins."))
        return said

    @property
    def period(self) -> tuple[datetime, datetime]:
        """Its first instant, and the first after it."""
        return start_of(self.cleaned_data["since"]), start_of(self.cleaned_data["until"] + timedelta(days=1))
