"""The record of one act in the terms of ISO/IEC TS 27560, from what is frozen: the event, and the version answered to.

The same event always gives the same bytes. So nothing here is translated (codes stay codes; a text comes from the
version, in the language that was shown), nothing depends on the reader or the clock, and names are the company's as
they stood at publication.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

from accounts.audit.rules import ActorKind
from consent.ledger.models import ConsentEvent, ConsentKind, ConsentStatus, Surface
from consent.ledger.receipts.vocabulary import (
    BASIS,
    CONTEXT,
    JURISDICTION,
    KIND,
    SCHEMA_VERSION,
    SEE_NOTICE,
    STATUS,
    UNTIL_CHANGED,
)
from consent.ledger.rules import YES
from consent.policies.fields import localized
from consent.policies.models import LawfulBasis, Necessity

LANGUAGE_TAGS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}  # BCP 47 writes scripts with a capital letter


@dataclass(frozen=True, slots=True)
class VersionAsShown:
    """A published version as plain values. title: of its text. text_sha256: hex, empty where it has no text in the
    event's language. register: lines as `Purpose.facts()`. controller: as `Controller.block()` at publication."""

    number: int
    title: str
    url: str
    text_sha256: str
    published_at: datetime
    effective_at: datetime
    controller: Mapping[str, Any]
    register: Sequence[Mapping[str, Any]]
    refusal_consequence: Mapping[str, str]


def record_of(
    event: ConsentEvent, version: VersionAsShown, *, secret: bytes, leaf: Mapping[str, Any], consents_url: str
) -> dict[str, Any]:
    """The record as a JSON object that RFC 8785 can write.

    secret: the person's, 32 bytes; what stands here in their place cannot be traced without it. leaf: the event's entry
    in the log, sealed or yet to be. consents_url: where the person withdraws.
    Source: ISO/IEC TS 27560 6.3, 6.4; K10, K18, K43, K44, K76, K120; PIPL 14, 15, 17.
    """
    event_id, principal = str(event.id), pseudonym(secret)
    return {
        "@context": CONTEXT,
        "@type": "ConsentRecord",
        "header": {"schema_version": SCHEMA_VERSION, "record_id": event_id, "pii_principal_id": principal},
        "processing": {
            "privacy_notice": _notice(event, version),
            "language": LANGUAGE_TAGS.get(event.language, event.language),
            "purposes": [_purpose(event, version, consents_url)],
        },
        "parties": [_party(event, version.controller)],
        "events": [_event(event, version, principal)],
        "receipt": {"schema_version": SCHEMA_VERSION, "receipt_id": f"urn:uuid:{event_id}"},
        "log_entry": dict(leaf),
    }


def canonical(record: Mapping[str, Any]) -> bytes:
    """The record's RFC 8785 bytes, which are what is signed."""
    return rfc8785.dumps(dict(record))


def pseudonym(secret: bytes) -> str:
    """64 hex digits that stand for the person towards one controller."""
    return hmac.digest(secret, b"principal", "sha256").hex()


def instant(at: datetime) -> str:
    """An aware instant in UTC to the microsecond, ISO 8601."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def line_of(register: Sequence[Mapping[str, Any]], purpose: str) -> Mapping[str, Any] | None:
    """The register's line of a purpose; None for the policy as a whole."""
    return next((line for line in register if line["code"] == purpose), None)


def _notice(event: ConsentEvent, version: VersionAsShown) -> dict[str, Any]:
    return {
        "url": version.url,
        "title": version.title,
        "version": str(version.number),
        "published_at": instant(version.published_at),
        "effective_at": instant(version.effective_at),
        "shown_sha256": bytes(event.shown_sha256).hex(),
        "text_sha256": version.text_sha256,
    }


def _purpose(event: ConsentEvent, version: VersionAsShown, consents_url: str) -> dict[str, Any]:
    line = line_of(version.register, event.purpose)
    said = _line(line, event) if line else _whole_policy(version, event)
    return {name: value for name, value in said.items() if value != ""} | {
        "pii_controllers": [_party_id(event)],
        "collection_method": str(event.surface),
        "storage_locations": [SEE_NOTICE],
        "jurisdiction": JURISDICTION,
        "withdrawal_method": {"control": "dpv:WithdrawConsent", "url": consents_url},
    }


