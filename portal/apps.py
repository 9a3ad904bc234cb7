"""The product's own words in every form where Django has stock ones."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

LISTED = {"required": _("Choose one."), "invalid_choice": _("Choose one of the list.")}
# A field says something else only where its own `error_messages` do.
WORDS: Mapping[type[forms.Field], Mapping[str, Any]] = {
    forms.Field: {
        "required": _("Fill this in."),
        "max_length": _("Use %(limit_value)d characters at most."),
        "min_value": _("Enter %(limit_value)s or more."),
        "max_value": _("Enter %(limit_value)s or less."),
    },
    forms.BooleanField: {"required": _("Tick this to go on.")},
    forms.ChoiceField: LISTED,
    forms.ModelChoiceField: LISTED,
    forms.MultipleChoiceField: LISTED | {"required": _("Choose at least one.")},
    forms.FileField: {"required": _("Choose a file.")},
    forms.DateField: {"invalid": _("Enter a day such as 2026-03-02.")},
    forms.DateTimeField: {"invalid": _("Enter a day and a time such as 2026-03-02 09:00.")},
    forms.EmailField: {"invalid": _("That is not an e-mail address. It should look like name@example.com.")},
    forms.SlugField: {"invalid": _("Use Latin letters, digits, hyphens and underscores.")},
}


class PortalConfig(AppConfig):
    """Wiring."""

    name = "portal"

    def ready(self) -> None:
        """Each kind of field looks its messages up in its class."""
        for kind, words in WORDS.items():
            own = vars(kind).get("default_error_messages", {})
            kind.default_error_messages = {**own, **words}
