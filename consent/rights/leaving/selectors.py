"""Every read of cancellations. A person sees their own; a receipt is seen by whoever has its address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from consent.policies.fields import localized
from consent.rights.leaving.conditions import Condition, conditions_of
from consent.rights.leaving.holdings import label_of, on_file
from consent.rights.leaving.models import Leaving, LeavingReceipt
from consent.rights.leaving.rules import Fate, FateKind, fates
from consent.rights.retention.selectors import rules_on

__all__ = ["conditions_of", "fates_of", "leaving_of"]


@dataclass(frozen=True, slots=True)
class FateLine:
    """A fate as pages show it: label and citation in the reader's language."""

    fate: Fate

    @property
    def label(self) -> str:
        """What it is about."""
        return label_of(self.fate.code)

    @property
    def citation(self) -> str:
        """Why it is kept."""
        return localized(self.fate.citation or {})

    @property
    def is_kept(self) -> bool:
        """Sealed away until a date."""
        return self.fate.fate is FateKind.KEPT

    @property
    def is_anonymised(self) -> bool:
        """Cut loose from the person."""
        return self.fate.fate is FateKind.ANONYMISED


@dataclass(frozen=True, slots=True)
class Receipt:
    """What somebody keeps who has left."""

    closed_at: datetime
    lines: list[FateLine]


def leaving_of(user: User) -> Leaving | None:
    """The cancellation that is going on; None without one. No query for somebody who is not on their way out."""
    if user.leaving_at is None:
        return None
    return Leaving.objects.filter(user=user, undone_at=None).first()


def fates_of(user: User, closed_on: date | None = None) -> list[FateLine]:
    """What becomes of everything on file, if the account is closed on that day; None: at the end of a cooling-off
    period that begins now. One query for each kind of information, and one for the rules."""
    day = closed_on or timezone.localdate() + timedelta(days=settings.LEAVING_COOLING_OFF_DAYS)
    return [FateLine(fate) for fate in fates(on_file(user), rules_on(day), day)]


def unmet(user: User) -> list[Condition]:
    """The conditions that stand in the way."""
    return [condition for condition in conditions_of(user) if not condition.is_met]


def receipt_by_token(token: str) -> Receipt | None:
    """The receipt with that address; None where there is none. One query."""
    stored = LeavingReceipt.objects.filter(token_digest=sha256(token.encode()).digest()).first()
    if stored is None:
        return None
    return Receipt(stored.closed_at, [FateLine(Fate.from_json(each)) for each in stored.fates])
