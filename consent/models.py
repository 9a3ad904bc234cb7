"""Every table of the app, so that Django finds them."""

from consent.campaigns.models import Announcement, Campaign, Delivery, ProviderPace, Shard
from consent.clients.models import ApiKey
from consent.ledger.log.models import Checkpoint, Leaf, Tile, Witnessing
from consent.ledger.models import ConsentEvent, ConsentState, DataSubject, SubjectKey
from consent.outbox.models import OutboxMessage
from consent.policies.models import Controller, DataItem, Policy, PolicyText, PolicyVersion, Purpose
from consent.policies.recipients.models import Recipient, RecipientAgreement, RecipientDescription
from consent.rights.disclosures.models import Disclosure
from consent.rights.export.models import Export, ExportPart
from consent.rights.leaving.models import (
    Erasure,
    Leaving,
    LeavingReceipt,
    LeavingStep,
    VaultAccess,
    VaultRecord,
)
from consent.rights.requests.models import RequestDocument, RequestJudgement, RightsRequest
from consent.rights.retention.models import LegalHold, RetentionRule, RetentionRun

__all__ = [
    "Announcement",
    "ApiKey",
    "Campaign",
    "Checkpoint",
    "Delivery",
    "ProviderPace",
    "Shard",
    "ConsentEvent",
    "ConsentState",
    "Controller",
    "DataItem",
    "DataSubject",
    "Disclosure",
    "Erasure",
    "Export",
    "ExportPart",
    "Leaf",
    "Leaving",
    "LeavingReceipt",
    "LeavingStep",
    "LegalHold",
    "OutboxMessage",
    "Policy",
    "PolicyText",
    "PolicyVersion",
    "Purpose",
    "Recipient",
    "RecipientAgreement",
    "RecipientDescription",
    "RequestDocument",
    "RequestJudgement",
    "RetentionRule",
    "RetentionRun",
    "RightsRequest",
    "SubjectKey",
    "Tile",
    "VaultAccess",
    "VaultRecord",
    "Witnessing",
]
