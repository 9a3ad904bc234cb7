"""What a reviewer types in to place and lift a hold."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.users.rules import parse_contact
from accounts.users.selectors import holders_of

LONGEST_REASON = 500


class ReasonForm(forms.Form):
    """Why a hold is lifted."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        error_messages={"required": _("Write down the reason.")},
        help_text=_("Such as the letter of the court or authority, with its number and date."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class HoldForm(ReasonForm):
    """On whom, and why."""

    contact = forms.CharField(
        label=_("E-mail address or mobile number of the person"),
        max_length=254,
        error_messages={"required": _("Enter an e-mail address or a mobile number.")},
    )
    field_order = ("contact", "reason")

    user: User | None = None

    def clean_contact(self) -> str:
        """Somebody with an account."""
        text: str = self.cleaned_data["contact"]
        self.user = holders_of(parse_contact(text)).first()
        if self.user is None:
            raise ValidationError(_("Nobody has an account with this address or number."))
        return text
