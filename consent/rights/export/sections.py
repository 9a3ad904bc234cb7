"""Everything that the portal knows about a person, section by section, each read in portions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    Browser,
    ContactChange,
    ExternalCheck,
    MarketingChoice,
    Notice,
    PersonalRead,
    PersonSearch,
    ProfileChange,
    ProfileItem,
    ProfileLabel,
    SignIn,
    User,
)
from accounts.otp.selectors import ways_of
from consent.ledger.models import ConsentEvent, ConsentState, DataSubject
from consent.policies.fields import localized
from consent.policies.models import PolicyVersion, Purpose
from consent.rights.disclosures.selectors import disclosures_told
from consent.rights.export.rules import Row
from consent.rights.requests.models import RightsRequest

AT_ONCE = 2_000  # rows in memory


@dataclass(frozen=True, slots=True)
class Section:
    """name: of its files. rows: in the order of columns."""

    name: str
    label: str | Promise
    columns: tuple[str, ...]
    rows: Callable[[User], Iterator[Row]]


def _table(
    name: str, label: str | Promise, model: type[Model], *columns: str, of: str = "user", order: str = "pk"
) -> Section:
    def rows(user: User) -> Iterator[Row]:
        mine = model._default_manager.filter(**{of: user.pk}).order_by(order)
        return iter(mine.values_list(*columns).iterator(chunk_size=AT_ONCE))

    return Section(name, label, columns, rows)


def _account(user: User) -> Iterator[Row]:
    yield tuple(getattr(user, name) for name in ACCOUNT)


def _ways(user: User) -> Iterator[Row]:
    for way in ways_of(user):
        yield (str(way.kind), way.label, way.added_at, way.left)


def _states(user: User) -> Iterator[Row]:
    names = _Names()
    mine = ConsentState.objects.filter(subject_id__in=subjects_of(user)).order_by("policy_id", "purpose", "at")
    for state in mine.iterator(chunk_size=AT_ONCE):
        policy, number = names.version(state.version_id)
        title = names.purpose(state.version_id, state.purpose)
        yield (policy, number, state.purpose, title, state.recipient, state.status, state.kind, state.at)


def _events(user: User) -> Iterator[Row]:
    names = _Names()
    read = ("id", "at", "claimed_at", "version_id", "purpose", "shown_sha256", *SAID, *HOW)
    for row in events_of(user).order_by("at", "id").values_list(*read).iterator(chunk_size=AT_ONCE):
        event, at, claimed_at, version_id, purpose, shown, *rest = row
        title = names.purpose(version_id, purpose)
        yield (str(event), at, claimed_at, *names.version(version_id), purpose, title, *rest, bytes(shown).hex())


def _disclosures(user: User) -> Iterator[Row]:
    told = disclosures_told(user, timezone.localdate())
    yield from told.values_list(*DISCLOSURE).iterator(chunk_size=AT_ONCE)


def subjects_of(user: User) -> list[int]:
    """The person in the eyes of each company."""
    return list(DataSubject.objects.filter(user=user).values_list("pk", flat=True))


def events_of(user: User) -> QuerySet[ConsentEvent]:
    """Every act of the person, towards any company."""
    return ConsentEvent.objects.filter(subject_id__in=subjects_of(user))


class _Names:
    """Policies and purposes by their names, each read once."""

    def __init__(self) -> None:
        self._versions: dict[int, tuple[str, int]] = {}
        self._purposes: dict[int, dict[str, str]] = {}

    def version(self, version_id: int) -> tuple[str, int]:
        if version_id not in self._versions:
            version = PolicyVersion.objects.select_related("policy").get(pk=version_id)
            self._versions[version_id] = (str(version.policy), version.number)
        return self._versions[version_id]

    def purpose(self, version_id: int, code: str) -> str:
        if version_id not in self._purposes:
            found = Purpose.objects.filter(version=version_id).values_list("code", "title")
            self._purposes[version_id] = {known: localized(title) for known, title in found}
        return self._purposes[version_id].get(code, "")


ACCOUNT = (
    *("email", "email_verified_at", "phone", "phone_verified_at", "name", "language", "date_joined", "last_login"),
    *("findable_by_email", "findable_by_phone", "allows_profiling", "locked_at", "leaving_at"),
)
STATE = ("policy", "version", "purpose", "title", "recipient", "status", "kind", "at")
SAID = ("recipient", "status", "kind")
HOW = ("surface", "language", "actor", "network", "agent")
EVENT = ("event", "at", "claimed_at", "policy", "version", "purpose", "title", *SAID, *HOW, "shown_sha256")
PROFILE = ("field", "value", "source", "source_detail", "since_at", "verified_at")
SIGN_IN = ("at", "result", "way", "family", "system", "network", "place", "risks", "ended_at", "disowned_at")
REQUEST = (
    *("number", "kind", "channel", "status", "name", "details", "wanted", "received_at", "due_on", "verified_at"),
    *("verified_way", "decision", "refusal", "answer", "decided_at", "ended_at"),
)
DISCLOSURE = ("disclosed_on", "authority", "ground", "document", "items")
SECTIONS: tuple[Section, ...] = (
    Section("account", _("Account and settings"), ACCOUNT, _account),
    Section("ways-to-prove", _("Ways to prove that it is you"), ("kind", "label", "added_at", "left"), _ways),
    _table("profile", _("Profile"), ProfileItem, *PROFILE),
    _table("profile-history", _("Changes of your profile"), ProfileChange, "field", "before", "after", "at", "actor"),
    _table(
        "contact-history",
        _("Changes of your address and number"),
        ContactChange,
        *("kind", "before", "after", "at", "undo_until", "undone_at"),
    ),
    _table("checks", _("Checks of your information by others"), ExternalCheck, "field", "checked_by", "result", "at"),
    _table(
        "labels",
        _("Labels of groups"),
        ProfileLabel,
        *("given_by", "code", "words", "reason", "at", "switched_off_at"),
    ),
    _table("searches", _("Who searched for you"), PersonSearch, "at", "company", "system", "kind", "was_found"),
    _table("marketing", _("Choices about marketing"), MarketingChoice, "channel", "topic", "is_on", "at"),
    Section("consents", _("Your consents as they stand"), STATE, _states),
    Section("consent-events", _("Everything you ever agreed to or refused"), EVENT, _events),
    _table("sign-ins", _("Sign-in log"), SignIn, *SIGN_IN),
    _table("browsers", _("Browsers that are known"), Browser, "family", "system", "first_seen_at", "last_seen_at"),
    _table("requests", _("Requests"), RightsRequest, *REQUEST),
    _table(
        "staff-reads",
        _("Who among staff looked at your information"),
        PersonalRead,
        *("at", "staff_id", "case", "what", "reason", "until"),
        of="person_id",
    ),
    Section("disclosures", _("What was given to authorities"), DISCLOSURE, _disclosures),
    _table(
        "messages",
        _("Messages to you"),
        Notice,
        *("event", "kind", "language", "created_at", "sent_at", "given_up_at"),
        of="user_id",
        order="created_at",
    ),
)
