"""A drill of restoring: whether a backup, restored beside the portal, could take its place; and that it was tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from accounts.audit.actions import record_audit
from accounts.audit.models import AuditEntry
from accounts.audit.rules import Actor
from accounts.models import User
from accounts.sealing.rotation import SealedTable, sealed_tables
from accounts.sealing.rules import NotOpened, blind_index
from accounts.users.rules import ContactKind
from consent.ledger.log.misfits import Misfit
from consent.ledger.log.verifying import verify_log
from consent.rights.leaving import vault
from consent.rights.leaving.errors import LeavingError
from consent.rights.leaving.replay import replay

ACT, TARGET = "backup.drilled", "backup"
PROBLEMS = ("", "empty", "sealed_values", "index", "vault", "log", "erasures")


@dataclass(frozen=True, slots=True)
class DrillReport:
    """drilled_at: ISO 8601. newest_at: of the last act that the backup holds, empty without one. people: accounts;
    tables: with sealed values that the keys at hand open; leaves: of the log that fit; erasures: in the journals;
    erased_again: who came back with the backup. problem: the first of PROBLEMS that was met; what comes after it was
    not tried. Nothing in it names anybody."""

    drilled_at: str
    newest_at: str = ""
    people: int = 0
    tables: int = 0
    leaves: int = 0
    erasures: int = 0
    erased_again: int = 0
    problem: str = ""

    @classmethod
    def read(cls, said: Any) -> DrillReport:
        """As another machine wrote it. Raises ValueError."""
        kinds = {field.name: str if field.type == "str" else int for field in fields(cls)}
        if not isinstance(said, Mapping) or {name: type(value) for name, value in said.items()} != kinds:
            raise ValueError("it is not the report of a drill")
        report = cls(**said)
        for instant in filter(None, (report.drilled_at, report.newest_at)):
            if datetime.fromisoformat(instant).utcoffset() is None:
                raise ValueError("its instants have no time zone")
        if report.problem not in PROBLEMS:
            raise ValueError("its problem is unknown")
        return report


def drill(journals: Iterable[Path], *, processes: int, at: datetime) -> DrillReport:
    """Try the restored copy that this process is connected to: its sealed values, other keys, log and erasures.

    It erases again whoever had left, as a real restore must. Source: Y31, K69.
    """
    newest = AuditEntry.objects.order_by("-at").values_list("at", flat=True).first()
    found: dict[str, Any] = {"drilled_at": at.isoformat(), "newest_at": newest.isoformat() if newest else ""}
    found["people"] = User.objects.filter(closed_at=None).count()
    problem = "" if found["people"] else "empty"
    try:
        if not problem:
            found["tables"] = _open_one_of_each()
            problem = _other_keys(at)
        if not problem:
            found["leaves"] = verify_log(processes=processes).size
            found["erasures"], found["erased_again"] = replay(journals, at=at)
    except NotOpened:
        problem = "sealed_values"
    except Misfit:
        problem = "log"
    except (LeavingError, OSError):
        problem = "erasures"
    return DrillReport(**found, problem=problem)


def note_drill(report: DrillReport, *, actor: Actor, at: datetime) -> AuditEntry:
    """Keep the outcome of a drill in the trail of the portal itself, where nobody can change it. Source: Y31."""
    details = {field.name: getattr(report, field.name) for field in fields(report)}
    return record_audit(ACT, actor=actor, target=TARGET, at=at, details=details)


def latest_drills(limit: int = 12) -> list[DrillReport]:
    """The last drills, newest first. One query."""
    entries = AuditEntry.objects.filter(target=TARGET, act=ACT).order_by("-at", "-pk")[:limit]
    return [DrillReport(**entry.details) for entry in entries]


def _open_one_of_each() -> int:
    """How many tables hold sealed values. Raises NotOpened where the keys at hand are not those of the backup."""
    models = [table.model for table in sealed_tables() if isinstance(table, SealedTable)]
    rows = [model._default_manager.order_by("-pk").first() for model in models]
    return sum(row is not None for row in rows)


def _other_keys(at: datetime) -> str:
    """What of PROBLEMS they make. Under another INDEX_KEY nobody is found, and no erasure is known: it would seem that
    nobody had come back."""
    for kind in ContactKind:
        newest = User.objects.exclude(**{f"{kind}_index": None}).order_by("-pk").first()
        if newest and bytes(getattr(newest, f"{kind}_index")) != blind_index(kind, getattr(newest, kind)):
            return "index"
    return "" if vault.opens(at=at) else "vault"
