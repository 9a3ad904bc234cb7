"""The receipt of one act, put together from the event, the version answered to and the log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from consent.ledger.log.errors import LogBroken
from consent.ledger.log.rules.leaves import EventRow, commitment, leaf_object, opening_key, private_part
from consent.ledger.log.rules.merkle import leaf_hash
from consent.ledger.log.selectors import InclusionProof, Opening, proof_of
from consent.ledger.models import ConsentEvent, DataSubject, SubjectKey
from consent.ledger.receipts.errors import PersonErased
from consent.ledger.receipts.keys import sign
from consent.ledger.receipts.record import VersionAsShown, canonical, record_of
from consent.policies.models import PolicyText, PolicyVersion, Purpose
from consent.policies.rendering import parsed
from consent.policies.rules.register import WHOLE_POLICY

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GROUP = 8
LEAF_MARK_BYTES = 16  # of the leaf's hash, on paper: too many to find another entry with the same


@dataclass(frozen=True, slots=True)
class Receipt:
    """record: ISO/IEC TS 27560, as signed. jws: compact, its payload the record's canonical JSON. proof: None until the
    log has sealed the event, seconds after the act; until then the signature alone vouches for it."""

    event: ConsentEvent
    record: dict[str, Any]
    jws: str
    opening: Opening
    proof: InclusionProof | None

    @property
    def file_name(self) -> str:
        """Under which it is downloaded, without the ending."""
        return f"receipt-{self.event.id}"

    @property
    def check_url(self) -> str:
        """Where anybody can compare a printed receipt with the log."""
        page = reverse("check:entry", args=[self.event.id])
        return f"{settings.BASE_URL}{page}?leaf={leaf_mark(self.record['log_entry'])}"

    def bundle(self) -> dict[str, Any]:
        """What a person keeps: record, signature, and, once sealed, the proof with what opens the commitment."""
        proof = self.proof.as_json() | {"opening": self.opening.as_json()} if self.proof else None
        return {"record": self.record, "jws": self.jws, "proof": proof}

    def as_json(self) -> str:
        """The bundle as a file for people: indented, in its own characters."""
        return json.dumps(self.bundle(), ensure_ascii=False, indent=2) + "\n"


def receipt_for(event: ConsentEvent) -> Receipt:
    """The receipt of an event that the caller may see. Nine queries at the most.

    Raises PersonErased (410) once the person's key is destroyed, LogBroken (500) where the row is not the one that was
    sealed: nothing is signed for it.
    """
    secret = SubjectKey.objects.filter(subject=event.subject_id).values_list("secret", flat=True).first()
    if secret is None:
        raise PersonErased
    row = event_row(event)
    key = opening_key(bytes(secret), str(event.id))
    leaf, proof = leaf_object(row, commitment(key, row)), proof_of(event.id)
    if proof and proof.leaf != leaf:
        raise LogBroken(f"event {event.id} is not the one that was sealed as leaf {proof.index}")
    record = record_of(
        event,
        _as_shown(event),
        secret=bytes(secret),
        leaf=leaf,
        consents_url=f"{settings.BASE_URL}{reverse('ledger:consents')}",
    )
    return Receipt(
        event=event,
        record=record,
        jws=sign(canonical(record)),
        opening=Opening(key, private_part(row)),
        proof=proof,
    )


def own_event(user: User, event_id: UUID) -> ConsentEvent | None:
    """The user's event of that id towards any controller; None for another person's as for none. Two queries."""
    subjects = list(DataSubject.objects.filter(user=user).values_list("pk", flat=True))
    return ConsentEvent.objects.filter(subject_id__in=subjects, id=event_id).first()


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What the log says under a number, as anybody may see it. title: of the purpose in the reader's language, empty
    for the policy as a whole. mark: as printed in a receipt's code."""

    proof: InclusionProof
    at: datetime
    version: PolicyVersion
    title: str
    mark: str

    @property
    def position(self) -> int:
        """Counted from 1."""
        return self.proof.index + 1

    @property
    def shown(self) -> str:
        """The digest of what was shown, in groups."""
        return grouped(self.proof.leaf["shown_sha256"])


def grouped(digest: str) -> str:
    """Hex digits in groups, which are easier to compare."""
    return " ".join(digest[start : start + GROUP] for start in range(0, len(digest), GROUP))


def log_entry(event_id: UUID) -> LogEntry | None:
    """The entry of an act; None while the log has none. It names nobody. Two queries beside the proof's."""
    proof = proof_of(event_id)
    if proof is None:
        return None
    version = PolicyVersion.objects.select_related("policy__controller").get(pk=proof.leaf["version"])
    purpose = Purpose.objects.filter(version=version, code=proof.leaf["purpose"]).first()
    at = EPOCH + timedelta(microseconds=proof.leaf["at"])
    return LogEntry(proof, at, version, str(purpose) if purpose else "", leaf_mark(proof.leaf))


def leaf_mark(leaf: Mapping[str, Any]) -> str:
    """The first half of a leaf's hash, 32 hex digits."""
    return leaf_hash(canonical(leaf))[:LEAF_MARK_BYTES].hex()


def event_row(event: ConsentEvent) -> EventRow:
    """The event as the log reads it from the table."""
    return EventRow(
        subject_id=event.subject_id,
        id=str(event.id),
        at=_microseconds(event.at),
        claimed_at=_microseconds(event.claimed_at) if event.claimed_at else None,
        controller_id=event.controller_id,
        policy_id=event.policy_id,
        version_id=event.version_id,
        shown_sha256=bytes(event.shown_sha256).hex(),
        purpose=event.purpose,
        recipient=event.recipient,
        status=event.status,
        kind=event.kind,
        surface=event.surface,
        language=event.language,
        actor=event.actor,
        network=event.network,
        agent=event.agent,
        idempotency_key=event.idempotency_key,
    )


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _as_shown(event: ConsentEvent) -> VersionAsShown:
    """Four queries; a fifth where the version has no text in the event's language."""
    version = PolicyVersion.objects.select_related("policy").get(pk=event.version_id)
    if version.published_at is None or version.effective_at is None or version.controller_block is None:
        raise ValueError(f"version {version.pk} is a draft")
    purposes = Purpose.objects.filter(version=version).prefetch_related("items")
    if event.purpose != WHOLE_POLICY:
        purposes = purposes.filter(code=event.purpose)
    texts = PolicyText.objects.filter(version=version)
    text = texts.filter(language=event.language).first()
    words = text or texts.filter(language=settings.LANGUAGE_CODE).first()
    return VersionAsShown(
        number=version.number,
        title=(parsed(words).title if words else "") or version.policy.slug,
        url=f"{settings.BASE_URL}{reverse('policies:version', args=[version.policy.slug, version.number])}",
        text_sha256=text.sha256 if text else "",
        published_at=version.published_at,
        effective_at=version.effective_at,
        controller=version.controller_block,
        register=[purpose.facts() for purpose in purposes],
        refusal_consequence=version.refusal_consequence,
    )
