"""What a person may add when they lock their account."""

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 2000  # characters


class CompromiseForm(forms.Form):
    """Nothing has to be filled in, and nothing is sent along unless the person says so (K36)."""

    details = forms.CharField(
        label=_("What did you notice?"),
        help_text=_("You can leave this empty."),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    with_sign_ins = forms.BooleanField(
        label=_("Show the staff who help me my last 20 sign-ins: time, browser, network, rough place, result"),
        required=False,
    )
