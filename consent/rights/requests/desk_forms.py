"""What the desk writes into a request, and how it searches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.profile.rules import FIELDS
from accounts.profile.selectors import values_of
from consent.policies.recipients.selectors import start_of
from consent.rights.requests.forms import LONGEST, PublicRequestForm, SayingWhatIsRight
from consent.rights.requests.models import ENDED, TASKS, Decision, Kind, Refusal, RightsRequest, Status

# Instants around the first and the last day that Python knows lie outside of what it can compute with.
REAL_DAYS = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31)))
# Why a member of staff needs to see a value (K60).
REASONS = {
    "call_back": _("to call the person back"),
    "compare": _("to compare it with documents"),
    "carry_out": _("to carry out the request"),
    "decide": _("to decide on the request"),
}


class PhoneRequestForm(PublicRequestForm):
    """What a support agent writes down while somebody is on the telephone (K94)."""

    language = forms.ChoiceField(label=_("Language of the caller"), choices=settings.LANGUAGES)
    field_order = ("kind", "contact", "name", "language", "details")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        kind, contact, name, details = (self.fields[field] for field in ("kind", "contact", "name", "details"))
        kind.label = _("What the caller wants")
        kind.choices = [("", _("Choose")), *TASKS.items()]  # type: ignore[attr-defined]
        contact.label, contact.help_text = _("E-mail address or mobile number of the account"), ""
        name.label = _("Name that the caller gives")
        details.label, details.help_text = _("In the caller's words"), _("Only what the request needs.")
        for field in (contact, name):
            field.widget.attrs["autocomplete"] = "off"


class DecisionForm(forms.Form):
    """What a reviewer decides."""

    decision = forms.ChoiceField(
        label=pgettext_lazy("of a request", "Decision"),
        choices=[(Decision.GRANTED, _("Agree")), (Decision.REFUSED, _("Refuse"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether you agree or refuse.")},
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
        error_messages={"required": _("Write what the person is told.")},
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


class CorrectionForm(SayingWhatIsRight):
    """What is to be written, where the person said it on the telephone."""

    field = forms.ChoiceField(label=_("Item"), choices=[(code, spec.label) for code, spec in FIELDS.items()])
    value = forms.CharField(label=_("New value"), max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean(self) -> dict[str, Any]:
        """What can be written."""
        said = super().clean() or {}
        if said.get("field") and said.get("value"):
            self.fit_value(said)
        return said


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
    k = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All")), *TASKS.items()])
    mine = forms.BooleanField(label=_("Only mine"), required=False)


def wanted_form(request: RightsRequest, data: Mapping[str, Any] | None = None) -> CorrectionForm | None:
    """What must still be said before a correction can be carried out."""
    if request.kind != Kind.CORRECTION or request.wanted:
        return None
    return CorrectionForm(data, known=values_of(request.user) if request.user else {})


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
