"""May this company advertise this to somebody by this channel?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import OuterRef
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.audit.rules import Actor
from accounts.models import User
from accounts.profile.models import MarketingChoice
from accounts.profile.opting_out import OPT_OUT_WORDS, TOPICS, Subscription, is_opt_out, link_name, stop_marketing
from accounts.profile.selectors import wanting
from accounts.users.rules import Contact, ContactKind
from consent.ledger.decisions.selectors import decision
from consent.ledger.models import DataSubject

CHANNELS = {ContactKind.EMAIL: MarketingChoice.Channel.EMAIL, ContactKind.PHONE: MarketingChoice.Channel.SMS}


class Reason(StrEnum):
    """Beside the reasons of decisions."""

    WANTED = "wanted"
    NOT_WANTED = "not_wanted"


@dataclass(frozen=True, slots=True)
class Verdict:
    """unsubscribe: address that the message must carry; headers: those of an e-mail; opt_out: what a text message must
    end with, in the person's language. All empty where it is not allowed."""

    allowed: bool
    reason: str
    sentence: str | Promise
    unsubscribe: str = ""
    headers: dict[str, str] | None = None
    opt_out: str = ""


def may_advertise(controller_id: int, contact: Contact, topic: str, *, purpose: str = "") -> Verdict:
    """Whether the company may send that topic to that contact now. The channel follows from the contact.

    It may where the contact is proven, its holder switched the topic on, the company knows them, and what it knows may
    be used. purpose: of its register; then a decision about it must be a yes too. One query, two with a purpose.
    Source: K39, K71, K74; RFC 8058; PIPL 24, 44.
    """
    channel = CHANNELS[contact.kind]
    subjects = DataSubject.objects.filter(controller=controller_id, closed_at=None, restricted_at=None)
    user = (
        User.objects.naming(contact)
        .filter(wanting(channel, topic))
        .annotate(subject_id=subjects.filter(user=OuterRef("pk")).values("pk")[:1])
        .filter(subject_id__isnull=False)
        .first()
    )
    if user is None:
        return Verdict(False, Reason.NOT_WANTED, _("Nobody who can be reached there wants this from you."))
    if purpose:
        made = decision(controller_id, user.subject_id, purpose)
        if not made.allowed:
            return Verdict(False, made.reason, made.sentence)
    return _allowed(user, channel, topic)


def stop_by_message(contact: Contact, text: str, *, actor: Actor, at: datetime) -> bool:
    """Switch off every topic by text message for whoever answered so; whether it was understood. Whether anybody has
    that number is not told. Source: K74."""
    if not is_opt_out(text):
        return False
    user_id = User.objects.naming(contact).values_list("pk", flat=True).first()
    if user_id is not None:
        stop_marketing(user_id, MarketingChoice.Channel.SMS, TOPICS, how="message", actor=actor, at=at)
    return True


def _allowed(user: User, channel: str, topic: str) -> Verdict:
    link = reverse("unsubscribe", args=[link_name(Subscription(user.pk, channel, topic))])
    url = settings.BASE_URL + link
    told: dict[str, Any] = {"unsubscribe": url}
    if channel == MarketingChoice.Channel.EMAIL:
        told["headers"] = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    else:
        with override(user.language):
            told["opt_out"] = gettext("Reply %(word)s to stop") % {"word": OPT_OUT_WORDS[0]}
    return Verdict(True, Reason.WANTED, _("The person switched this on."), **told)
