"""Where a one-time code is typed."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.otp.models import Challenge
from accounts.otp.rules import CODE_DIGITS


class CodeInput(forms.TextInput):
    """Never shows again what was typed."""

    def format_value(self, value: Any) -> None:
        return None


class CodeField(forms.CharField):
    """Six digits; spaces, hyphens and full-width digits are forgiven."""

    widget = CodeInput(
        attrs={"class": "code", "inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "12"}
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Code, 6 digits"), error_messages={"required": _("Enter the 6 digits.")}, **options)

    def clean(self, value: Any) -> str:
        code = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", super().clean(value)))
        if not re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", code):
            raise forms.ValidationError(_("The code has 6 digits."))
        return code


class CodeForm(forms.Form):
    """The code for one act, alone or as the base of a form that asks more."""

    code = CodeField()

    def describe(self, challenge: Challenge | None) -> None:
        """Say beside the field where the code went and how long it is valid."""
        if challenge is None:
            return
        until = date_format(timezone.localtime(challenge.expires_at), "H:i")
        sent_to = format_html('<span class="mask">{}</span>', challenge.destination)
        self["code"].help_text = format_html(
            gettext("Sent to {destination}, valid until {time}."), destination=sent_to, time=until
        )