def _line(line: Mapping[str, Any], event: ConsentEvent) -> dict[str, Any]:
    def text(name: str) -> str:
        return localized(line[name], event.language)

    return {
        "purpose": text("title") or line["code"],
        "purpose_code": line["code"],
        "purpose_type": str(line["necessity"]),
        "purpose_description": text("description"),
        "lawful_basis": BASIS[LawfulBasis(line["lawful_basis"])],
        "lawful_basis_citation": text("citation"),
        "pii_information": [_item(item, line, event.language) for item in line["items"]] or _items_of_notice(),
        "processing_method": text("description") or SEE_NOTICE,
        "retention_period": text("retention") or SEE_NOTICE,
        "recipient_third_parties": [name for name in (event.recipient, text("recipients")) if name],
        "refusal_consequence": text("refusal_consequence"),
    }


def _whole_policy(version: VersionAsShown, event: ConsentEvent) -> dict[str, Any]:
    """The policy as a whole covers what needs no answer of its own; what rests on consent is asked apart."""
    covered = [line for line in version.register if line["lawful_basis"] != LawfulBasis.CONSENT]
    items = {item["code"]: _item(item, line, event.language) for line in covered for item in line["items"]}
    recipients = [localized(line["recipients"], event.language) for line in covered]
    return {
        "purpose": version.title,
        "purpose_type": str(Necessity.NECESSARY),
        "lawful_basis": BASIS[LawfulBasis.CONSENT],
        "pii_information": list(items.values()) or _items_of_notice(),
        "processing_method": SEE_NOTICE,
        "retention_period": SEE_NOTICE,
        "recipient_third_parties": [event.recipient]
        if event.recipient
        else sorted({name for name in recipients if name}),
        "refusal_consequence": localized(version.refusal_consequence, event.language),
    }


def _item(item: Mapping[str, Any], line: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "pii_type": localized(item["name"], language) or item["code"],
        "pii_attribute_id": item["code"],
        "pii_optional": str(line["necessity"]) == Necessity.IMPROVEMENT,
        "sensitive_pii_category": bool(item["is_sensitive"] or line["is_sensitive"]),
    }


def _items_of_notice() -> list[dict[str, Any]]:
    return [{"pii_type": SEE_NOTICE}]


def _party_id(event: ConsentEvent) -> str:
    return f"controller:{event.controller_id}"


def _party(event: ConsentEvent, controller: Mapping[str, Any]) -> dict[str, Any]:
    hours = localized(controller["hours"], event.language)
    reached = [controller["phone"] and f"{controller['phone']} ({hours})" if hours else controller["phone"]]
    said = {
        "party_id": _party_id(event),
        "party_name": localized(controller["name"], event.language),
        "party_address": localized(controller["address"], event.language),
        "party_contact": " ".join(filter(None, [*reached, controller["email"]])),
        "party_phone": controller["phone"],
        "party_email": controller["email"],
        "party_role": "PII controller",
        "party_type": "dpv:DataController",
    }
    return {name: value for name, value in said.items() if value}


def _event(event: ConsentEvent, version: VersionAsShown, principal: str) -> dict[str, Any]:
    by_person = event.actor.partition(":")[0] == ActorKind.SUBJECT
    said: dict[str, Any] = {
        "event_time": instant(event.at),
        "event_type": KIND[ConsentKind(event.kind)],
        "event_state": STATUS[ConsentStatus(event.status)],
        "entity_id": principal if by_person else _party_id(event),
        "validity_duration": _validity(event, version.register),
        "consent_kind": str(event.kind),
        "surface": str(event.surface),
        "imported": event.surface == Surface.IMPORT,
    }
    if event.claimed_at is not None:
        said["claimed_time"] = instant(event.claimed_at)
    return said


def _validity(event: ConsentEvent, register: Sequence[Mapping[str, Any]]) -> str:
    """ISO 8601; only a yes runs out."""
    line = line_of(register, event.purpose)
    days = line.get("validity_days") if line and event.status in YES else None
    return f"P{days}D" if days else UNTIL_CHANGED
