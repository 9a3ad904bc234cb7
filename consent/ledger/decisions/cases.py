"""What is asked, about whom, and everything on file that it is decided by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consent.policies.models import LawfulBasis
from consent.policies.published import PublishedVersion
from consent.policies.recipients.rules import RecipientFacts, RecipientHistory
from consent.policies.rules.register import PurposeFacts
from consent.policies.schedule import Book, PolicySchedule

# What rests on the person's own will ends with their account, and a minor's will needs a guardian's.
OWN_WILL = frozenset({str(LawfulBasis.CONSENT), str(LawfulBasis.CONTRACT)})


@dataclass(frozen=True, slots=True)
class Asked:
    """May information be used for `purpose`, given to `recipient`, namely `item`? Codes of the register; empty: it is
    given to nobody, and all items of the purpose are meant."""

    purpose: str
    recipient: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A data subject. adult_at: the first instant of their 18th birthday where it is known. restricted_at: from
    when nothing but keeping is allowed. Aware instants."""

    closed_at: datetime | None = None
    adult_at: datetime | None = None
    guardian_confirmed_at: datetime | None = None
    restricted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A question that a register knows, with everything that it is decided by. history, recipient: None where nobody is
    on file under that code at that instant."""

    asked: Asked
    book: Book
    policy: PolicySchedule
    version: PublishedVersion
    purpose: PurposeFacts
    history: RecipientHistory | None
    recipient: RecipientFacts | None
    person: Person | None
    at: datetime

    @property
    def own_will(self) -> bool:
        """True if it rests on what the person agreed to, by consent or by contract."""
        return self.purpose.lawful_basis in OWN_WILL

    @property
    def items(self) -> Iterable[str]:
        """The items that are meant."""
        return [self.asked.item] if self.asked.item else self.purpose.items
