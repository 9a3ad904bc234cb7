"""What the desk types in: texts, what changes, lines of the register, the date, the company's details."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.policies.fields import localized
from consent.policies.models import ChangeKind, Controller, LawfulBasis, Necessity, PolicyVersion, Purpose
from consent.policies.recipients.rules import RecipientFacts
from consent.policies.rules.clauses import parse

LANGUAGES = [(code, name) for code, name in settings.LANGUAGES]
TEXT_LIMIT_CHARACTERS = 2 * 1024 * 1024  # what can be imported can be edited
WORDS_LIMIT_CHARACTERS, NAME_LIMIT_CHARACTERS, CODE_LIMIT_CHARACTERS = 2_000, 200, 50

LONGEST_VALIDITY_DAYS = 36_500
NEVER_SHARED = "never-shared"
CODE = re.compile(rf"[A-Za-z0-9_-]{{1,{CODE_LIMIT_CHARACTERS}}}")


class LocalizedFields(forms.Form):
    """Adds, for each name in `localized`, one field a language and gathers them again as {language: text}."""

    localized: dict[str, tuple[Any, bool]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, long) in self.localized.items():
            texts = self.initial.get(name) or {}
            for code, language in LANGUAGES:
                self.fields[f"{name}_{code}"] = forms.CharField(
                    label=gettext("%(label)s (%(language)s)") % {"label": label, "language": language},
                    required=False,
                    max_length=WORDS_LIMIT_CHARACTERS,
                    initial=texts.get(code, ""),
                    widget=forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput(),
                    strip=True,
                )

    def texts(self, name: str) -> dict[str, str]:
        """language → what was typed, without the empty ones."""
        typed = {code: self.cleaned_data[f"{name}_{code}"] for code, _language in LANGUAGES}
        return {code: text for code, text in typed.items() if text}


class TextForm(forms.Form):
    """One text a language, in Markdown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, language in LANGUAGES:
            self.fields[f"markdown_{code}"] = forms.CharField(
                label=language,
                required=False,
                strip=False,
                max_length=TEXT_LIMIT_CHARACTERS,
                initial=self.initial.get(code, ""),
                widget=forms.Textarea(attrs={"class": "src", "spellcheck": "false"}),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for code, _language in LANGUAGES:
            text = cleaned.get(f"markdown_{code}", "")
            if text.strip() and not parse(text).chapters:
                self.add_error(f"markdown_{code}", _("No chapter headings: begin each chapter with “## ”."))
        return cleaned

    def texts(self) -> dict[str, str]:
        """language → Markdown with plain line ends; empty where the language has none."""
        return {code: self.cleaned_data[f"markdown_{code}"].replace("\r\n", "\n") for code, _language in LANGUAGES}


class ChangeForm(LocalizedFields):
    """What a draft changes, and what refusing it means."""

    change_kinds = forms.MultipleChoiceField(
        label=_("What changes"), choices=ChangeKind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    localized = {
        "change_summary": (_("What changed, in a few sentences"), True),
        "refusal_consequence": (_("If somebody refuses the policy as a whole"), True),
    }

    @classmethod
    def of(cls, version: PolicyVersion, data: Any = None) -> "ChangeForm":
        """The form filled with what the draft says now."""
        initial = {
            "change_kinds": version.change_kinds,
            "change_summary": version.change_summary,
            "refusal_consequence": version.refusal_consequence,
        }
        return cls(data, initial=initial)


class PurposeForm(LocalizedFields):
    """A line of the register. Items are written one a line: `code | 中文名 | English name | sensitive never-shared`."""

    code = forms.SlugField(
        label=_("Code"),
        max_length=CODE_LIMIT_CHARACTERS,
        help_text=_("Short, Latin letters, the same in every version."),
    )
    lawful_basis = forms.ChoiceField(label=_("Lawful basis"), choices=LawfulBasis.choices)
    exemption = forms.ChoiceField(
        label=_("Why no consent is needed"),
        required=False,
        choices=[("", _("consent is needed")), *[(f"E{n}", f"E{n}") for n in range(1, 11)]],
    )
    necessity = forms.ChoiceField(label=_("Necessity"), choices=Necessity.choices)
    is_sensitive = forms.BooleanField(label=_("Sensitive"), required=False)
    needs_separate_consent = forms.BooleanField(label=_("Needs separate consent"), required=False)
    is_marketing = forms.BooleanField(
        label=_("Marketing"),
        required=False,
        help_text=_("Needs consent, and third parties are given nothing for it."),
    )
    validity_days = forms.IntegerField(
        label=_("A yes holds for (days)"),
        required=False,
        min_value=1,
        max_value=LONGEST_VALIDITY_DAYS,
        help_text=_("Then people are asked again. Leave it empty where it holds until it is taken back."),
    )
    recipient_codes = forms.MultipleChoiceField(
        label=_("Recipients"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody else may be given this information."),
    )
    items = forms.CharField(
        label=_("Items of information"),
        help_text=_(
            "One a line: code | Chinese name | English name | sensitive never-shared (the last words only where true)."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    localized = {
        "title": (_("Title"), False),
        "description": (_("Why"), True),
        "citation": (_("Source in law"), False),
        "recipients": (_("Given to"), False),
        "retention": (_("Kept"), False),
        "refusal_consequence": (_("If refused"), True),
    }

    @classmethod
    def of(
        cls, purpose: Purpose | None, data: Any = None, *, recipients: Mapping[str, RecipientFacts]
    ) -> "PurposeForm":
        """The form filled with the line, or empty. recipients: those of the controller, by code."""
        facts = purpose.facts() if purpose else {}
        items = "\n".join(_item_line(item) for item in facts.get("items", []))
        form = cls(data, initial=facts | {"items": items})
        choices = [(code, localized(facts.name) or code) for code, facts in recipients.items()]
        if choices:
            form.fields["recipient_codes"].choices = choices  # type: ignore[attr-defined]
        else:
            del form.fields["recipient_codes"]
        return form

    def clean_items(self) -> list[dict[str, Any]]:
        """The typed lines as items. Names the line that does not fit."""
        items = [_item(line, number) for number, line in enumerate(_lines(self.cleaned_data["items"]), 1)]
        codes = [item["code"] for item in items]
        if twice := next((code for code in codes if codes.count(code) > 1), None):
            raise ValidationError(_("The code “%(code)s” stands twice.") % {"code": twice})
        return items

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        asked = cleaned.get("lawful_basis") == LawfulBasis.CONSENT
        if asked and cleaned.get("exemption"):
            self.add_error("exemption", _("A purpose that rests on consent has no exemption from it."))
        if not asked and not cleaned.get("exemption"):
            self.add_error("exemption", _("Name the exemption (E1 to E10) that lets this purpose do without consent."))
        return cleaned

    def facts(self) -> dict[str, Any]:
        """As `Purpose.facts()`."""
        said = {name: value for name, value in self.cleaned_data.items() if name in self.base_fields}
        said.setdefault("recipient_codes", [])
        return said | {name: self.texts(name) for name in self.localized}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _item(line: str, number: int) -> dict[str, Any]:
    code, *names = [part.strip() for part in line.split("|")]
    if not CODE.fullmatch(code) or not names or not names[0]:
        message = _("Line %(number)s does not fit: code | Chinese name | English name | sensitive")
        raise ValidationError(message % {"number": number})
    if max(map(len, names)) > NAME_LIMIT_CHARACTERS:
        raise ValidationError(_("Line %(number)s is too long: a name has 200 characters at most.") % {"number": number})
    name = {"zh-hans": names[0]}
    if len(names) > 1 and names[1]:
        name["en"] = names[1]
    flags = " ".join(names[2:]).split()
    never_shared = NEVER_SHARED in flags
    return {"code": code, "name": name, "is_sensitive": len(flags) > never_shared, "never_shared": never_shared}


def _item_line(item: dict[str, Any]) -> str:
    parts = [item["code"], item["name"].get("zh-hans", ""), item["name"].get("en", "")]
    flags = ["sensitive"] * item["is_sensitive"] + [NEVER_SHARED] * item["never_shared"]
    return " | ".join(parts + ([" ".join(flags)] if flags else []))


class EffectiveForm(forms.Form):
    """From when a version applies, in the portal's time zone."""

    effective_at = forms.DateTimeField(
        label=_("In effect from"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
    )

    def clean_effective_at(self) -> datetime:
        """A future instant."""
        value: datetime = self.cleaned_data["effective_at"]
        if value <= timezone.now():
            raise ValidationError(_("A change takes effect in the future. Choose a later time."))
        return value


class ControllerForm(LocalizedFields):
    """The company's details as policies, notices and receipts show them."""

    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    no_nag_days = forms.IntegerField(
        label=_("Days of rest"),
        min_value=0,
        max_value=365,
        help_text=_("Who chose to answer later, or whose consent ran out, is not asked again before."),
    )
    localized = {
        "name": (_("Registered name"), False),
        "brand": (_("Brand"), False),
        "address": (_("Address"), False),
        "hours": (_("Hours"), False),
    }

    @classmethod
    def of(cls, controller: Controller, data: Any = None) -> "ControllerForm":
        """The form filled with what is on file."""
        return cls(data, initial=controller.block() | {"no_nag_days": controller.no_nag_days})

    def facts(self) -> dict[str, Any]:
        """As `describe_controller` takes them."""
        plain = {name: self.cleaned_data[name] for name in ("phone", "email", "no_nag_days")}
        return plain | {name: self.texts(name) for name in self.localized}
