"""Switching advertising off from where it arrives: by the link of a message, or by answering a text message."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.profile.models import MarketingChoice
from accounts.sealing.names import name_of, named_by
from accounts.users.models import User

TOPICS = tuple(topic.value for topic in MarketingChoice.Topic)
OPT_OUT_WORDS = ("TD", "T", "退订", "STOP", "UNSUBSCRIBE")  # the first is what messages tell people to answer
_LABEL = "unsubscribe"
_SALT_BYTES = _ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the link of a message switches off."""

    user_id: int
    channel: str
    topic: str


def link_name(subscription: Subscription) -> str:
    """What stands in the link: it says nothing, nobody can make one up, and it works for good. No two are alike, so
    that companies cannot tell by them that two contacts are one person's."""
    said = f"{subscription.channel}/{subscription.topic}".encode()
    return name_of(token_bytes(_SALT_BYTES) + subscription.user_id.to_bytes(_ID_BYTES, "big") + said, _LABEL)


def subscription_named(name: str) -> Subscription | None:
    """What that link switches off; None for a link that was never sent. No query."""
    content = named_by(name, _LABEL)
    if content is None:
        return None
    said = content[_SALT_BYTES:]
    channel, _slash, topic = said[_ID_BYTES:].decode().partition("/")
    return Subscription(int.from_bytes(said[:_ID_BYTES], "big"), channel, topic)


def is_opt_out(text: str) -> bool:
    """Whether a text message says that no more is wanted, however it is written: `td`, `ＴＤ。`, `退订!`."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(each for each in plain if each.isalnum()) in OPT_OUT_WORDS


@transaction.atomic
def stop_marketing(
    user_id: int, channel: str, topics: Collection[str], *, how: str, actor: Actor, at: datetime
) -> list[str]:
    """Switch topics off over channel, now. Those that were on; a second time none, and nothing is written.

    how: `link` or `message`. at: aware UTC instant. Source: K39, K74; RFC 8058; PIPL 24.
    """
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id, closed_at=None).first()
    on = MarketingChoice.objects.filter(user=user, channel=channel, topic__in=topics, is_on=True)
    stopped = sorted(on.values_list("topic", flat=True)) if user else []
    if stopped:
        on.update(is_on=False, at=at)
        changed = {f"{topic}.{channel}": False for topic in stopped}
        record_audit("settings.changed", actor=actor, target=f"user:{user_id}", at=at, details={**changed, "how": how})
    return stopped
