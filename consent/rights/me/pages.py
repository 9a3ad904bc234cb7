"""What the pages about oneself are given."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from accounts.contacts.selectors import asks_about_contacts
from accounts.devices.selectors import sign_ins_of
from accounts.otp.selectors import ways_of
from accounts.profile.forms import ProfileForm, SettingsForm
from accounts.profile.models import MarketingChoice
from accounts.profile.selectors import Item, checks_of, labels_of, marketing_of
from accounts.profile.specs import FieldSpec, LockReason
from accounts.profile.words import marketing_words
from accounts.staff.selectors import reads_of
from accounts.users.models import User
from consent.rights.disclosures.models import Disclosure
from consent.rights.disclosures.selectors import disclosures_told
from consent.rights.export.selectors import latest_export
from consent.rights.leaving.holdings import label_of
from consent.rights.leaving.selectors import leaving_of
from consent.rights.me.selectors import (
    Grounds,
    Held,
    count_answers,
    document_expires,
    grounds_for,
    grounds_of,
    held_by,
    is_asked_for,
    is_needed,
    laws_of,
    missing_among,
    own_contacts,
    own_searches,
    sign_in_before,
    waiting_for,
)
from consent.rights.requests.selectors import requests_of

SIGN_INS = 10
READS = 20


def me_page(user: User, *, session_key: str, at: datetime) -> dict[str, Any]:
    """All that is known of user, on one page. session_key: of the session that looks."""
    grounds, records = grounds_for(user, at)
    held = held_by(user, grounds)
    expires = document_expires(held, timezone.localdate(at))
    contacts, asked, sign_ins = own_contacts(user, grounds), list(requests_of(user)), list(sign_ins_of(user, SIGN_INS))
    return {
        "person": user,
        "asks_about_contacts": asks_about_contacts(user, at=at),
        "contacts": contacts,
        "proven": sum(each.is_proven for each in contacts),
        "has_bounced": any(each.bounced_at for each in contacts),
        "held": [each for each in held if each.item.value],
        "missing": missing_among(held),
        "expires": expires,
        "has_expired": expires is not None and expires < timezone.localdate(at),
        "checks": checks_of(user),
        "answers": count_answers(records),
        "advertised": [marketing_words(*pair) for pair in marketing_of(user)],
        "labels": labels_of(user),
        "ways": ways_of(user),
        "sign_ins": sign_ins,
        "previous": sign_in_before(sign_ins, session_key),
        "requests": asked,
        "open_requests": sum(each.is_open for each in asked),
        "reads": reads_of(user.pk, limit=READS),
        "searches": own_searches(user, limit=READS),
        "disclosures": own_disclosures(user, timezone.localdate(at)),
        "leaving": leaving_of(user),
        "export": latest_export(user),
    }


def own_disclosures(user: User, today: date) -> list[tuple[Disclosure, list[str]]]:
    """What was given to authorities about user and may be told them, with the items in words. One query."""
    return [(line, [label_of(item) for item in line.items]) for line in disclosures_told(user, today)]


def settings_part(user: User, form: SettingsForm) -> dict[str, Any]:
    """The form of the switches, with what it says beside them."""
    groups = [
        (topic.label, [form[f"{topic}_{channel}"] for channel in MarketingChoice.Channel])
        for topic in MarketingChoice.Topic
    ]
    return {
        "settings_form": form,
        "marketing": groups,
        "labels": [(label, form[f"label_{label.pk}"]) for label in form.labelled],
    }


def edit_page(items: dict[str, Item], form: ProfileForm, grounds: Grounds) -> dict[str, Any]:
    """A field, or the few that are given together, with why they are asked for."""
    purposes = {purpose.pk: purpose for item in items.values() for purpose in grounds_of(item, grounds)}
    first = next(iter(items.values()))
    return {
        "form": form,
        "waiting_for": waiting_for(first, grounds),
        "is_asked_for": is_asked_for(first, grounds),
        "items": items.values(),
        "locked": [(item, laws_of(grounds_of(item, grounds))) for item in items.values() if item.is_locked],
        "will_lock": _by_lock(items[code].spec for code in form.open),
        "purposes": purposes.values(),
        "is_document": len(items) > 1,
        "first": first,
        "can_remove": Held(first, grounds_of(first, grounds)).may_remove,
        "is_needed": is_needed(purposes.values()),
    }


def _by_lock(specs: Iterable[FieldSpec]) -> list[tuple[LockReason, list[FieldSpec]]]:
    """What cannot be edited later, by the reason."""
    found: dict[int, tuple[LockReason, list[FieldSpec]]] = {}
    for spec in specs:
        if spec.lock:
            found.setdefault(id(spec.lock), (spec.lock, []))[1].append(spec)
    return list(found.values())
