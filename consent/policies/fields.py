"""A text in several languages, kept as one JSON object {"zh-hans": "…", "en": "…"}."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def localized(texts: Mapping[str, str], language: str | None = None) -> str:
    """The text in `language` (the reader's where None), else in the portal's first language, else in any."""
    wanted = language or get_language() or settings.LANGUAGE_CODE
    for code in (wanted, settings.LANGUAGE_CODE):
        if texts.get(code):
            return texts[code]
    return next((text for text in texts.values() if text), "")


def validate_languages(texts: object) -> None:
    """Raises ValidationError unless `texts` maps languages of the portal to strings."""
    known = {code for code, _name in settings.LANGUAGES}
    if not isinstance(texts, Mapping) or not all(
        code in known and isinstance(text, str) for code, text in texts.items()
    ):
        raise ValidationError(_("Give one text for each language."))


class LocalizedField(models.JSONField):
    """One text for each language. Read it with `localized()`, in templates with the filter of the same name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)
        self.validators = [*self.validators, validate_languages]

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, list(args), dict(kwargs)
