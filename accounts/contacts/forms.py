"""A new contact of a kind that the page names."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from accounts.users.rules import Contact, ContactKind, parse_contact_as


class NewContactForm(forms.Form):
    """contact: what a valid form holds."""

    new = forms.CharField(max_length=320, error_messages={"max_length": _("That is much too long.")})

    def __init__(self, user: User, kind: ContactKind, data: Any = None) -> None:
        super().__init__(data)
        self.user, self.kind = user, kind
        is_email = kind is ContactKind.EMAIL
        field = self.fields["new"]
        field.label = _("New e-mail address") if is_email else _("New mobile number")
        field.error_messages["required"] = (
            _("Enter the new e-mail address.") if is_email else _("Enter the new mobile number.")
        )
        field.widget.attrs |= {
            "autocomplete": "email" if is_email else "tel",
            "inputmode": "email" if is_email else "tel",
            "autocapitalize": "none",
            "spellcheck": "false",
        }

    def clean_new(self) -> Contact:
        contact = parse_contact_as(self.kind, self.cleaned_data["new"])
        if any(contact == own and own.is_proven for own in self.user.contacts):
            raise ValidationError(_("This is the one that your account has already."))
        return contact

    @property
    def contact(self) -> Contact | None:
        """The new contact, or None while the form is empty or wrong."""
        return self.cleaned_data["new"] if self.is_valid() else None
