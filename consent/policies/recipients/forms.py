"""What the desk types in about recipients: what they are, and the agreements that bind them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.policies.forms import CODE_LIMIT_CHARACTERS, LocalizedFields
from consent.policies.recipients.models import RecipientRole
from consent.policies.recipients.rules import RecipientFacts

DATE = {"type": "date"}


class RecipientForm(LocalizedFields):
    """What a recipient is from now on."""

    code = forms.SlugField(
        label=_("Code"),
        max_length=CODE_LIMIT_CHARACTERS,
        help_text=_("Short, Latin letters, the same in every version."),
    )
    role = forms.ChoiceField(label=_("What it is to us"), choices=RecipientRole.choices)
    assessed_on = forms.DateField(
        label=_("Assessed on"),
        required=False,
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
        help_text=_(
            "The day on which giving it information was found lawful, justified and necessary. Without it, no."
        ),
    )
    uses_for_own_marketing = forms.BooleanField(
        label=_("Uses what it is given for its own marketing"),
        required=False,
        help_text=_("Then it is given nothing, whatever people agree to."),
    )
    localized = {"name": (_("Full name"), False)}

    @classmethod
    def of(cls, facts: RecipientFacts | None, data: Any = None) -> RecipientForm:
        """The form filled with what is on file, or empty."""
        names = ("code", "role", "assessed_on", "uses_for_own_marketing", "name")
        return cls(data, initial={name: getattr(facts, name) for name in names} if facts else {})

    def clean_assessed_on(self) -> Any:
        """A day that has come."""
        day = self.cleaned_data["assessed_on"]
        if day and day > timezone.localdate():
            raise ValidationError(_("This day has not come yet."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(f"name_{code}") for code in ("zh-hans", "en")):
            self.add_error("name_zh-hans", _("Name it in full: people read this name."))
        return cleaned

    def facts(self) -> dict[str, Any]:
        """As `describe_recipient` takes them."""
        plain = {name: self.cleaned_data[name] for name in ("role", "assessed_on", "uses_for_own_marketing")}
        return plain | {"name": self.texts("name")}


class AgreementForm(forms.Form):
    """An agreement to put on file."""

    reference = forms.CharField(label=_("Name or number of the agreement"), max_length=200)
    confidentiality = forms.BooleanField(
        label=_("It obliges the recipient to keep the information confidential"),
        required=False,
        help_text=_("Without that it does not count."),
    )
    valid_from = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"))
    valid_until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
        help_text=_("Leave it empty where no end is agreed."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day comes before the first."))
        return cleaned
