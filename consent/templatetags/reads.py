"""How a look of the staff at somebody reads."""

from collections.abc import Iterable
from itertools import groupby

from django.template import Library

from accounts.models import PersonalRead
from consent.rights.requests.words import read_words, reason_words

register = Library()


@register.filter
def together(reads: Iterable[PersonalRead]) -> list[tuple[PersonalRead, int]]:
    """Looks one after the other at the same by the same: the last of them, and how many."""
    grouped = groupby(reads, key=lambda read: (read.staff_id, read.case, read.what, read.reason))
    return [(each[0], len(each)) for each in (list(group) for _key, group in grouped)]


register.filter("read_words", read_words)
register.filter("reason_words", reason_words)
