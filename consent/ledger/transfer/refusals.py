"""Why a line of an import is not taken: a code for programs, a sentence for people in each language of the portal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from consent.ledger.errors import ImpliedNotAllowed, NotAskable, SubjectClosed, UnknownPurpose


class Reason(StrEnum):
    """The codes. They do not change from one release to the next."""

    NOT_UTF8 = "not_utf8"
    TOO_LONG = "too_long"
    NOT_JSON = "not_json"
    NOT_CSV = "not_csv"
    MISSING_FIELD = "missing_field"
    UNKNOWN_FIELD = "unknown_field"
    INVALID_VALUE = "invalid_value"
    NO_TIME_ZONE = "no_time_zone"
    IMPLAUSIBLE_INSTANT = "implausible_instant"
    BEFORE_PUBLICATION = "before_publication"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_PURPOSE = "unknown_purpose"
    NOT_ASKABLE = "not_askable"
    IMPLIED_NOT_ALLOWED = "implied_not_allowed"
    NO_TEXT_IN_LANGUAGE = "no_text_in_language"
    SUBJECT_CLOSED = "subject_closed"
    CONFLICT = "conflict"


_SENTENCES: Mapping[Reason, str | Promise] = {
    Reason.NOT_UTF8: _("The line is not UTF-8 text."),
    Reason.TOO_LONG: _("The line is too long."),
    Reason.NOT_JSON: _("The line is not a JSON object."),
    Reason.NOT_CSV: _("The line does not have the columns of the first line."),
    Reason.MISSING_FIELD: _("“%(field)s” is missing."),
    Reason.UNKNOWN_FIELD: _("“%(field)s” is not known."),
    Reason.INVALID_VALUE: _("“%(field)s” has a value that cannot be kept."),
    Reason.NO_TIME_ZONE: _("The instant does not say its time zone."),
    Reason.IMPLAUSIBLE_INSTANT: _("The instant lies in the future or before the year 2000."),
    Reason.BEFORE_PUBLICATION: _("At that instant this version had not been published."),
    Reason.UNKNOWN_VERSION: _("There is no such published version of this policy."),
    Reason.UNKNOWN_PURPOSE: UnknownPurpose.message,
    Reason.NOT_ASKABLE: NotAskable.message,
    Reason.IMPLIED_NOT_ALLOWED: ImpliedNotAllowed.message,
    Reason.NO_TEXT_IN_LANGUAGE: _("This version has no text in that language."),
    Reason.SUBJECT_CLOSED: SubjectClosed.message,
    Reason.CONFLICT: _("A line with this id was imported before, and it said something else."),
}


class Refused(Exception):
    """Raised where a line is checked; becomes a `Refusal` where its number is known."""

    def __init__(self, reason: Reason, field: str = "") -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


@dataclass(frozen=True, slots=True)
class Refusal:
    """line: its number in the file, from 1. field: the faulty one, or ''."""

    line: int
    reason: Reason
    field: str = ""

    def as_json(self) -> dict[str, Any]:
        """{"line", "code", "field" (null where no single one is at fault), "message": {language: sentence}}."""
        return {
            "line": self.line,
            "code": str(self.reason),
            "field": self.field or None,
            "message": _messages(self.reason, self.field),
        }


@lru_cache(maxsize=1024)
def _messages(reason: Reason, field: str) -> Mapping[str, str]:
    messages = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            messages[code] = str(_SENTENCES[reason]) % {"field": field}
    return messages
