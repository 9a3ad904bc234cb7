"""What stands on the page about oneself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.audit.models import AuditEntry
from accounts.contacts.models import ContactChange
from accounts.contacts.selectors import contact_changes_of
from accounts.devices.models import SignIn
from accounts.finding.models import PersonSearch
from accounts.finding.selectors import searches_of
from accounts.profile.rules import DOCUMENT, expires_soon
from accounts.profile.selectors import Item, changes_of, expiry_of, items_of
from accounts.profile.specs import FieldSpec
from accounts.profile.words import changed_words
from accounts.users.models import User
from accounts.users.rules import Contact, ContactKind
from consent.ledger.models import ConsentStatus
from consent.ledger.selectors import PolicyStanding, consent_records
from consent.policies.models import Controller, Necessity, Purpose

AGREED = frozenset({ConsentStatus.GIVEN, ConsentStatus.RENEWED})


@dataclass(frozen=True, slots=True)
class Held:
    """A field with the purposes for which it is kept: those that rest on law or contract, and those agreed to."""

    item: Item
    purposes: Sequence[Purpose]

    @property
    def is_required(self) -> bool:
        """Whether the service cannot be given without it (Y5)."""
        return is_needed(self.purposes)

    @property
    def laws(self) -> list[Mapping[str, str]]:
        """The laws by which it is kept, as the register names them by language."""
        return laws_of(self.purposes)

    @property
    def may_remove(self) -> bool:
        """Whether the person may take it out by themselves: nothing locks it, and no service of theirs rests on it."""
        is_alone = self.item.spec.code not in DOCUMENT
        return bool(self.item.value) and is_alone and not self.item.is_locked and not self.is_required


@dataclass(frozen=True, slots=True)
class Missing:
    """Fields that are not given and are asked for by the same purposes; none: by no policy in effect. fields: code and
    label, what is given on one page only once."""

    purposes: Sequence[Purpose]
    is_required: bool
    fields: Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class OwnContact:
    """A way of reaching the person, known or not."""

    kind: ContactKind
    contact: Contact | None
    since: datetime | None
    bounced_at: datetime | None
    purposes: Sequence[Purpose]

    @property
    def is_proven(self) -> bool:
        """Whether it is known and was shown to be theirs."""
        return self.contact is not None and self.contact.is_proven


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A change of one's own information. before, after: as the person's own page shows them; empty for nothing."""

    at: datetime
    label: Any
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class OwnSearch:
    """A company's system searched for the person. company: its name, in the reader's language."""

    search: PersonSearch
    company: str


class Grounds:
    """Why each item is kept, by the registers of the versions in effect, for one person."""

    def __init__(self, records: Iterable[PolicyStanding]) -> None:
        found: dict[str, dict[tuple[int, str], Purpose]] = defaultdict(dict)
        waiting: dict[str, dict[tuple[int, str], Purpose]] = defaultdict(dict)
        for record in records:
            asked = [(line.purpose, line.status in AGREED) for line in record.lines if line.purpose]
            for purpose, is_ground in (*((purpose, True) for purpose in record.by_law), *asked):
                for item in purpose.items.all():
                    (found if is_ground else waiting)[item.code][record.policy.pk, purpose.code] = purpose
        self._found: Mapping[str, Mapping[tuple[int, str], Purpose]] = found
        self._waiting: Mapping[str, Mapping[tuple[int, str], Purpose]] = waiting

    def of(self, *codes: str) -> list[Purpose]:
        """The purposes that use the first of codes that a register names."""
        return next((list(self._found[code].values()) for code in codes if code in self._found), [])

    def waiting_for(self, *codes: str) -> list[Purpose]:
        """The purposes that would use one of codes, had the person agreed to them."""
        return [purpose for code in codes for purpose in self._waiting.get(code, {}).values()]


def held_by(user: User, grounds: Grounds) -> list[Held]:
    """What is known of user, and what they may be asked for, field by field, with why. One query."""
    return [Held(item, grounds_of(item, grounds)) for item in items_of(user) if is_asked_for(item, grounds)]


def is_needed(purposes: Iterable[Purpose]) -> bool:
    """Whether the service cannot be given without what these purposes use (Y5)."""
    return any(purpose.necessity == Necessity.NECESSARY for purpose in purposes)


def laws_of(purposes: Iterable[Purpose]) -> list[Mapping[str, str]]:
    """Each law that one of purposes rests on, once."""
    found: list[Mapping[str, str]] = []
    for purpose in purposes:
        if not purpose.rests_on_consent and purpose.citation and purpose.citation not in found:
            found.append(purpose.citation)
    return found


def missing_among(held: Iterable[Held]) -> list[Missing]:
    """What is not given, by what it is asked for: first what the service needs, last what nothing needs."""
    absent = [each for each in held if not each.item.value]
    whole_document = {each.item.spec.code for each in absent}.issuperset(DOCUMENT)
    groups: dict[tuple[int, ...], list[Held]] = defaultdict(list)
    for each in absent:
        if not whole_document or each.item.spec.code not in DOCUMENT[1:]:
            groups[tuple(purpose.pk for purpose in each.purposes)].append(each)
    found = [
        Missing(
            rows[0].purposes,
            rows[0].is_required,
            [_to_give(row.item.spec, is_whole=whole_document) for row in rows],
        )
        for rows in groups.values()
    ]
    return sorted(found, key=lambda group: (not group.is_required, not group.purposes))


