"""Every table of the app, so that Django finds them."""

from consent.campaigns.models import Announcement, Campaign, Delivery, ProviderPace, Shard
from consent.clients.models import ApiKey
from consent.ledger.log.models import Checkpoint, Leaf, Tile, Witnessing
from consent.ledger.models import ConsentEvent, ConsentState, DataSubject, SubjectKey
from consent.outbox.models import OutboxMessage
from consent.policies.models import Controller, DataItem, Policy, PolicyText, PolicyVersion, Purpose
from consent.policies.recipients.models import Recipient, RecipientAgreement, RecipientDescription

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
    "Leaf",
    "OutboxMessage",
    "Policy",
    "PolicyText",
    "PolicyVersion",
    "Purpose",
    "Recipient",
    "RecipientAgreement",
    "RecipientDescription",
    "SubjectKey",
    "Tile",
    "Witnessing",
]
