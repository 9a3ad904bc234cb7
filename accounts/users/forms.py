"""What people type about themselves."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.users.rules import Contact, parse_contact

OWN_NAMES = [("zh-hans", "简体中文"), ("en", "English")]


class ContactField(forms.CharField):
    """A mobile number or an e-mail address, in any usual way of writing it."""

    widget = forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})

    def __init__(self, **options: Any) -> None:
        required = {"required": _("Enter your mobile number or e-mail address.")}
        super().__init__(label=_("Mobile number or e-mail"), error_messages=required, **options)

    def clean(self, value: Any) -> Contact:
        return parse_contact(super().clean(value))


class ContactForm(forms.Form):
    """The one field of sign-in and sign-up."""

    login = ContactField(max_length=320)
