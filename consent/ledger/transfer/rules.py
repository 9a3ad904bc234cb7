"""What a line of an import means: an event with its id, or a reason why not. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from consent.ledger.answers import Answer, check_answers
from consent.ledger.errors import (
    ImpliedNotAllowed,
    InvalidAnswers,
    LedgerError,
    NotAskable,
    SeparateNeeded,
    UnknownPurpose,
    UnknownRecipient,
)
from consent.ledger.models import ConsentKind, ConsentStatus
from consent.ledger.references import reference_ref
from consent.ledger.rules import ENDED
from consent.ledger.statements import SEPARATOR, event_ids
from consent.ledger.transfer.lines import Line, Records
from consent.ledger.transfer.refusals import Reason, Refusal, Refused
from consent.policies.published import PublishedVersion

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(minutes=5)
_NOES = ENDED | {ConsentStatus.REFUSED}
_TICK = timedelta(microseconds=1)
_REASONS: Mapping[type[LedgerError], tuple[Reason, str]] = {
    InvalidAnswers: (Reason.INVALID_VALUE, "recipient"),
    UnknownPurpose: (Reason.UNKNOWN_PURPOSE, "purpose"),
    NotAskable: (Reason.NOT_ASKABLE, "purpose"),
    ImpliedNotAllowed: (Reason.IMPLIED_NOT_ALLOWED, "kind"),
}

Versions = Mapping[tuple[str, int], PublishedVersion]


class Content(NamedTuple):
    """What a line says about a person. A line that was imported before must say the same. claimed_at: aware, UTC."""

    version_id: int
    purpose: str
    recipient: str
    status: str
    kind: str
    language: str
    shown: bytes
    claimed_at: datetime


class Entry(NamedTuple):
    """An event to be. line: its number in the file. ref: 32 bytes, the person. at: the instant that rules, UTC.
    key: the idempotency key, from which the id is derived."""

    line: int
    id: UUID
    ref: bytes
    at: datetime
    policy_id: int
    key: str
    content: Content


def entries(records: Records, *, controller_id: int, versions: Versions, at: datetime) -> Iterator[Entry | Refusal]:
    """Each line as an event, or why it is refused.

    versions: every published version of the controller, by the policy's short name and the version's number. at: aware
    UTC instant of the import; no event lies after it. Source: K10, K44, K76, K120; PIPL 14, 23, 29.
    """
    fault = lru_cache(maxsize=4096)(lambda *answer: _fault(versions, *answer))
    for number, line in records:
        if isinstance(line, Refusal):
            yield line
            continue
        try:
            yield _entry(number, line, controller_id, versions, fault, at)
        except Refused as refused:
            yield Refusal(number, refused.reason, refused.field)


def _entry(
    number: int,
    line: Line,
    controller_id: int,
    versions: Versions,
    fault: Callable[..., tuple[Reason, str] | None],
    at: datetime,
) -> Entry:
    version = versions.get((line.policy, line.version))
    if version is None:
        raise Refused(Reason.UNKNOWN_VERSION, "version")
    if found := fault(line.policy, line.version, line.purpose, line.status, line.kind, line.recipient):
        raise Refused(*found)
    claimed_at = _instant(line.at, version, at)
    content = Content(
        version.facts.id, line.purpose, line.recipient, line.status, line.kind, *_notice(line, version), claimed_at
    )
    key = f"import:{line.id}" if line.id else f"import#{_digest(content)}"
    ref = reference_ref(line.subject)
    event_id = event_ids(controller_id, ref, key, 1)[0]
    return Entry(number, event_id, ref, _ruling(content, at), version.policy_id, key, content)


def _fault(
    versions: Versions, policy: str, number: int, purpose: str, status: ConsentStatus, kind: ConsentKind, recipient: str
) -> tuple[Reason, str] | None:
    """What is wrong with an answer on a page is wrong here. But nobody can know today that a
    question was asked apart, nor about whom else: kind and recipient stay what the line says, and decisions deny where
    that is not enough."""
    try:
        check_answers(versions[policy, number], [Answer(purpose, status, kind, recipient)])
    except (SeparateNeeded, UnknownRecipient):
        return None
    except (InvalidAnswers, UnknownPurpose, NotAskable, ImpliedNotAllowed) as error:
        return _REASONS[type(error)]
    return None


def _instant(text: str, version: PublishedVersion, at: datetime) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(Reason.INVALID_VALUE, "at") from None
    if instant.utcoffset() is None:
        raise Refused(Reason.NO_TIME_ZONE, "at")
    if not EARLIEST <= instant <= at + CLOCKS_DIFFER:
        raise Refused(Reason.IMPLAUSIBLE_INSTANT, "at")
    if instant < version.facts.published_at:
        raise Refused(Reason.BEFORE_PUBLICATION, "at")
    return instant.astimezone(UTC)


def _ruling(content: Content, at: datetime) -> datetime:
    """Lists often know the day alone; of a yes and a no at one instant the no must count, so it rules a tick later."""
    instant = min(content.claimed_at, at)
    return instant + _TICK if content.status in _NOES else instant


def _notice(line: Line, version: PublishedVersion) -> tuple[str, bytes]:
    """The language and the digest of what the person saw: as the line says, else this version's own notice."""
    language = line.language.lower() if line.language else settings.LANGUAGE_CODE
    if line.shown_sha256:
        return language, bytes.fromhex(line.shown_sha256)
    if line.language and language not in version.notices:
        raise Refused(Reason.NO_TEXT_IN_LANGUAGE, "language")
    return version.notice(language)


def _digest(content: Content) -> str:
    said: Iterable[str] = (
        str(content.version_id),
        *content[1:6],
        content.shown.hex(),
        content.claimed_at.isoformat(),
    )
    return blake2b(SEPARATOR.join(said).encode(), digest_size=16).hexdigest()
