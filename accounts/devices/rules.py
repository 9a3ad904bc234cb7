"""What about a sign-in is unusual, and how much care follows from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.users.rules import Contact

MANY = 5  # wrong codes in FAILURES_SINCE and since the last success
FAILURES_SINCE = timedelta(hours=24)
WARY_FOR = timedelta(days=30)  # after somebody said of a sign-in that it was not them


class Risk(StrEnum):
    """Why a sign-in is not like the earlier ones (K31)."""

    NEW_BROWSER = "new_browser"
    NEW_NETWORK = "new_network"
    NEW_PLACE = "new_place"
    MANY_FAILURES = "many_failures"
    DISOWNED_BEFORE = "disowned_before"

    @property
    def label(self) -> str:
        """In words, as part of a list."""
        return str(_LABELS[self])


class Level(TextChoices):
    """What is done about it."""

    USUAL = "usual", _("as usual")
    TOLD = "told", _("you were told")
    ASKED = "asked", _("asked again")


@dataclass(frozen=True, slots=True)
class Attempt:
    """network, place: empty where they are not known."""

    is_known_browser: bool
    network: str
    place: str


@dataclass(frozen=True, slots=True)
class Past:
    """networks, places: of sign-ins that nobody disowned. failures: wrong codes, as MANY counts them."""

    is_first: bool
    networks: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    failures: int = 0
    was_disowned: bool = False


def risks_of(attempt: Attempt, past: Past) -> list[Risk]:
    """What is unusual. Nothing is, the first time, and nothing can be compared with what is not known."""
    if past.is_first:
        return []
    found = {
        Risk.NEW_BROWSER: not attempt.is_known_browser,
        Risk.NEW_NETWORK: _is_new(attempt.network, past.networks),
        Risk.NEW_PLACE: _is_new(attempt.place, past.places),
        Risk.MANY_FAILURES: past.failures >= MANY,
        Risk.DISOWNED_BEFORE: past.was_disowned,
    }
    return [risk for risk, is_there in found.items() if is_there]


def level_of(risks: Iterable[Risk]) -> Level:
    """A phone changes its network every day, a browser is new now and then; both at once, or more, is asked about."""
    weight = sum(_WEIGHTS[risk] for risk in risks)
    if weight >= _HIGH:
        return Level.ASKED
    return Level.TOLD if weight else Level.USUAL


def whom_to_tell(contacts: Sequence[Contact], way: str) -> list[Contact]:
    """The proven contacts other than the one that opened the door; that one, where there is no other."""
    proven = [contact for contact in contacts if contact.is_proven]
    return [contact for contact in proven if contact.kind != way] or proven


_HIGH = 3
_WEIGHTS = {
    Risk.NEW_NETWORK: 1,
    Risk.NEW_BROWSER: 2,
    Risk.NEW_PLACE: 2,
    Risk.MANY_FAILURES: 3,
    Risk.DISOWNED_BEFORE: 3,
}
_LABELS = {
    Risk.NEW_BROWSER: _("new browser"),
    Risk.NEW_NETWORK: _("new network"),
    Risk.NEW_PLACE: _("new place"),
    Risk.MANY_FAILURES: _("many wrong codes before"),
    Risk.DISOWNED_BEFORE: _("an earlier sign-in was not yours"),
}


def _is_new(value: str, known: frozenset[str]) -> bool:
    return bool(value and known) and value not in known
