"""Keys change while the site runs: nothing is lost, and a run that is killed is gone on with."""

import base64
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from urllib.parse import quote

import pytest
from django.conf import settings as portal
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django import Settings

from accounts.models import User
from accounts.profile.models import ProfileChange, ProfileItem
from accounts.sealing.rotation import SealedTable, sealed_tables
from accounts.sealing.rules import NotOpened, current_key_name, opened_bytes, seal_bytes
from conftest import NOW
from consent.rights.export.models import Export, ExportPart

MANY = 12_000


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def new_key(settings: Settings) -> Callable[[], str]:
    """Puts a new key in front of the ring; the ring as it is then."""

    def put() -> str:
        ring = f"{_key()},{settings.FIELD_KEY}"
        settings.FIELD_KEY = ring
        return ring

    return put


def _rotate(*options: str) -> str:
    said = StringIO()
    call_command("rotate_keys", *options, stdout=said, stderr=said)
    return said.getvalue()


def _stored(column: str = "email") -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM accounts_user ORDER BY id")  # noqa: S608
        return [row[0] for row in cursor.fetchall()]


def _make_many(number: int) -> None:
    User.objects.bulk_create(
        [User(email=f"person{n}@people.example", name=f"Person {n}", password="!") for n in range(number)],
        batch_size=2000,
    )


def test_every_table_with_something_sealed_is_found() -> None:
    names = {str(table) for table in sealed_tables()}

    assert {"accounts_user", "accounts_profileitem", "accounts_contactchange", "accounts_notice"} <= names
    assert "accounts_authenticator" in names


def test_what_lay_under_the_old_key_lies_under_the_new_one_and_says_the_same(
    alice: User, new_key: Callable[[], str], settings: Settings
) -> None:
    ProfileItem.objects.create(user=alice, field="address", value="8 Example Road", since_at=NOW)
    ProfileChange.objects.create(user=alice, field="address", after="8 Example Road", at=NOW, actor="subject:1")
    ring = new_key()

    said = _rotate()
    settings.FIELD_KEY = ring.split(",")[0]  # the old key is gone

    assert "accounts_user: 1 of 1" in said
    assert User.objects.get(pk=alice.pk).email == "alice@people.example"
    assert ProfileItem.objects.get(user=alice).value == "8 Example Road"
    assert ProfileChange.objects.get(user=alice).before == ""


def test_the_index_by_which_people_are_found_stays_as_it_is(alice: User, new_key: Callable[[], str]) -> None:
    before = bytes(User.objects.get(pk=alice.pk).email_index)
    new_key()

    _rotate()

    assert bytes(User.objects.get(pk=alice.pk).email_index) == before


def test_a_second_run_has_nothing_to_do_and_writes_nothing(alice: User, new_key: Callable[[], str]) -> None:
    new_key()
    _rotate()
    before = _stored()

    said = _rotate()

    assert said == "Everything is sealed under the first key.\n"
    assert _stored() == before


def test_what_no_known_key_opens_is_named_and_left_alone(
    alice: User, bob: User, new_key: Callable[[], str], settings: Settings
) -> None:
    User.objects.filter(pk=bob.pk).update(name="Bob")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET name = 'deadbeef:AAAA' WHERE id = %s", [bob.pk])
    ring = new_key()

    with pytest.raises(CommandError, match="1 rows are sealed under a key that FIELD_KEY does not name"):
        _rotate()
    settings.FIELD_KEY = ring.split(",")[0]

    assert User.objects.get(pk=alice.pk).email == "alice@people.example"
    with pytest.raises(NotOpened):
        User.objects.get(pk=bob.pk)


def test_sealed_files_change_their_key_too(alice: User, new_key: Callable[[], str], settings: Settings) -> None:
    export = Export.objects.create(user=alice, language="en", asked_at=NOW)
    part = ExportPart(export=export, token=1, number=0)
    part.content = seal_bytes(b"PK\x03\x04 everything about Alice", part.label)
    part.save()
    ring = new_key()

    said = _rotate()
    settings.FIELD_KEY = ring.split(",")[0]

    part.refresh_from_db()
    assert "consent_exportpart.content: 1 of 1" in said
    assert opened_bytes(part.content, part.label) == b"PK\x03\x04 everything about Alice"


@pytest.mark.django_db
def test_a_batch_holds_no_more_rows_than_it_was_told(new_key: Callable[[], str]) -> None:
    _make_many(25)
    new_key()
    table = next(table for table in sealed_tables() if str(table) == "accounts_user")
    assert isinstance(table, SealedTable)

    first = table.rotate(None, 10)
    second = table.rotate(first.last, 10)

    assert (first.sealed, second.sealed, table.count_waiting()) == (10, 10, 5)


class Rotation:
    """`manage.py rotate_keys` as a process of its own."""

    def __init__(self, ring: str, batch: int) -> None:
        config = portal.DATABASES["default"]
        who = quote(config["USER"]) + (f":{quote(config['PASSWORD'])}" if config["PASSWORD"] else "")
        place = config["HOST"]
        url = (
            f"postgresql://{who}@/{config['NAME']}?host={place}"
            if str(place).startswith("/")
            else f"postgresql://{who}@{place}:{config['PORT'] or 5432}/{config['NAME']}"
        )
        environment = os.environ | {"FIELD_KEY": ring, "DATABASE_URL": url, "DATABASE_OWNER_URL": ""}
        environment.pop("FIELD_KEY_FILE", None)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "rotate_keys", "--batch", str(batch)],
            cwd=portal.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kill(self) -> str:
        """kill -9, and wait until it is gone; what it had said."""
        self.process.send_signal(signal.SIGKILL)
        return str(self.process.communicate(timeout=10)[0])


def _sealed_anew() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_user WHERE starts_with(email, %s)", [f"{current_key_name()}:"])
        return int(cursor.fetchone()[0])


@pytest.fixture
def writer(transactional_db: None) -> Iterator[Callable[[], int]]:
    """Somebody who changes names all the time; when asked it stops and says how often it did."""
    stop, count = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            number = count[0] % MANY
            user = User.objects.order_by("pk")[number]
            user.name = f"Renamed {number}"
            user.save(update_fields=["name"])
            count[0] += 1
        connections.close_all()

    thread = threading.Thread(target=write)

    def end() -> int:
        stop.set()
        thread.join()
        return count[0]

    _make_many(MANY)
    thread.start()
    yield end
    end()


def test_a_run_that_is_killed_amid_a_full_table_and_a_busy_writer_is_gone_on_with(
    writer: Callable[[], int], new_key: Callable[[], str], settings: Settings
) -> None:
    ring = new_key()
    first = Rotation(ring, batch=100)
    while _sealed_anew() <= 500 and first.process.poll() is None:
        time.sleep(0.02)

    said_first = first.kill()
    half_done = _sealed_anew()
    second = Rotation(ring, batch=500)
    said = second.process.communicate(timeout=120)[0]
    renamed = writer()
    settings.FIELD_KEY = ring.split(",")[0]

    assert 500 < half_done < MANY, said_first
    assert second.process.returncode == 0, said
    names = [user.name for user in User.objects.order_by("pk")]
    changed = min(renamed, MANY)
    assert changed > 10
    assert names[:changed] == [f"Renamed {n}" for n in range(changed)]
    assert names[changed:] == [f"Person {n}" for n in range(changed, MANY)]
