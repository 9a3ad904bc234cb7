"""What the importer noticed in a text and a person should look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MESSAGES: Final[Mapping[str, str | Promise]] = {
    "residue": _("Something an editor left behind was removed: “%(text)s”."),
    "page-mark": _("A page number or running header was removed: “%(text)s”."),
    "invisible": _("Invisible characters were removed: %(characters)s."),
    "unreadable-character": _("A character of this line was already lost in the file (�)."),
    "title-missing": _("The text does not begin with a title."),
    "contents-left-out": _(
        "The list of contents (%(count)s entries, to line %(last)s) was left out: it is made from the headings."
    ),
    "contents-differ": _("The list of contents says “%(entry)s” for chapter %(number)s, its heading “%(heading)s”."),
    "contents-no-heading": _("The list of contents names “%(entry)s”, but no chapter has this heading."),
    "contents-not-listed": _("Chapter %(number)s, “%(heading)s”, is missing from the list of contents."),
    "chapter-number": _("The chapter heading “%(heading)s” was numbered “%(printed)s”; it now has “%(meant)s”."),
    "chapter-without-number": _("The chapter heading “%(heading)s” had no number; it now has “%(meant)s”."),
    "number-start": _("The list begins with “%(printed)s”, not with number 1."),
    "number-jump": _("“%(printed)s” follows number %(before)s: the numbering jumps."),
    "number-repeated": _("“%(printed)s” stands twice in the same list."),
    "number-back": _("“%(printed)s” follows number %(before)s: the numbering goes back."),
}


@dataclass(frozen=True)
class Finding:
    """One thing noticed. line: counted from 1 in the text as it was given. parameters: fill the sentence of `code`."""

    code: str
    line: int
    parameters: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    @property
    def message(self) -> str:
        """The sentence in the reader's language."""
        return str(MESSAGES[self.code]) % {"line": self.line, **self.parameters}

    def __str__(self) -> str:
        return _("Line %(line)s: %(message)s") % {"line": self.line, "message": self.message}
