"""Bringing consents that were collected elsewhere into the ledger, however many, and noting who took them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice

from django.db import transaction

from accounts.audit.actions import record_audit
from accounts.audit.rules import Actor
from consent.ledger.transfer.lines import ByteLines, Format, read_lines
from consent.ledger.transfer.refusals import Reason, Refusal
from consent.ledger.transfer.rules import Entry, entries
from consent.ledger.transfer.selectors import versions_by_name
from consent.ledger.transfer.statements import enrol_all, record_all, stored_contents

BATCH_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines. repeated: were there before, and nothing was done."""

    new: int = 0
    repeated: int = 0
    refused: int = 0

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(self.new + other.new, self.repeated + other.repeated, self.refused + other.refused)


@dataclass(frozen=True, slots=True)
class Batch:
    """Where an import stands after a batch was committed. so_far: since its beginning. refusals: of this batch, in the
    file's order."""

    so_far: Counts
    refusals: list[Refusal]


def import_consents(
    stream: ByteLines, form: Format, controller_id: int, *, actor: Actor, at: datetime
) -> Iterator[Batch]:
    """Add each line as an event, batch by batch; a line that is refused stops no other. Runs as it is iterated.

    at: aware UTC instant of the import. Each batch is a transaction of its own, so an import that was cut off is simply
    run again: what is there is not added a second time, whoever imports it. An answer that is older than what the
    ledger knows becomes history and changes no state. Takes the same memory for any number of lines.
    Source: K10, K44, K76, K120; PIPL 14; GB/T 42574 (keep the evidence).
    """
    found = entries(
        read_lines(stream, form), controller_id=controller_id, versions=versions_by_name(controller_id), at=at
    )
    so_far = Counts()
    while batch := list(islice(found, BATCH_LINES)):
        counts, refusals = _import_batch(batch, controller_id, actor=actor, at=at)
        so_far = so_far.plus(counts)
        yield Batch(so_far, refusals)
    record_audit("ledger.imported", actor=actor, target=f"controller:{controller_id}", at=at, details=asdict(so_far))


def note_export(controller_id: int, *, actor: Actor, at: datetime) -> None:
    """Keep that somebody took the events of a controller out."""
    record_audit("ledger.exported", actor=actor, target=f"controller:{controller_id}", at=at)


@transaction.atomic
def _import_batch(
    batch: Sequence[Entry | Refusal], controller_id: int, *, actor: Actor, at: datetime
) -> tuple[Counts, list[Refusal]]:
    refusals = [line for line in batch if isinstance(line, Refusal)]
    good = [line for line in batch if isinstance(line, Entry)]
    first = {line.id: line for line in reversed(good)}
    enrol_all(controller_id, (line.ref for line in good), at=at)
    new = record_all(controller_id, list(first.values()), str(actor))
    again = [line for line in good if line.id not in new or first[line.id] is not line]
    stored = stored_contents(controller_id, again)
    for line in again:
        if line.id not in stored:  # nothing is recorded about somebody who has left
            refusals.append(Refusal(line.line, Reason.SUBJECT_CLOSED, "subject"))
        elif stored[line.id] != line.content:
            refusals.append(Refusal(line.line, Reason.CONFLICT, "id"))
    counts = Counts(len(new), len(batch) - len(new) - len(refusals), len(refusals))
    return counts, sorted(refusals, key=lambda refusal: refusal.line)
