"""What callers get. The document of the API is made of these very types."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

Texts = Annotated[dict[str, str], Meta(description="One text for each language.")]


class PolicyAnswer(Struct):
    """A policy of the company. in_effect, scheduled: numbers of versions."""

    policy: str
    title: Texts
    asks_account_holders: bool
    in_effect: int | None
    scheduled: int | None
    url: str


class PolicyList(Struct):
    """Every published policy of the company, by short name."""

    policies: list[PolicyAnswer]


class VersionAnswer(Struct):
    """A published version. status: scheduled, effective or superseded. entered_at: when the portal learned of a version
    that was in force before it; null for one that was published here."""

    policy: str
    number: int
    status: str
    published_at: datetime
    effective_at: datetime
    entered_at: datetime | None
    change_kinds: list[str]
    change_summary: Texts
    url: str


class VersionList(Struct):
    """Every published version of a policy, newest first."""

    versions: list[VersionAnswer]


class TextAnswer(Struct):
    """The words in one language. sha256: of the Markdown; notice_sha256: of what a person is shown when asked."""

    language: str
    sha256: str
    notice_sha256: str
    url: str


class VersionDetail(VersionAnswer):
    """A version with its texts and its register: the purposes with their data, basis and recipients."""

    controller: dict[str, Any]
    texts: list[TextAnswer]
    purposes: list[dict[str, Any]]


class Clauses(Struct):
    """A text as its tree of clauses."""

    policy: str
    number: int
    language: str
    sha256: str
    title: str
    preamble: list[str]
    chapters: list[dict[str, Any]]


class EventAnswer(Struct):
    """What was recorded. at: by the portal's clock. receipt: its address."""

    id: UUID
    purpose: str
    recipient: str
    status: str
    at: datetime
    receipt: str


class RecordedAnswer(Struct):
    """The events of one call, in the order of its answers."""

    subject: str
    policy: str
    version: int
    language: str
    shown_sha256: str
    events: list[EventAnswer]


class QuestionState(Struct):
    """Where a person stands with one question. status: requested while no answer counts. version, since, kind: of the
    answer that counts. outdated: number of the version whose answer counts no more. must_ask: ask before you go on;
    ask_after: the person chose to answer later and is left alone until then."""

    purpose: str
    status: str
    in_force: bool
    is_open: bool
    must_ask: bool
    needs_separate: bool
    kind: str | None
    version: int | None
    since: datetime | None
    outdated: int | None
    ask_after: datetime | None


class PolicyState(Struct):
    """Where a person stands with one policy. version: the one in effect."""

    policy: str
    version: int
    must_ask: bool
    questions: list[QuestionState]


class StateAnswer(Struct):
    """Where a person stands with every policy that is in effect."""

    subject: str
    policies: list[PolicyState]


class HistoryEvent(Struct):
    """One act of the person or of somebody on their behalf. claimed_at: what the caller's clock said."""

    id: UUID
    at: datetime
    claimed_at: datetime | None
    policy: str
    version: int
    purpose: str
    recipient: str
    status: str
    kind: str
    surface: str
    language: str
    actor: str
    network: str
    agent: str
    shown_sha256: str
    receipt: str


class HistoryPage(Struct):
    """Newest first. next: address of the next page, null on the last."""

    events: list[HistoryEvent]
    next: str | None


class SubjectAnswer(Struct):
    """What is kept about a person beside their answers."""

    subject: str
    known_since: datetime
    closed_at: datetime | None
    adult_on: date | None
    guardian_confirmed_at: datetime | None


class AnswerThen(Struct):
    """What held for one question. event: the act that it rests on, null if nobody had answered; answered: number of
    the version whose text was shown then, shown_sha256 its digest. logged_at: since when the log has an import.
    """

    purpose: str
    recipient: str
    status: str
    in_force: bool
    event: UUID | None
    since: datetime | None
    answered: int | None
    shown_sha256: str
    imported: bool
    logged_at: datetime | None


class PolicyThen(Struct):
    """A policy as it was. version: the one in effect then; url leads to its words."""

    policy: str
    version: int
    url: str
    answers: list[AnswerThen]


class AsOfAnswer(Struct):
    """What a person had agreed to at an instant, and what they had been shown."""

    subject: str
    at: datetime
    policies: list[PolicyThen]


class DecisionAnswer(Struct):
    """allowed: whether it may be done. reason: a code; sentence: the same in the caller's language. event, policy,
    version, rule: what decides. cache_until: how long the answer may be kept."""

    allowed: bool
    reason: str
    sentence: str
    event: UUID | None
    policy: str
    version: int | None
    rule: str
    cache_until: datetime


class DecisionsAnswer(Struct):
    """In the order of the questions."""

    decisions: list[DecisionAnswer]


class Opening(Struct):
    """What shows that a log entry is about this person. key: base64; private: what the entry commits to."""

    key: str
    private: list[Any]


class ProofAnswer(Struct):
    """That an event is in the log, RFC 9162. leaf: the entry; path: base64; checkpoint: a C2SP signed note."""

    leaf: dict[str, Any]
    index: int
    size: int
    path: list[str]
    checkpoint: str


class OpenedProof(ProofAnswer):
    """A proof, with what opens the entry's commitment."""

    opening: Opening | None


class ReceiptAnswer(Struct):
    """record: ISO/IEC TS 27560. jws: its signature, RFC 7515. proof: null until the log has sealed the event."""

    record: dict[str, Any]
    jws: str
    proof: OpenedProof | None


class Consistency(Struct, rename={"from_": "from"}):
    """path: RFC 9162 hashes in base64 that show that the smaller tree is the beginning of the larger."""

    from_: int
    to: int
    path: list[str]