def sign_in_before(sign_ins: Iterable[SignIn], session_key: str) -> SignIn | None:
    """The newest successful one that did not begin the session that looks."""
    entered = (each for each in sign_ins if each.result == SignIn.Result.ENTERED)
    return next((each for each in entered if each.session_key != session_key), None)


def grounds_of(item: Item, grounds: Grounds) -> list[Purpose]:
    """Why a field is kept."""
    return grounds.of(*_codes(item))


def is_asked_for(item: Item, grounds: Grounds) -> bool:
    """Whether the person may be asked for a field: nothing that only purposes use to which they did not agree. What is
    known of them stands there in any case. Source: Y6; PIPL 6."""
    if item.value or grounds_of(item, grounds):
        return True
    return not (item.spec.on_demand or grounds.waiting_for(*_codes(item)))


def waiting_for(item: Item, grounds: Grounds) -> list[Purpose]:
    """To which purposes the person would have to agree before a field is asked for; none where it is."""
    return [] if is_asked_for(item, grounds) else grounds.waiting_for(*_codes(item))


def _codes(item: Item) -> tuple[str, ...]:
    return (item.spec.code, item.spec.also_as) if item.spec.also_as else (item.spec.code,)


def own_contacts(user: User, grounds: Grounds) -> list[OwnContact]:
    """Both kinds of contact, with why; what is known comes first. No query."""
    known = {contact.kind: contact for contact in user.contacts}
    found = [
        OwnContact(
            kind,
            known.get(kind),
            getattr(user, f"{kind}_verified_at"),
            getattr(user, f"{kind}_bounced_at"),
            grounds.of(kind),
        )
        for kind in (ContactKind.PHONE, ContactKind.EMAIL)
    ]
    return sorted(found, key=lambda each: each.contact is None)


def own_searches(user: User, *, limit: int) -> list[OwnSearch]:
    """Who searched for user, newest first. Two queries, one where nobody did."""
    searches = searches_of(user, limit=limit)
    slugs = {search.company for search in searches}
    names = {company.slug: str(company) for company in Controller.objects.filter(slug__in=slugs)} if slugs else {}
    return [OwnSearch(search, names.get(search.company, search.company)) for search in searches]


def grounds_for(user: User, at: datetime) -> tuple[Grounds, list[PolicyStanding]]:
    """Why things are kept, and where user stands with every policy. As many queries as consent_records."""
    records = consent_records(user, at)
    return Grounds(records), records


def count_answers(records: Iterable[PolicyStanding]) -> dict[str, int]:
    """How many questions are agreed to, not agreed to, and open."""
    lines = [line for record in records for line in record.lines]
    given = sum(line.status in AGREED for line in lines)
    waiting = sum(line.standing.is_open for line in lines)
    return {"given": given, "open": waiting, "refused": len(lines) - given - waiting}


def document_expires(held: Iterable[Held], today: date) -> date | None:
    """The last day of the identity document, if that is within six months or past."""
    expiry = expiry_of([each.item for each in held])
    return date.fromisoformat(expiry) if expires_soon(expiry, today) else None


def own_history(user: User) -> list[HistoryLine]:
    """Every change of profile, contacts and switches, newest first. Three queries."""
    lines = [
        HistoryLine(change.at, change.spec.label, change.before, change.after, "" if change.by_subject else "staff")
        for change in changes_of(user)
    ]
    lines += [_contact_line(change) for change in contact_changes_of(user)]
    lines += [line for entry in settings_changes_of(user) for line in _settings_lines(entry)]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def settings_changes_of(user: User, *, limit: int = 200) -> list[AuditEntry]:
    """What user switched on and off, newest first. One query."""
    mine = AuditEntry.objects.filter(target=f"user:{user.pk}", act="settings.changed")
    return list(mine.order_by("-at", "-pk")[:limit])


def _settings_lines(entry: AuditEntry) -> list[HistoryLine]:
    words = {False: _("off"), True: _("on")}
    note = entry.details.get("how", "")
    return [
        HistoryLine(entry.at, changed_words(name), words[not is_on], words[is_on], note)
        for name, is_on in entry.details.items()
        if isinstance(is_on, bool)
    ]


def _to_give(spec: FieldSpec, *, is_whole: bool) -> tuple[str, Any]:
    return spec.code, _("Identity document") if is_whole and spec.code in DOCUMENT else spec.label


def _contact_line(change: ContactChange) -> HistoryLine:
    kind = ContactKind(change.kind)
    before, after = (Contact(kind, value).masked if value else "" for value in (change.before, change.after))
    return HistoryLine(change.at, kind, before, after, "undone" if change.undone_at else "")
