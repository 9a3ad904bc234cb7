"""Which events are not leaves yet. Any event that can be seen may be sealed; what must not happen is to step over one
that cannot be seen yet. docs/adr/0006-merkle-log.md tells why nothing is lost or sealed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from consent.ledger.log.rules.leaves import COLUMNS

FIRST_WIDTH = 4096  # transactions that are looked through at once, at first
WIDEN = 4
END = 2**63 - 1

# xmin: every transaction below it has ended. xmax: no transaction of this cluster has this number or a higher one, so
# what bears one was written in another cluster and restored from a dump.
HORIZON = """
SELECT system_identifier::text, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint
  FROM pg_control_system()
"""
COUNT = "SELECT count(*) FROM (SELECT FROM consent_event WHERE xact >= %s AND xact < %s LIMIT %s) AS found"
UNSEALED = f"""
SELECT e.xact, k.secret, {COLUMNS}
  FROM consent_event e LEFT JOIN subject_key k ON k.subject_id = e.subject_id
 WHERE e.xact >= %s AND e.xact < %s AND (e.xact, e.subject_id, e.id) > (%s, %s, %s)
   AND NOT EXISTS (SELECT FROM consent_leaf l WHERE l.event_id = e.id)
 ORDER BY e.xact, e.subject_id, e.id LIMIT %s
"""  # noqa: S608 - of constants only


class Mark(NamedTuple):
    """An event's place in the order of sealing."""

    xact: int
    subject_id: int
    event_id: UUID


START = Mark(0, 0, UUID(int=0))


@dataclass(slots=True)
class Search:
    """Goes through the events in the order of their transactions, a window at a time.

    foreign: still looking for those that came from another cluster, whose numbers mean nothing here; `position` is
    then no mark. width: of the window, which adapts so that a batch neither sorts the whole backlog nor crawls
    through numbers that no event bears.
    """

    position: Mark
    foreign: bool
    width: int = FIRST_WIDTH

    def next_rows(self, cursor: psycopg.Cursor[Any], limit: int) -> list[Any]:
        """The next events, at most `limit`, as (number of the transaction, the person's key or None, *EventRow); none
        where everything that can be sealed is."""
        _cluster, xmin, xmax = horizon(cursor)
        if self.foreign:
            self.position = max(self.position, START._replace(xact=xmax))
            if rows := self._rows_below(cursor, END, limit):
                return rows
            self.position, self.foreign = START, False
        return self._rows_below(cursor, xmin, limit)

    def _rows_below(self, cursor: psycopg.Cursor[Any], end: int, limit: int) -> list[Any]:
        while self.position.xact < end:
            high = self._window(cursor, end, limit)
            values = (self.position.xact, high, *self.position, limit)
            rows = cursor.execute(UNSEALED, values, binary=True).fetchall()
            if rows:
                self.position = Mark(rows[-1][0], rows[-1][2], UUID(rows[-1][3]))
                return rows
            self.position = START._replace(xact=high)
        return []

    def _window(self, cursor: psycopg.Cursor[Any], end: int, limit: int) -> int:
        """Where the window ends: between half a batch and two in it, if the numbers allow it."""
        low = self.position.xact
        while low + self.width < end and self._count(cursor, low, limit // 2) < limit // 2:
            self.width *= WIDEN
        while self.width > 1 and self._count(cursor, low, 2 * limit) == 2 * limit:
            self.width //= WIDEN
        return min(low + self.width, end)

    def _count(self, cursor: psycopg.Cursor[Any], low: int, most: int) -> int:
        row = cursor.execute(COUNT, (low, min(low + self.width, END), most)).fetchone()
        return int(row[0]) if row else 0


def horizon(cursor: psycopg.Cursor[Any]) -> tuple[str, int, int]:
    """The cluster, and the numbers below which every transaction has ended and from which on none has begun."""
    row = cursor.execute(HORIZON).fetchone()
    if row is None:
        raise psycopg.DataError("PostgreSQL does not tell its system identifier")
    return row[0], row[1], row[2]
