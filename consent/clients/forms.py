"""What the desk types in to give a company's system a key."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.clients.models import Scope

MOST_A_MINUTE = 1_000_000


class KeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(
        label=_("Name of the key"),
        max_length=100,
        help_text=_("Which system uses it, such as “checkout” or “call centre”."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    requests_a_minute = forms.IntegerField(
        label=_("Requests a minute"), min_value=1, max_value=MOST_A_MINUTE, initial=6000
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("It can be used up to the end of this day. Leave it empty for a key without an end."),
    )

    def clean_last_day(self) -> date | None:
        """Today at the earliest."""
        day: date | None = self.cleaned_data["last_day"]
        if day and day < timezone.localdate():
            raise ValidationError(_("Choose today or a later day."))
        return day

    @property
    def expires_at(self) -> datetime | None:
        """The instant at which the last day is over, aware."""
        day: date | None = self.cleaned_data["last_day"]
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) if day else None
