"""Searches are counted one after the other, however many come at once (K26)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from accounts.audit.rules import Actor, ActorKind
from accounts.finding.actions import note_search
from accounts.finding.errors import SearchedTooOften
from accounts.models import PersonSearch
from accounts.users.rules import Contact, ContactKind

PHONE = Contact(ContactKind.PHONE, "+8613800138000")


def _search(key: int) -> bool:
    """Whether it was allowed."""
    actor = Actor(ActorKind.CLIENT, key)
    at = timezone.now()
    try:
        note_search(PHONE, None, may_be_found=False, company="shibei", system="app", actor=actor, at=at)
    except SearchedTooOften:
        return False
    finally:
        connections.close_all()
    return True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", ["SEARCHES_PER_KEY_AND_HOUR", "SEARCHES_PER_CONTACT_AND_DAY"])
def test_ten_searches_at_once_get_no_further_than_ten_one_after_the_other(settings: Settings, limit: str) -> None:
    setattr(settings, limit, 3)
    keys = [1] * 10 if limit == "SEARCHES_PER_KEY_AND_HOUR" else range(1, 11)

    with ThreadPoolExecutor(10) as pool:
        allowed = list(pool.map(_search, keys))

    assert sum(allowed) == PersonSearch.objects.count() == 3
