"""Sealing anew, batch by batch, what lies under a key that is not the first of FIELD_KEY any more.

What is done is told by the values themselves: each begins with the name of its key. So nothing is remembered, and a
run that was killed is gone on with by the next. Rows are locked from being read to being written, so a writer waits for
a batch at the most, and no write is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.functions import Substr

from accounts.sealing.fields import SealedField
from accounts.sealing.rules import NotOpened, current_key_name, opened, opened_bytes, seal, seal_bytes

KEY_NAME_BYTES = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """last: key of the last row looked at, None when there was none. sealed: rows written anew. broken: keys of rows
    that no known key opens; they stay as they are."""

    last: Any = None
    sealed: int = 0
    broken: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with sealed columns of text."""

    model: type[models.Model]
    columns: Sequence[SealedField] = field(repr=False)

    def __str__(self) -> str:
        return self.model._meta.db_table

    def count_waiting(self) -> int:
        """How many rows hold something under another key."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self._name} WHERE {self._stale}", self._current)  # noqa: S608
            return int(cursor.fetchone()[0])

    @transaction.atomic
    def rotate(self, after: Any, size: int) -> Batch:
        """Seal anew up to size rows whose key comes after `after`, None for the first."""
        rows = self._read(after, size)
        sealed, broken = [], []
        for key, *values in rows:
            try:
                sealed.append([key, *map(_resealed, values, self.columns)])
            except NotOpened:
                broken.append(key)
        self._write(sealed)
        return Batch(rows[-1][0] if rows else None, len(sealed), broken)

    def _read(self, after: Any, size: int) -> list[tuple[Any, ...]]:
        names = ", ".join(_quoted(column.attname) for column in self.columns)
        key, beyond = self._key, [] if after is None else [after]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {names} FROM {self._name} WHERE ({self._stale}) "  # noqa: S608
                f"{f'AND {key} > %s ' if beyond else ''}ORDER BY {key} LIMIT %s FOR NO KEY UPDATE",
                [*self._current, *beyond, size],
            )
            return list(cursor.fetchall())

    def _write(self, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        names = [_quoted(column.attname) for column in self.columns]
        sets = ", ".join(f"{name} = v.{name}" for name in names)
        arrays = ", ".join(["%s::" + self._key_type + "[]", *["%s::text[]"] * len(names)])
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self._name} AS t SET {sets} FROM unnest({arrays}) AS v(key, {', '.join(names)}) "  # noqa: S608
                f"WHERE t.{self._key} = v.key",
                [list(column) for column in zip(*rows, strict=True)],
            )

    @property
    def _name(self) -> str:
        return _quoted(self.model._meta.db_table)

    @property
    def _key(self) -> str:
        return _quoted(self.model._meta.pk.attname)

    @property
    def _key_type(self) -> str:
        return str(self.model._meta.pk.rel_db_type(connection))

    @property
    def _stale(self) -> str:
        """True where a value is neither empty nor under the current key."""
        names = [_quoted(column.attname) for column in self.columns]
        return " OR ".join(f"({name} <> '' AND NOT starts_with({name}, %s))" for name in names)

    @property
    def _current(self) -> list[str]:
        return [f"{current_key_name()}:"] * len(self.columns)


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """A table whose model names its column of sealed files as `sealed_file`, and their label as `label`."""

    model: Any

    def __str__(self) -> str:
        return f"{self.model._meta.db_table}.{self.model.sealed_file}"

    def count_waiting(self) -> int:
        """How many files are under another key."""
        return int(self._stale().count())

    @transaction.atomic
    def rotate(self, after: Any, size: int) -> Batch:
        """As SealedTable.rotate; a file at a time, because files are large."""
        rows = self._stale().order_by("pk").select_for_update(no_key=True)
        row = (rows if after is None else rows.filter(pk__gt=after)).first()
        if row is None:
            return Batch()
        name = self.model.sealed_file
        try:
            content = seal_bytes(opened_bytes(getattr(row, name), row.label), row.label)
        except NotOpened:
            return Batch(row.pk, 0, [row.pk])
        self.model._base_manager.filter(pk=row.pk).update(**{name: content})
        return Batch(row.pk, 1)

    def _stale(self) -> models.QuerySet[Any]:
        name = self.model.sealed_file
        head = Substr(name, 1, KEY_NAME_BYTES, output_field=models.BinaryField())
        files = self.model._base_manager.filter(**{f"{name}__isnull": False}).annotate(key_name=head)
        stale: models.QuerySet[Any] = files.exclude(key_name=bytes.fromhex(current_key_name()))
        return stale


def sealed_tables() -> list[SealedTable | SealedFiles]:
    """Every table of every app with something sealed in it."""
    found: list[SealedTable | SealedFiles] = []
    for model in apps.get_models():
        if not model._meta.managed or model._meta.proxy:
            continue
        if columns := [each for each in model._meta.local_concrete_fields if isinstance(each, SealedField)]:
            found.append(SealedTable(model, columns))
        if hasattr(model, "sealed_file"):
            found.append(SealedFiles(model))
    return found


def _resealed(value: str | None, column: SealedField) -> str | None:
    if not value or value.startswith(f"{current_key_name()}:"):
        return value
    return seal(opened(value, column.label), column.label)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
