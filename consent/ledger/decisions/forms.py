"""A day in the past, and about whom."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.rules import Contact, parse_contact
from consent.policies.models import Controller
from consent.policies.recipients.selectors import start_of

ACCOUNT, REFERENCE = "account", "reference"


class DayForm(forms.Form):
    """on: a day that has come."""

    on = forms.DateField(label=_("On"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def clean_on(self) -> date:
        """Not in the future."""
        day: date = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day has not come yet."))
        return day

    def instant(self, now: datetime) -> datetime:
        """The end of that day in the portal's time zone; today, this moment."""
        end = start_of(self.cleaned_data["on"] + timedelta(days=1)) - timedelta(microseconds=1)
        return min(end, now)


class LookUpForm(DayForm):
    """Whose consents an auditor looks at, and why."""

    controller = forms.ModelChoiceField(
        label=_("Company"), queryset=Controller.objects.order_by("slug"), empty_label=_("Please choose")
    )
    kind = forms.ChoiceField(
        label=_("Known by"),
        choices=[(REFERENCE, _("the company's own reference")), (ACCOUNT, _("the account's e-mail or mobile number"))],
    )
    who = forms.CharField(label=_("Reference, e-mail or mobile number"), max_length=200)
    why = forms.CharField(
        label=_("Case number or reason"),
        max_length=200,
        help_text=_("It is recorded with your name, and the person may see it."),
    )
    field_order = ["controller", "kind", "who", "on", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.fields["controller"]
        if isinstance(company, forms.ModelChoiceField) and Controller.objects.count() == 1:
            company.empty_label = None  # where there is one, there is nothing to choose

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == ACCOUNT and cleaned.get("who"):
            try:
                cleaned["contact"] = parse_contact(cleaned["who"])
            except ValidationError as error:
                self.add_error("who", error)
        return cleaned

    @property
    def contact(self) -> Contact | None:
        """The account's contact, None where a reference was given."""
        return self.cleaned_data.get("contact")

    @property
    def about(self) -> str:
        """Whom it is about, as the auditor knows them; contacts are masked."""
        return str(self.contact or self.cleaned_data["who"])
