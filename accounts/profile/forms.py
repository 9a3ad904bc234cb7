"""What people type about themselves, and what they switch on and off."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.profile.models import ProfileLabel
from accounts.profile.preferences import MARKETING, SWITCHES, Settings
from accounts.profile.rules import parse_values
from accounts.profile.selectors import Item
from accounts.profile.specs import FieldSpec
from accounts.profile.validation import ENDLESS
from accounts.profile.words import SWITCH_WORDS, marketing_words
from accounts.users.forms import OWN_NAMES
from accounts.users.models import User

EXPIRY = "id-expiry"
WITHOUT_END = "endless"
LONGEST = 2000  # characters that are looked at; what fits a field is said by its own rule


class ProfileForm(forms.Form):
    """One field of the profile, or the few that are given together. items: what is known of them, by code; what is
    locked is not asked for. values: what was typed, in its one way of writing."""

    def __init__(self, items: Mapping[str, Item], data: Any = None) -> None:
        super().__init__(data)
        self.known = {code: item.value for code, item in items.items() if item.value}
        self.open = [code for code, item in items.items() if not item.is_locked]
        self.values: dict[str, str] = {}
        for code in self.open:
            item = items[code]
            self.fields[code] = _form_field(item.spec)
            self.fields[code].initial = "" if item.spec.is_masked or item.value == ENDLESS else item.value
        if EXPIRY in self.open:
            self.fields[EXPIRY].required = False
            self.fields[WITHOUT_END] = forms.BooleanField(
                label=_("It is valid without end"), required=False, initial=self.known.get(EXPIRY) == ENDLESS
            )

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        values = {code: str(typed[code]) for code in self.open if code in typed}
        if EXPIRY in values and typed.get(WITHOUT_END):
            values[EXPIRY] = ENDLESS
        elif not values.get(EXPIRY, ENDLESS):
            self.add_error(EXPIRY, self.fields[EXPIRY].error_messages["required"])
            del values[EXPIRY]
        try:
            self.values = parse_values(values, self.known)
        except ValidationError as error:
            self.add_error(None, error)
        return typed


class Switch(forms.CheckboxInput):
    """A tick that looks and speaks like a switch."""

    def __init__(self) -> None:
        super().__init__({"class": "switch", "role": "switch"})


class SettingsForm(forms.Form):
    """Everything that can be switched, the language and the look of pages."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=OWN_NAMES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a language."), "invalid_choice": _("Choose one of the list.")},
    )
    theme = forms.ChoiceField(
        label=_("Light or dark"),
        choices=User.Theme.choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": _("Choose one of the list.")},
    )

    def __init__(
        self,
        user: User,
        marketing: Mapping[tuple[str, str], Any],
        labelled: Sequence[ProfileLabel] = (),
        data: QueryDict | None = None,
    ) -> None:
        super().__init__(data, initial={"language": user.language, "theme": user.theme})
        self.labelled = labelled
        self.shown = set(data.getlist("shown_label")) if data else set()
        for name in SWITCHES:
            self._add_switch(name, SWITCH_WORDS[name], is_on=getattr(user, name))
        for channel, topic in MARKETING:
            is_on = (channel, topic) in marketing
            self._add_switch(_name(channel, topic), marketing_words(channel, topic), is_on=is_on)
        for each in labelled:
            self._add_switch(f"label_{each.pk}", each.code, is_on=each.switched_off_at is None)

    def _add_switch(self, name: str, label: Any, *, is_on: bool) -> None:
        self.fields[name] = forms.BooleanField(label=label, required=False, widget=Switch(), initial=is_on)

    def _shown(self) -> Iterable[ProfileLabel]:
        """One that came in after the page was opened was not switched off by not being ticked."""
        return (label for label in self.labelled if str(label.pk) in self.shown)

    def chosen(self) -> Settings:
        """What a valid form says."""
        data = self.cleaned_data
        return Settings(
            switches={name: data[name] for name in SWITCHES},
            marketing={(channel, topic): data[_name(channel, topic)] for channel, topic in MARKETING},
            language=data["language"],
            theme=data["theme"],
            labels={label.pk: data[f"label_{label.pk}"] for label in self._shown()},
        )


def _form_field(spec: FieldSpec) -> forms.Field:
    messages = {"required": spec.ask, "max_length": _("That is much too long.")}
    options: dict[str, Any] = {"label": spec.label, "help_text": spec.hint, "error_messages": messages}
    attributes = {"autocomplete": spec.autocomplete}
    if spec.choices:
        # What was sent is judged by the field's own rule, like everything else.
        return forms.CharField(
            widget=forms.Select(attributes, choices=[("", _("Please choose")), *spec.choices()]), **options
        )
    if spec.code == EXPIRY:
        return forms.CharField(widget=forms.TextInput({**attributes, "type": "date"}), max_length=LONGEST, **options)
    return forms.CharField(widget=forms.TextInput(attributes), max_length=LONGEST, **options)


def _name(channel: str, topic: str) -> str:
    return f"{topic}_{channel}"
