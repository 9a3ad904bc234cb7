"""The same receipt in the words of Kantara's Consent Receipt 1.1.0, for systems that read that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from consent.ledger.models import ConsentEvent, ConsentKind
from consent.ledger.receipts.errors import NoConsentToState
from consent.ledger.receipts.record import LANGUAGE_TAGS
from consent.ledger.rules import YES
from consent.policies.models import Necessity

VERSION = "KI-CR-v1.1.0"
JURISDICTION = "CN"
CATEGORY = {Necessity.NECESSARY: "Core Function", Necessity.IMPROVEMENT: "Improve Performance"}
CONSENT_TYPE = {
    ConsentKind.EXPLICIT: "EXPLICIT",
    ConsentKind.SEPARATE: "EXPLICIT",
    ConsentKind.IMPLIED: "IMPLICIT",
}


def kantara_receipt(event: ConsentEvent, record: dict[str, Any]) -> dict[str, Any]:
    """The JSON object of a consent receipt. record: the event's, as `record_of` gives it.

    consentTimestamp is in seconds since 1970. Raises NoConsentToState (404) for anything but a consent given.
    Source: Kantara Initiative, Consent Receipt Specification 1.1.0.
    """
    if event.status not in YES:
        raise NoConsentToState
    processing = record["processing"]
    purpose = processing["purposes"][0]
    sensitive = [item["pii_type"] for item in purpose["pii_information"] if item.get("sensitive_pii_category")]
    return {
        "version": VERSION,
        "jurisdiction": JURISDICTION,
        "consentTimestamp": _seconds(event.at),
        "collectionMethod": str(event.surface),
        "consentReceiptID": str(event.id),
        "language": LANGUAGE_TAGS.get(event.language, event.language),
        "piiPrincipalId": record["header"]["pii_principal_id"],
        "piiControllers": [_controller(party) for party in record["parties"]],
        "policyUrl": processing["privacy_notice"]["url"],
        "services": [{"service": processing["privacy_notice"]["title"], "purposes": [_purpose(event, purpose)]}],
        "sensitive": bool(sensitive),
        "spiCat": sensitive,
    }


def _controller(party: dict[str, Any]) -> dict[str, Any]:
    return {
        "piiController": party["party_name"],
        "onBehalf": False,
        "contact": party["party_contact"],
        "address": {"streetAddress": party["party_address"]},
        "email": party.get("party_email", ""),
        "phone": party.get("party_phone", ""),
    }


def _purpose(event: ConsentEvent, purpose: dict[str, Any]) -> dict[str, Any]:
    recipients = purpose["recipient_third_parties"]
    return {
        "purpose": purpose["purpose"],
        "purposeCategory": [CATEGORY[Necessity(purpose["purpose_type"])]],
        "consentType": CONSENT_TYPE[ConsentKind(event.kind)],
        "piiCategory": [item["pii_type"] for item in purpose["pii_information"]],
        "primaryPurpose": purpose["purpose_type"] == Necessity.NECESSARY,
        "termination": purpose["withdrawal_method"]["url"],
        "thirdPartyDisclosure": bool(recipients),
        "thirdPartyName": "; ".join(recipients),
    }


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
