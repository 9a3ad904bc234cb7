"""What a person agrees to, as digests that can be compared, and how two registers differ.

A purpose is described by the mapping that `Purpose.facts()` gives. Its fingerprint covers what an answer rests on:
items, basis, recipients, retention, necessity and sensitivity; not the words that explain it. Where a fact is text, the
portal's first language is the one that counts: adding a translation changes no agreement.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import rfc8785
from django.conf import settings

from consent.policies.fields import localized
from consent.policies.models import ChangeKind, LawfulBasis

WHOLE_POLICY = ""  # the code under which the policy as a whole is answered
# Facts that lines got later, with what silence about them means; digests of lines that are silent stay what they were.
SILENT: Mapping[str, Any] = {"is_marketing": False, "validity_days": None, "recipient_codes": [], "never_shared": False}
ASKING_KINDS = frozenset({str(ChangeKind.M2), str(ChangeKind.M3)})


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person is asked. purpose: its code, or WHOLE_POLICY. fingerprint: hex, equal where nothing that the
    answer rests on differs. needs_separate: to be asked apart from everything else (PIPL 23, 29, 39). validity_days:
    how long a yes holds, None without end."""

    purpose: str
    fingerprint: str = ""
    is_sensitive: bool = False
    needs_separate: bool = False
    validity_days: int | None = None


@dataclass(frozen=True, slots=True)
class PurposeFacts:
    """A purpose as decisions need it. recipients: the codes of those who may be given it. items: code → whether it is
    never shared. needs_separate: as of its question."""

    code: str
    title: Mapping[str, str]
    lawful_basis: str
    exemption: str
    citation: Mapping[str, str]
    is_marketing: bool
    needs_separate: bool
    recipients: frozenset[str]
    items: Mapping[str, bool]

    @property
    def rests_on_consent(self) -> bool:
        """True if a person is asked; False if law or contract decides."""
        return self.lawful_basis == LawfulBasis.CONSENT


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A published version as the rules see it. questions: the policy as a whole first, then every purpose that rests
    on consent, in the register's order."""

    id: int
    number: int
    effective_at: datetime
    published_at: datetime
    change_kinds: frozenset[str]
    questions: tuple[Question, ...]

    def question(self, purpose: str) -> Question | None:
        """The question of that code, or None."""
        return next((question for question in self.questions if question.purpose == purpose), None)


@dataclass(frozen=True, slots=True)
class RegisterChanges:
    """Codes of purposes, sorted. changed: in both registers, with another fingerprint. recipients_changed: given to
    others than before, purposes that came or went with recipients included. suggested_kinds: what must be declared."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    recipients_changed: tuple[str, ...]
    suggested_kinds: frozenset[str]


def fingerprint(purpose: Mapping[str, Any]) -> str:
    """Hex SHA-256 over the canonical JSON of what an answer to the purpose rests on. purpose: as `Purpose.facts()`."""
    return sha256(rfc8785.dumps(_primary_facts(purpose))).hexdigest()


def questions_of(purposes: Iterable[Mapping[str, Any]]) -> tuple[Question, ...]:
    """What a version asks: the policy as a whole, and each purpose that rests on consent."""
    return (
        Question(WHOLE_POLICY),
        *(
            Question(
                purpose["code"],
                fingerprint(purpose),
                is_sensitive=_is_sensitive(purpose),
                needs_separate=_needs_separate(purpose),
                validity_days=purpose.get("validity_days"),
            )
            for purpose in purposes
            if purpose["lawful_basis"] == LawfulBasis.CONSENT
        ),
    )


def purpose_facts(purpose: Mapping[str, Any]) -> PurposeFacts:
    """What decisions need of a line. purpose: as `Purpose.facts()`; what an older one does not say is its default."""
    return PurposeFacts(
        code=purpose["code"],
        title=purpose["title"],
        lawful_basis=str(purpose["lawful_basis"]),
        exemption=purpose["exemption"],
        citation=purpose["citation"],
        is_marketing=bool(purpose.get("is_marketing")),
        needs_separate=_needs_separate(purpose),
        recipients=frozenset(purpose.get("recipient_codes", ())),
        items={item["code"]: bool(item.get("never_shared")) for item in purpose["items"]},
    )


def register_changes(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> RegisterChanges:
    """How two registers differ, and which kinds of change that proves: M2 for purposes, M3 for recipients.

    old, new: lines as `Purpose.facts()`. Source: K111, K112; PIPL 14, 23.
    """
    before = {purpose["code"]: _primary_facts(purpose) for purpose in old}
    after = {purpose["code"]: _primary_facts(purpose) for purpose in new}
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()
    changed = {code for code in before.keys() & after.keys() if before[code] != after[code]}
    given = {
        code
        for code in before.keys() | after.keys()
        if _given_to(before.get(code, {})) != _given_to(after.get(code, {}))
    }
    processing = {code for code in changed if _without_recipients(before[code]) != _without_recipients(after[code])}
    kinds = {str(ChangeKind.M2)} if added or removed or processing else set()
    return RegisterChanges(
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        changed=tuple(sorted(changed)),
        recipients_changed=tuple(sorted(given)),
        suggested_kinds=frozenset(kinds | ({str(ChangeKind.M3)} if given else set())),
    )


def _primary_facts(purpose: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "items": sorted(
            [item["code"], bool(item["is_sensitive"])] + ["never shared"] * bool(item.get("never_shared"))
            for item in purpose["items"]
        ),
        "lawful_basis": str(purpose["lawful_basis"]),
        "exemption": purpose["exemption"],
        "necessity": str(purpose["necessity"]),
        "is_sensitive": bool(purpose["is_sensitive"]),
        "needs_separate_consent": bool(purpose["needs_separate_consent"]),
        "recipients": _plain(purpose["recipients"]),
        "retention": _plain(purpose["retention"]),
    } | {
        key: sorted(purpose[key]) if key == "recipient_codes" else purpose[key]
        for key, silence in SILENT.items()
        if purpose.get(key, silence) != silence
    }


def _without_recipients(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in ("recipients", "recipient_codes")}


def _given_to(facts: Mapping[str, Any]) -> tuple[str, list[str]]:
    return facts.get("recipients", ""), facts.get("recipient_codes", [])


def _needs_separate(purpose: Mapping[str, Any]) -> bool:
    return bool(purpose["needs_separate_consent"]) or _is_sensitive(purpose)


def _is_sensitive(purpose: Mapping[str, Any]) -> bool:
    return bool(purpose["is_sensitive"]) or any(item["is_sensitive"] for item in purpose["items"])


def _plain(texts: Mapping[str, str]) -> str:
    """The words without what no reader sees: composed characters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", localized(texts, settings.LANGUAGE_CODE)).split())
