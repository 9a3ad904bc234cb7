"""The same lines again, at once, or after a crash: nothing is doubled and nothing is missing."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.audit.rules import SYSTEM
from consent.ledger.actions import Answer, record_for_reference
from consent.ledger.models import ConsentEvent, ConsentState, ConsentStatus, DataSubject, SubjectKey
from consent.ledger.tests.factories import circumstances
from consent.ledger.transfer import actions
from consent.ledger.transfer.actions import Counts, import_consents
from consent.ledger.transfer.lines import Format
from consent.ledger.transfer.tests.imports import AT, line, ndjson, run, told
from consent.policies.models import Controller, PolicyVersion
from consent.policies.published import published_version

AtOnce = Callable[[int, Callable[[int], Any]], list[Any]]


def _many(count: int) -> bytes:
    return ndjson(line(subject=f"c-{number}", purpose="ads") for number in range(count))


def test_a_second_run_adds_nothing(controller: Controller, version: PolicyVersion) -> None:
    lines = ndjson([line(), line(purpose="ads"), line(subject="c-2", id="x")])
    run(controller, lines)

    counts, refusals = run(controller, lines)

    assert (counts, refusals) == (Counts(repeated=3), [])
    assert ConsentEvent.objects.count() == 3


def test_one_line_twice_in_a_file_is_one_event(controller: Controller, version: PolicyVersion) -> None:
    same = line(at="2025-06-01T00:00:00Z")

    counts, refusals = run(controller, ndjson([line(), same, line(id="1"), line(id="1", kind="explicit")]))

    assert (counts, refusals) == (Counts(new=2, repeated=2), [])


@pytest.mark.parametrize("batch", [1, 10])
def test_an_id_that_said_something_else_before_is_refused(
    controller: Controller, version: PolicyVersion, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(actions, "BATCH_LINES", batch)

    counts, refusals = run(
        controller, ndjson([line(id="1"), line(id="1", status="refused"), line(id="1", subject="c-2")])
    )

    assert told(refusals) == [(2, "conflict", "id")]
    assert counts == Counts(new=2, refused=1)  # another person's id is another line
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"given"}


def test_an_id_that_a_call_took_as_its_key_is_refused(controller: Controller, version: PolicyVersion) -> None:
    _refuse(controller, version, "c-1", ["ads"], "import:1")

    counts, refusals = run(controller, ndjson([line(id="1"), line(id="2")]))

    assert (counts, told(refusals)) == (Counts(new=1, refused=1), [(1, "conflict", "id")])


def test_a_batch_takes_two_statements_however_long_it_is(controller: Controller, version: PolicyVersion) -> None:
    published_version(version.pk)

    def statements(count: int, first: int) -> int:
        lines = ndjson(line(subject=f"c-{number}") for number in range(first, first + count))
        with CaptureQueriesContext(connection) as queries:
            run(controller, lines)
        return sum("consent_event" in query["sql"] or "subject_key" in query["sql"] for query in queries)

    assert (statements(1, 0), statements(500, 1)) == (2, 2)


def test_many_lines_take_no_more_memory_than_few(
    controller: Controller, version: PolicyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH_LINES", 500)
    batches = import_consents(BytesIO(_many(20_000)), Format.NDJSON, controller.pk, actor=SYSTEM, at=AT)
    tracemalloc.start()

    next(batches)
    next(batches)
    early = tracemalloc.get_traced_memory()[1]
    last = list(batches)[-1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert last.so_far == Counts(new=20_000)
    assert peak < early + 1024 * 1024


@pytest.fixture
def committed(transactional_db: None, controller: Controller, version: PolicyVersion) -> PolicyVersion:
    published_version(version.pk)
    return version


def test_the_same_file_twice_at_once_goes_in_once(
    controller: Controller, committed: PolicyVersion, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH_LINES", 50)
    lines = [line(subject=f"c-{number % 200}", id=str(number), purpose="ads") for number in range(1_000)]

    results = at_once(4, lambda worker: run(controller, ndjson(lines[:: -1 if worker % 2 else 1])))

    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(counts.new for counts, _refusals in results) == ConsentEvent.objects.count() == 1_000
    assert [counts.new + counts.repeated for counts, _refusals in results] == [1_000] * 4
    assert DataSubject.objects.count() == SubjectKey.objects.count() == ConsentState.objects.count() == 200


def test_an_import_and_the_people_themselves_at_once_wait_for_each_other_without_deadlock(
    controller: Controller, committed: PolicyVersion, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH_LINES", 20)
    people, purposes = [f"c-{number}" for number in range(8)], ["", "ads", "location"]
    asked = [(turn, who, what) for turn in range(20) for what in purposes for who in people]
    old = [line(subject=who, purpose=what, id=f"{turn}{what}") for turn, who, what in asked]

    def work(worker: int) -> None:
        if worker == 0:
            run(controller, ndjson(old))
            return
        for turn, who in enumerate(people * 5):
            _refuse(controller, committed, who, purposes[:: -1 if turn % 2 else 1], f"{worker}-{turn}")

    results = at_once(3, work)

    assert results == [None] * 3
    assert ConsentEvent.objects.count() == len(old) + 2 * len(people) * 5 * len(purposes)
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"refused"}


def _refuse(controller: Controller, version: PolicyVersion, who: str, purposes: list[str], key: str) -> None:
    answers = [Answer(purpose, ConsentStatus.REFUSED) for purpose in purposes]
    record_for_reference(
        controller.pk, who, version.pk, answers, circumstances=circumstances(), actor=SYSTEM, key=key, at=AT
    )


def test_an_import_that_was_killed_is_completed_by_running_it_again(
    controller: Controller, committed: PolicyVersion, tmp_path: Path
) -> None:
    file = tmp_path / "consents.ndjson"
    file.write_bytes(_many(60_000))
    command = [sys.executable, "manage.py", "import_consents", str(file), "--controller", controller.slug]
    child = subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | {"DATABASE_URL": _database_url()})
    try:
        _wait_until(lambda: ConsentEvent.objects.exists())
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    before = ConsentEvent.objects.count()

    counts, refusals = run(controller, file.read_bytes())

    assert 0 < before < 60_000
    assert (counts, refusals) == (Counts(new=60_000 - before, repeated=before), [])
    assert ConsentEvent.objects.count() == ConsentState.objects.count() == SubjectKey.objects.count() == 60_000


def _database_url() -> str:
    """Of this test's own database, for a process that reads it from its environment."""
    url, _slash, _name = os.environ["DATABASE_URL"].partition("?")[0].rpartition("/")
    query = os.environ["DATABASE_URL"].partition("?")[2]
    return f"{url}/{settings.DATABASES['default']['NAME']}{'?' if query else ''}{query}"


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "nothing happened within 30 seconds"
        time.sleep(0.01)
