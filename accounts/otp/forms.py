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

MAX_ANSWER = 16 * 1024  # characters of a passkey's answer, with room for an attestation


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
        options.setdefault("label", _("Code, 6 digits"))
        super().__init__(error_messages={"required": _("Enter the 6 digits.")}, **options)

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


class TokenForm(forms.Form):
    """What an authenticator app shows."""

    code = CodeField(label=_("The 6 digits that the app shows"))


class RecoveryForm(forms.Form):
    """One of the printed codes; capitals, spaces and hyphens are forgiven."""

    code = forms.CharField(
        label=_("Recovery code"),
        max_length=40,
        error_messages={"required": _("Enter one of your recovery codes.")},
        widget=CodeInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", self.cleaned_data["code"])).lower()


class AnswerInput(forms.HiddenInput):
    """Filled in by a script; never by us, because each question has its own answer."""

    def format_value(self, value: Any) -> None:
        """Nothing, whatever was sent before."""


class PasskeyForm(forms.Form):
    """What the browser's passkey answered; a script writes it."""

    code = forms.CharField(
        max_length=MAX_ANSWER,
        widget=AnswerInput(attrs={"data-answer": ""}),
        error_messages={"required": _("The passkey gave no answer. Try again, or choose another way.")},
    )


class NameForm(forms.Form):
    """What a person calls a device."""

    name = forms.CharField(
        label=_("What you call it"),
        max_length=60,
        help_text=_("Such as: my phone."),
        error_messages={"required": _("Give it a name, so that you know it again.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class AddAppForm(NameForm, TokenForm):
    """The first token of an app, and its name."""

    field_order = ("code", "name")


class AddPasskeyForm(NameForm, PasskeyForm):
    """What the browser made, and its name, without which it is not asked to make one."""

    def clean(self) -> dict[str, Any] | None:
        if "name" in self.errors:
            self.errors.pop("code", None)
        return super().clean()
