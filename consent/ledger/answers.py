"""What a person says in one call, the circumstances, and whether it can be recorded. No database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.ledger.errors import (
    ImpliedNotAllowed,
    InvalidAnswers,
    NotAskable,
    SeparateNeeded,
    UnknownPurpose,
    UnknownRecipient,
)
from consent.ledger.models import ConsentKind, ConsentStatus, Surface
from consent.policies.published import PublishedVersion
from consent.policies.rules.register import ASKING_KINDS, WHOLE_POLICY

MOST_ANSWERS = 500
TEXT_LENGTH = 200
_STATUSES, _KINDS, _SURFACES = (frozenset(choices.values) for choices in (ConsentStatus, ConsentKind, Surface))
_YES = (ConsentStatus.GIVEN, ConsentStatus.RENEWED)
_NOT_KEPT = re.compile(r"[\x00-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Answer:
    """purpose: a code of the version's register, or '' for the policy as a whole. recipient: where one recipient of
    several is meant. kind: separate where the question was asked apart from everything else, as some must be."""

    purpose: str
    status: ConsentStatus
    kind: ConsentKind = ConsentKind.EXPLICIT
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How somebody answered (K10, K44). shown_sha256: 32 bytes, the notice they saw. network, agent: as
    `circumstances` shortens them. claimed_at: the instant that the client named, aware; never the one that rules."""

    surface: Surface
    language: str
    shown_sha256: bytes
    network: str = ""
    agent: str = ""
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """at: the server's instant, aware, the same for all answers of a call."""

    id: UUID
    purpose: str
    recipient: str
    status: ConsentStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """In the order of the answers. replayed: True if an earlier call with the same key and content wrote them."""

    events: list[RecordedEvent]
    replayed: bool


def kind_by_itself(version: PublishedVersion, purpose: str) -> ConsentKind:
    """The kind of an answer to a question that was put by itself: separate where it has to be."""
    question = version.questions.get(purpose)
    return ConsentKind.SEPARATE if question and question.needs_separate else ConsentKind.EXPLICIT


def check_answers(version: PublishedVersion, answers: Sequence[Answer]) -> None:
    """Raises InvalidAnswers (400), UnknownPurpose, NotAskable, ImpliedNotAllowed, UnknownRecipient or, as the last,
    SeparateNeeded (422)."""
    if not 0 < len(answers) <= MOST_ANSWERS:
        raise InvalidAnswers(f"between 1 and {MOST_ANSWERS} answers, not {len(answers)}")
    if len({(answer.purpose, answer.recipient) for answer in answers}) < len(answers):
        raise InvalidAnswers("one question is answered twice")
    for answer in answers:
        _check_answer(version, answer)


def check_circumstances(circumstances: Circumstances, key: str) -> None:
    """Raises InvalidAnswers (400) if something cannot be kept as it is."""
    if len(circumstances.shown_sha256) != 32:
        raise InvalidAnswers("shown_sha256 must have 32 bytes")
    if circumstances.claimed_at is not None and circumstances.claimed_at.utcoffset() is None:
        raise InvalidAnswers("claimed_at must say its time zone")
    if not key or not circumstances.language:
        raise InvalidAnswers("key and language must not be empty")
    if circumstances.surface not in _SURFACES:
        raise InvalidAnswers("surface is unknown")
    for text in (key, circumstances.language, circumstances.network, circumstances.agent):
        _check_text(text)


def _check_answer(version: PublishedVersion, answer: Answer) -> None:
    if answer.status not in _STATUSES or answer.kind not in _KINDS:
        raise InvalidAnswers("status or kind is unknown")
    _check_text(answer.recipient)
    question = version.questions.get(answer.purpose)
    if question is None:
        raise NotAskable if answer.purpose in version.bases else UnknownPurpose
    if answer.kind == ConsentKind.IMPLIED:
        _check_implied(version, answer)
    if answer.recipient and answer.recipient not in version.recipients(answer.purpose):
        raise UnknownRecipient
    if question.needs_separate and answer.status in _YES and answer.kind != ConsentKind.SEPARATE:
        raise SeparateNeeded


def _check_implied(version: PublishedVersion, answer: Answer) -> None:
    """Source: K120; PIPL 14: silence accepts no processing, and nothing that changed in scope or recipients."""
    accepts = answer.purpose == WHOLE_POLICY and not answer.recipient and answer.status == ConsentStatus.GIVEN
    if not accepts or version.facts.change_kinds & ASKING_KINDS:
        raise ImpliedNotAllowed


def _check_text(text: str) -> None:
    """Control characters delimit lists on the way to PostgreSQL; half a surrogate pair cannot be stored."""
    if len(text) > TEXT_LENGTH or _NOT_KEPT.search(text):
        raise InvalidAnswers("a text is too long or has characters that cannot be kept")
