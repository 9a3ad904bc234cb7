"""What a reviewer types in about a disclosure."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.users.rules import parse_contact
from accounts.users.selectors import holders_of
from consent.rights.disclosures.actions import Facts
from consent.rights.leaving.holdings import CODES, label_for_staff

NO_NAMES = _("No names of people: what is entered here can never be erased.")


def _day(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"})
    messages = {"required": _("Choose the day.")}
    return forms.DateField(label=label, help_text=help_text, required=required, widget=widget, error_messages=messages)


class DisclosureForm(forms.Form):
    """A line of the register."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    authority = forms.CharField(
        label=_("Authority"),
        max_length=200,
        help_text=NO_NAMES,
        error_messages={"required": _("Enter the name of the authority.")},
    )
    ground = forms.CharField(
        label=_("Legal ground"),
        max_length=300,
        help_text=_("The law with its article."),
        error_messages={"required": _("Enter the law with its article.")},
    )
    document = forms.CharField(
        label=_("Number of its letter"),
        max_length=100,
        help_text=_("Or of the report, where the law itself asks for it."),
        error_messages={"required": _("Enter the number of the letter or report.")},
    )
    disclosed_on = _day(_("Day on which it was given"))
    items = forms.MultipleChoiceField(
        label=_("What was given"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one item.")},
    )
    contact = forms.CharField(
        label=_("E-mail address or mobile number of the person"),
        max_length=254,
        required=False,
        help_text=_("Leave it empty for a report about nobody in particular."),
    )
    secret_until = _day(
        _("The person must not know until the end of"),
        _("Only where a law forbids to tell them. Left empty, they see it at once."),
        required=False,
    )

    user: User | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = [(code, label_for_staff(code)) for code in CODES]  # type: ignore[attr-defined]

    def clean_contact(self) -> str:
        """Somebody with an account, or nobody."""
        text: str = self.cleaned_data["contact"]
        if text:
            self.user = holders_of(parse_contact(text)).first()
            if self.user is None:
                raise ValidationError(_("Nobody has an account with this address or number."))
        return text

    def clean_disclosed_on(self) -> date:
        """Today at the latest."""
        day: date = self.cleaned_data["disclosed_on"]
        if day > timezone.localdate():
            raise ValidationError(_("Choose today or an earlier day."))
        return day

    def facts(self) -> Facts:
        """What a valid form says."""
        return Facts(**{name: self.cleaned_data[name] for name in Facts.__slots__})
