"""The vault: what a law wants kept of people who left, behind a role and a key that the application does not have.

It is reached over the database alias `vault`, which exists only in the worker and in commands of manage.py. Every use
is written to the vault's own list of accesses, in the transaction of the use itself, and that list is append-only.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from accounts.sealing.rules import NotOpened
from consent.rights.leaving.errors import NoVault
from consent.rights.leaving.models import VaultAccess, VaultRecord
from consent.rights.leaving.sealing import opened_record, seal_record, vault_index, vault_indexes

ALIAS = "vault"


@dataclass(frozen=True, slots=True)
class ToKeep:
    """One kind of information of one person. mark: of the account. names: (kind, value) pairs by which it is found."""

    mark: bytes
    item: str
    rule: str
    closed_on: date
    due_on: date
    content: Any
    names: tuple[tuple[str, str], ...]


def is_reachable() -> bool:
    """Whether this process was given the vault's role."""
    return ALIAS in connections


def store(kept: Sequence[ToKeep], *, at: datetime) -> list[UUID]:
    """Put them into the vault; what is there already stays as it is, so that a second try changes nothing.

    Raises NoVault (500) in a process without the vault's role. Source: K100; PIPL 47.
    """
    with _vault():
        known = set(
            VaultRecord.objects.using(ALIAS).filter(mark__in={each.mark for each in kept}).values_list("mark", "item")
        )
        known = {(bytes(mark), item) for mark, item in known}
        new = [_record(each) for each in kept if (each.mark, each.item) not in known]
        stored = VaultRecord.objects.using(ALIAS).bulk_create(new, ignore_conflicts=True)
        ids = [record.pk for record in stored]
        if ids:
            VaultAccess.objects.using(ALIAS).create(at=at, act="store", records=ids)
        return ids


def read(kind: str, value: str, *, staff: tuple[int, int], reason: str, at: datetime) -> list[tuple[VaultRecord, Any]]:
    """The records of whoever had that contact or identity number, opened. staff: ids of the two who read. The access is
    committed before anything is given, also where nothing is found. Source: K101."""
    with _vault():
        indexes = vault_indexes(kind, value)
        found = VaultRecord.objects.using(ALIAS).filter(indexes__overlap=indexes).order_by("closed_on", "item")
        records = list(found)
        VaultAccess.objects.using(ALIAS).create(
            at=at, act="read", staff=list(staff), reason=reason, records=[record.pk for record in records]
        )
    return [(record, opened_record(bytes(record.content), _label(record))) for record in records]


def opens(*, at: datetime) -> bool:
    """Whether the key at hand opens the newest record; of an empty vault there is nothing to open. Source: Y31.

    Raises NoVault (500).
    """
    with _vault():
        record = VaultRecord.objects.using(ALIAS).order_by("-closed_on").first()
        if record is None:
            return True
        VaultAccess.objects.using(ALIAS).create(at=at, act="read", reason="drill", records=[record.pk])
    try:
        opened_record(bytes(record.content), _label(record))
    except NotOpened:
        return False
    return True


def destroy_due(today: date, *, at: datetime) -> int:
    """Destroy what need not be kept any longer; the number of records. PostgreSQL refuses an earlier end."""
    with _vault():
        due = list(VaultRecord.objects.using(ALIAS).filter(due_on__lt=today).values_list("pk", flat=True))
        if due:
            VaultRecord.objects.using(ALIAS).filter(pk__in=due).delete()
            VaultAccess.objects.using(ALIAS).create(at=at, act="destroy", records=due)
        return len(due)


def _vault() -> AbstractContextManager[Any]:
    if not is_reachable():
        raise NoVault
    return transaction.atomic(using=ALIAS)


def _record(kept: ToKeep) -> VaultRecord:
    record = VaultRecord(
        mark=kept.mark,
        item=kept.item,
        rule=kept.rule,
        closed_on=kept.closed_on,
        due_on=kept.due_on,
        indexes=[vault_index(kind, value) for kind, value in kept.names if value],
    )
    record.content = seal_record(kept.content, _label(record))
    return record


def _label(record: VaultRecord) -> str:
    return f"{bytes(record.mark).hex()}/{record.item}"
