"""A company's book, a person and what they said, in memory: the same words give the same case."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from consent.ledger.decisions.rules import Asked, Decision, Person, decide
from consent.ledger.rules import StateFacts
from consent.policies.published import PublishedVersion
from consent.policies.recipients.rules import AgreementFacts, RecipientFacts, RecipientHistory
from consent.policies.rules.register import VersionFacts, purpose_facts, questions_of
from consent.policies.schedule import Book, PolicySchedule
from consent.policies.tests.factories import facts

START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = START + 365 * DAY
POLICY = 7
FOREVER = AgreementFacts("A-1", True, START, None)


def version(
    number: int, purposes: Sequence[Mapping[str, Any]], kinds: str = "", *, effective_at: datetime | None = None
) -> PublishedVersion:
    """In effect 30 days after the version before."""
    questions = questions_of(purposes)
    effective_at = effective_at or START + 30 * DAY * (number - 1)
    return PublishedVersion(
        VersionFacts(number, number, effective_at, effective_at - DAY, frozenset(kinds.split()), questions),
        policy_id=POLICY,
        controller_id=1,
        questions={question.purpose: question for question in questions},
        bases={},
        notices={},
        purposes={line["code"]: purpose_facts(line) for line in purposes},
    )


def policy(*versions: PublishedVersion, slug: str = "privacy", policy_id: int = POLICY) -> PolicySchedule:
    """A policy of the company."""
    return PolicySchedule(policy_id, slug, 1, versions)


def recipient(
    code: str,
    role: str = "third_party",
    *,
    assessed: bool = True,
    own_marketing: bool = False,
    agreements: Sequence[AgreementFacts] = (FOREVER,),
) -> RecipientHistory:
    """On file since START, with an agreement that has no end."""
    on = date(2024, 12, 1) if assessed else None
    described = RecipientFacts(code, START, {"en": code}, role, on, own_marketing)
    return RecipientHistory((described,), tuple(agreements))


SHARED = ["bank", "shop", "mailer", "group", "court", "broker", "stranger", "lapsed"]
LINES = [
    facts("ads", recipient_codes=SHARED, items=["phone", "log-in-"]),
    facts("card", items=["card-number!"], recipient_codes=["bank"]),
    facts("coupons", needs_separate_consent=True, recipient_codes=["bank", "shop", "mailer"]),
    facts("kyc", lawful_basis="legal_duty", recipient_codes=["court"]),
    facts("pay", lawful_basis="contract", exemption="E8"),
    facts("fraud", lawful_basis="other_law", is_marketing=True),
    facts("offers", is_marketing=True, recipient_codes=["shop", "mailer"]),
    facts("trial", validity_days=100),
]
RECIPIENTS = {
    "bank": recipient("bank"),
    "shop": recipient("shop"),
    "mailer": recipient("mailer", "processor"),
    "group": recipient("group", "affiliate"),
    "court": recipient("court", "authority", assessed=False, agreements=()),
    "broker": recipient("broker", own_marketing=True),
    "stranger": recipient("stranger", assessed=False),
    "lapsed": recipient("lapsed", agreements=[AgreementFacts("A-2", True, START, NOW)]),
    "unnamed": recipient("unnamed"),
}
V1 = version(1, LINES)
BOOK = Book((policy(V1),), RECIPIENTS)
ADULT = Person()


def said(
    status: str, purpose: str = "ads", number: int = 1, *, day: int = 300, kind: str = "explicit", to: str = ""
) -> StateFacts:
    """An answer to version `number`, that many days after START. to: a recipient."""
    return StateFacts(purpose, number, status, kind, START + day * DAY, to)


def ask(
    words: str,
    *states: StateFacts,
    book: Book = BOOK,
    person: Person | None = ADULT,
    at: datetime = NOW,
    cache_seconds: float = 60,
) -> Decision:
    """The decision on `purpose`, `purpose>recipient` or `purpose>recipient:item`."""
    rest, _colon, item = words.partition(":")
    purpose, _arrow, to = rest.partition(">")
    return decide(Asked(purpose, to, item), book, person, {POLICY: states}, at, cache_seconds=cache_seconds)
