"""What the words of a receipt mean to a machine: ISO/IEC TS 27560 names, mapped to the Data Privacy Vocabulary.

Everything that stands here is part of what is signed, so a change of it changes every receipt: add, never alter.
Source: https://w3id.org/dpv, https://w3id.org/dpv/schema/dpv-27560, W3C JSON-LD 1.1.
"""

from typing import Any, Final

from consent.ledger.models import ConsentKind, ConsentStatus
from consent.policies.models import LawfulBasis

SCHEMA_VERSION: Final = "ISO/IEC TS 27560:2023"
SEE_NOTICE: Final = "see privacy_notice"  # what the register does not say line by line stands in the notice's words
UNTIL_CHANGED: Final = "until changed"  # a validity without a last day
JURISDICTION: Final = "loc:CN"  # the bases of the register are those of PIPL article 13

STATUS: Final = {
    ConsentStatus.REQUESTED: "dpv:ConsentRequested",
    ConsentStatus.DEFERRED: "dpv:ConsentRequestDeferred",
    ConsentStatus.GIVEN: "dpv:ConsentGiven",
    ConsentStatus.RENEWED: "dpv:RenewedConsentGiven",
    ConsentStatus.REFUSED: "dpv:ConsentRefused",
    ConsentStatus.WITHDRAWN: "dpv:ConsentWithdrawn",
    ConsentStatus.REVOKED: "dpv:ConsentRevoked",
    ConsentStatus.EXPIRED: "dpv:ConsentExpired",
    ConsentStatus.INVALIDATED: "dpv:ConsentInvalidated",
}
# Continued use expresses nothing, so it is never an expressed consent (K120).
KIND: Final = {
    ConsentKind.EXPLICIT: "dpv:ExplicitlyExpressedConsent",
    ConsentKind.SEPARATE: "dpv:ExplicitlyExpressedConsent",
    ConsentKind.IMPLIED: "dpv:ImpliedConsent",
}
BASIS: Final = {
    LawfulBasis.CONSENT: "dpv:Consent",
    LawfulBasis.CONTRACT: "dpv:Contract",
    LawfulBasis.LEGAL_DUTY: "dpv:LegalObligation",
    LawfulBasis.VITAL: "dpv:VitalInterest",
    LawfulBasis.PUBLIC_INTEREST: "dpv:PublicInterest",
    LawfulBasis.PUBLIC_DATA: "dpv:LegalBasis",  # the vocabulary has no term for data made public
    LawfulBasis.OTHER_LAW: "dpv:LegalBasis",
}


def _iri(term: str) -> dict[str, str]:
    return {"@id": term, "@type": "@id"}


def _instant(term: str) -> dict[str, str]:
    return {"@id": term, "@type": "xsd:dateTime"}


CONTEXT: Final[dict[str, Any]] = {
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "ConsentRecord": "dpv:ConsentRecord",
    "header": "@nest",
    "processing": "@nest",
    "events": "@nest",
    "receipt": "@nest",
    "schema_version": "dct:conformsTo",
    "record_id": "dct:identifier",
    "receipt_id": "dct:identifier",
    "pii_principal_id": "dpv:hasDataSubject",
    "privacy_notice": "dpv:hasNotice",
    "url": "@id",
    "title": "dct:title",
    "version": "dct:hasVersion",
    "published_at": _instant("dct:issued"),
    "effective_at": _instant("dct:available"),
    "language": "dct:language",
    "purposes": "dpv:hasPurpose",
    "purpose": "dct:title",
    "purpose_code": "dct:identifier",
    "purpose_type": "dpv:hasNecessity",
    "purpose_description": "dct:description",
    "lawful_basis": _iri("dpv:hasLegalBasis"),
    "lawful_basis_citation": "dpv:hasApplicableLaw",
    "pii_information": "dpv:hasPersonalData",
    "pii_type": "dct:title",
    "pii_attribute_id": "dct:identifier",
    "pii_controllers": _iri("dpv:hasDataController"),
    "processing_method": "dpv:hasProcessing",
    "storage_locations": "dpv:hasStorageCondition",
    "retention_period": "dpv:hasStorageCondition",
    "jurisdiction": _iri("dpv:hasJurisdiction"),
    "recipient_third_parties": "dpv:hasRecipient",
    "refusal_consequence": "dpv:hasConsequence",
    "withdrawal_method": "dpv:hasConsentControl",
    "control": "@type",
    "parties": "dpv:hasDataController",
    "party_id": "@id",
    "party_name": "dpv:hasName",
    "party_address": "dpv:hasAddress",
    "party_contact": "dpv:hasContact",
    "party_phone": "foaf:phone",
    "party_email": "foaf:mbox",
    "party_type": "@type",
    "event_time": _instant("dct:date"),
    "validity_duration": "dct:valid",
    "entity_id": "dpv:isImplementedByEntity",
    "event_type": _iri("dct:type"),
    "event_state": _iri("dpv:hasConsentStatus"),
    "log_entry": {"@id": "dct:provenance", "@type": "@json"},
}
