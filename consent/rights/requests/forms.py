"""What people write into a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.profile.rules import FIELDS, parse_said
from accounts.users.rules import Contact, parse_contact
from consent.rights.requests.models import Kind, RequestDocument
from consent.rights.requests.pictures import redrawn
from consent.rights.requests.rules import COMPANIONS, values_wanted

LONGEST = 2000  # characters of a person's own words
LONGEST_VALUE = 300
EVERY_FIELD = [("", _("not a correction")), *((code, spec.label) for code, spec in FIELDS.items())]


def _kind_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("What do you want?"),
        choices=[("", _("Choose")), *Kind.choices],
        error_messages={"required": _("Choose what you want."), "invalid_choice": _("Choose one of the list.")},
    )


class SayingWhatIsRight(forms.Form):
    """Which item is wrong, and what is right, with what may change along with it. known: the person's values by code,
    to which it must fit: what could not be written is not to be agreed to."""

    def __init__(self, *arguments: Any, known: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.known = known
        code = self["field"].value() or ""
        if code in FIELDS:
            _choose_from_list(self.fields["value"], code)
        if companion := COMPANIONS.get(code):
            label, hint = str(FIELDS[companion].label), _("Only if it changed as well.")
            field = forms.CharField(label=label, help_text=hint, max_length=LONGEST_VALUE, required=False)
            _choose_from_list(field, companion)
            names = list(self.fields)
            names.insert(names.index("value") + 1, "with_it")
            self.fields["with_it"] = field
            self.order_fields(names)

    def fit_value(self, said: dict[str, Any]) -> None:
        """The values in their one way of writing, or what is wrong with them beside their fields."""
        places = {said["field"]: "value", COMPANIONS.get(said["field"], ""): "with_it"}
        try:
            values = parse_said(values_wanted(said), self.known)
        except ValidationError as error:
            for code, messages in error.message_dict.items():
                self.add_error(places[code], messages)
        else:
            said.update({places[code]: value for code, value in values.items()})


def _choose_from_list(field: forms.Field, code: str) -> None:
    if choices := FIELDS[code].choices:
        field.widget = forms.Select(choices=[("", _("Choose")), *choices()])


class OwnRequestForm(SayingWhatIsRight):
    """What a signed-in person asks. key: of this form, so that a second sending asks nothing twice."""

    kind = _kind_field()
    field = forms.ChoiceField(
        label=_("Which item is wrong?"),
        choices=EVERY_FIELD,
        required=False,
        help_text=_("Only for a correction."),
        error_messages={"invalid_choice": _("Choose one of the list.")},
    )
    value = forms.CharField(label=_("What is right?"), max_length=LONGEST_VALUE, required=False)
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
        return cls(known={}, initial={"key": uuid4(), **initial})

    def clean(self) -> dict[str, Any]:
        """A correction says what is right."""
        said = super().clean() or {}
        if said.get("kind") == Kind.CORRECTION and said.get("field"):
            if said.get("value"):
                self.fit_value(said)
            elif "value" not in self.errors:
                self.add_error("value", _("Say what is right."))
        return said

    @property
    def wanted(self) -> dict[str, str] | None:
        """What exactly is to be corrected."""
        said = self.cleaned_data
        if said["kind"] != Kind.CORRECTION or not said["field"]:
            return None
        return {name: said[name] for name in ("field", "value", "with_it") if said.get(name)}


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
