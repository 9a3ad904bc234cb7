"""Searching for the holder of a contact: allowed by them, counted, and told to them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from accounts.finding.errors import SearchedTooOften
from accounts.finding.models import PersonSearch
from accounts.finding.rules import SHOWN_FOR, WINDOW
from accounts.users.models import User
from accounts.users.rules import Contact

AN_HOUR = timedelta(hours=1)


@transaction.atomic
def note_search(
    contact: Contact, holder: User | None, *, may_be_found: bool, company: str, system: str, actor: Actor, at: datetime
) -> PersonSearch:
    """Write down that actor searched for contact, before anything is answered: for somebody and nobody alike.

    company, system: what the person is told, short name of the one and name of the other. at: aware UTC instant.
    Raises SearchedTooOften (HTTP 429): then nothing is written. Source: K26, K82; PIPL 24, 44.
    """
    _refuse_haste(contact, company, actor, at)
    target = f"user:{holder.pk}" if holder else f"company:{company}"
    record_audit("person.searched", actor=actor, target=target, at=at, details={"by": contact.kind})
    return PersonSearch.objects.create(
        at=at,
        searcher=str(actor),
        company=company,
        system=system,
        kind=contact.kind,
        user=holder,
        contact_index=contact.index,
        was_found=may_be_found,
    )


def sweep_searches(*, at: datetime) -> None:
    """Forget what was searched for after a day, and that somebody was searched for after half a year."""
    PersonSearch.objects.filter(at__lte=at - SHOWN_FOR).delete()
    old = PersonSearch.objects.filter(at__lte=at - WINDOW)
    old.filter(user=None).delete()
    old.exclude(contact_index=None).update(contact_index=None)


def _refuse_haste(contact: Contact, company: str, actor: Actor, at: datetime) -> None:
    """Each company is counted by itself: none keeps another from a contact, or learns that another looked for it."""
    with connection.cursor() as cursor:  # two searches at once count as two; always in this order
        for name in (f"search:{actor}", f"search:{company}:{contact.index.hex()}"):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    by_key = PersonSearch.objects.filter(searcher=str(actor), at__gt=at - AN_HOUR)
    for_contact = PersonSearch.objects.filter(contact_index=contact.index, company=company, at__gt=at - WINDOW)
    for searches, limit, window in (
        (by_key, settings.SEARCHES_PER_KEY_AND_HOUR, AN_HOUR),
        (for_contact, settings.SEARCHES_PER_CONTACT_AND_DAY, WINDOW),
    ):
        oldest = searches.order_by("-at").values_list("at", flat=True)[limit - 1 : limit]
        if found := list(oldest):
            raise SearchedTooOften(found[0] + window)
