"""What is said of a field of the profile: what fits it, its mask, its lock, and for whom it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.profile.masks import mask_all
from accounts.profile.validation import ENDLESS

Text = str | Promise
Choices = Sequence[tuple[str, Text]]


class Holder(StrEnum):
    """Whom an account is for (Y4)."""

    PERSON = "person"
    ENTERPRISE = "enterprise"


class LockedWhen(StrEnum):
    """From when on a person cannot edit a value themselves."""

    GIVEN = "given"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class LockReason:
    """Why a value cannot be edited (K91). text: said of one that is locked; before: to whoever is about to give one
    (K92). ground: the duty behind it, where the register names no law for the field."""

    when: LockedWhen
    before: Text
    text: Text
    ground: Text


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """code: as in the policies' registers. ask: what to do, for whoever left it empty. parse: what somebody typed, and
    the person's other values by code, to the one way of writing it; raises ValidationError. mask: for everybody but the
    person. is_masked: also on the person's own page, until they ask to see it. is_sensitive: PIPL 28. also_as: the item
    of a register under which the field stands where it has none of its own. on_demand: asked for only where a register
    names it (Y6)."""

    code: str
    label: Text
    ask: Text
    parse: Callable[[str, Mapping[str, str]], str]
    mask: Callable[[str], str] = mask_all
    holders: frozenset[Holder] = frozenset({Holder.PERSON})
    lock: LockReason | None = None
    is_sensitive: bool = False
    is_masked: bool = False
    choices: Callable[[], Choices] | None = None
    hint: Text = ""
    autocomplete: str = "off"
    also_as: str = ""
    on_demand: bool = False

    def display(self, value: str) -> str:
        """The value in words of the reader's language."""
        if value == ENDLESS:
            return str(_("without end"))
        return str(dict(self.choices()).get(value, value)) if self.choices else value

    def shown(self, value: str) -> str:
        """The value as it stands on the person's own page."""
        return self.mask(value) if self.is_masked else self.display(value)

    def is_locked(self, *, is_given: bool, is_verified: bool) -> bool:
        """Whether the person themselves can no longer edit it."""
        if self.lock is None:
            return False
        return is_verified or (is_given and self.lock.when is LockedWhen.GIVEN)


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """An identity document and the shape of its number."""

    code: str
    label: Text
    parse: Callable[[str], str] = field(repr=False)
