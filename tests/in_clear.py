"""What a portal has written about people, searched for their plain values (K72)."""

import base64
from collections.abc import Iterable
from pathlib import Path

from tests.conftest import Stack

# The inbox stands for mailboxes and telephones of people, and PostgreSQL's files are read as tables.
NOT_THE_PORTALS = ("inbox.sqlite3", "postgres", "secrets")

# Every row as PostgreSQL prints it: what is binary comes as \x and hexadecimal digits.
SEARCH = """
from django.db import connection
result = []
with connection.cursor() as cursor:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    tables = [name for (name,) in cursor.fetchall()]
    for table in tables:
        cursor.execute(f'SELECT lower(t::text) FROM "{{table}}" t')
        for (row,) in cursor:
            result += [[table, form] for form in {forms!r} if form in row]
    result.append(len(tables))
"""


def forms_of(value: str) -> list[str]:
    """The value as it might lie somewhere: as text, as the digits of its octets, in base64. In lower case."""
    octets = value.encode()
    inner = base64.b64encode(octets).decode().rstrip("=")[:-1]
    return [value.lower(), octets.hex(), inner.lower()]


def rows_with(stack: Stack, values: Iterable[str]) -> list[list[str]]:
    """Table and value, for each row that says one of the values."""
    *found, tables = stack.python(SEARCH.format(forms=[form for value in values for form in forms_of(value)]))
    assert tables > 50, "too few tables to be the portal's"
    return list(found)


def files_with(stack: Stack, values: Iterable[str]) -> list[tuple[str, str]]:
    """File and value, for each log, journal and broker's file that says one of the values."""
    forms = [form.encode() for value in values for form in forms_of(value)]
    files = [path for path in stack.state.rglob("*") if path.is_file() and not _is_left_out(stack, path)]
    assert any(path.stat().st_size for path in files if path.suffix == ".log"), "no log was written"
    return [(str(path), form.decode()) for path in files for form in forms if form in path.read_bytes().lower()]


def _is_left_out(stack: Stack, path: Path) -> bool:
    return any(part.startswith(NOT_THE_PORTALS) for part in path.relative_to(stack.state).parts)
