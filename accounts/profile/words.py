"""What switches are called."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.profile.models import MarketingChoice

SWITCH_WORDS = {
    "findable_by_phone": _("Others can find me by my mobile number"),
    "findable_by_email": _("Others can find me by my e-mail address"),
    "allows_profiling": _("Put me into groups by what I use"),
}


def marketing_words(channel: str, topic: str) -> str:
    """`Offers by e-mail`."""
    named = {"topic": MarketingChoice.Topic(topic).label, "channel": MarketingChoice.Channel(channel).label}
    return str(_("%(topic)s by %(channel)s")) % named


def changed_words(name: str) -> str | Promise:
    """A switch by the name under which its change stands in the audit trail: `offers.email`, `label.7`."""
    first, _dot, second = name.partition(".")
    if first == "label":
        return _("A group that you were put into")
    return marketing_words(second, first) if second else SWITCH_WORDS[name]
