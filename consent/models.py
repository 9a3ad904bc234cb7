"""Every table of the app, so that Django finds them."""

from consent.campaigns.models import Announcement, Campaign, Delivery, ProviderPace, Shard
from consent.ledger.models import ConsentEvent, ConsentState, DataSubject, SubjectKey
from consent.outbox.models import OutboxMessage
from consent.policies.models import Controller, DataItem, Policy, PolicyText, PolicyVersion, Purpose

__all__ = [
    "Announcement",
    "Campaign",
    "Delivery",
    "ProviderPace",
    "Shard",
    "ConsentEvent",
    "ConsentState",
    "Controller",
    "DataItem",
    "DataSubject",
    "OutboxMessage",
    "Policy",
    "PolicyText",
    "PolicyVersion",
    "Purpose",
    "SubjectKey",
]
