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
ASKING_KINDS = frozenset({str(ChangeKind.M2), str(ChangeKind.M3)})


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person is asked. purpose: its code, or WHOLE_POLICY. fingerprint: hex, equal where nothing that the
    answer rests on differs. needs_separate: to be asked apart from everything else (PIPL 23, 29, 39)."""

    purpose: str
    fingerprint: str = ""
    is_sensitive: bool = False
    needs_separate: bool = False


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
                needs_separate=bool(purpose["needs_separate_consent"]) or _is_sensitive(purpose),
            )
            for purpose in purposes
            if purpose["lawful_basis"] == LawfulBasis.CONSENT
        ),
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
        if before.get(code, {}).get("recipients", "") != after.get(code, {}).get("recipients", "")
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
        "items": sorted([item["code"], bool(item["is_sensitive"])] for item in purpose["items"]),
        "lawful_basis": str(purpose["lawful_basis"]),
        "exemption": purpose["exemption"],
        "necessity": str(purpose["necessity"]),
        "is_sensitive": bool(purpose["is_sensitive"]),
        "needs_separate_consent": bool(purpose["needs_separate_consent"]),
        "recipients": _plain(purpose["recipients"]),
        "retention": _plain(purpose["retention"]),
    }


def _without_recipients(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key != "recipients"}


def _is_sensitive(purpose: Mapping[str, Any]) -> bool:
    return bool(purpose["is_sensitive"]) or any(item["is_sensitive"] for item in purpose["items"])


def _plain(texts: Mapping[str, str]) -> str:
    """The words without what no reader sees: composed characters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", localized(texts, settings.LANGUAGE_CODE)).split())
