"""A person's export: complete, sealed, fetched once, by nobody else, and harmless in a spreadsheet."""

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit.models import AuditEntry
from accounts.models import Notice, ProfileItem, User
from accounts.otp.step_up import Act
from accounts.otp.tests.factories import prove
from consent.ledger.models import ConsentEvent
from consent.rights.export import writing
from consent.rights.export.actions import destroy_old, make_next, start_export, take_download
from consent.rights.export.models import Export, ExportPart
from consent.rights.export.rules import cell, csv_lines, json_lines
from consent.rights.export.sections import SECTIONS, Section
from consent.rights.export.selectors import state_of
from consent.rights.leaving.tests.factories import SECRETS, make_full_person, themselves

pytestmark = pytest.mark.django_db
PAGE = "/account/export/"


def _made(user: User) -> Export:
    export = start_export(user, actor=themselves(user), at=timezone.now())
    assert make_next(at=timezone.now())
    export.refresh_from_db()
    return export


def _opened(export: Export) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(writing.read_parts(export))))


def _rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"csv/{name}.csv").decode("utf-8-sig"))))


def _fetching(export: Export) -> Act:
    return Act("export.download", "", {"export": str(export.pk)})


def test_everything_about_the_person_is_in_it_twice_and_listed(alice: User) -> None:
    make_full_person(alice)

    archive = _opened(_made(alice))

    names = set(archive.namelist())
    page = archive.read("index.html").decode()
    assert archive.testzip() is None
    assert {f"{form}/{section.name}.{form}" for section in SECTIONS for form in ("csv", "json")} < names
    assert [section.name for section in SECTIONS if f"csv/{section.name}.csv" not in page] == []
    empty = {section.name for section in SECTIONS if not json.loads(archive.read(f"json/{section.name}.json"))}
    assert empty == set()
    assert _rows(archive, "profile")[0]["value"] in SECRETS


def test_the_events_come_with_their_receipts(alice: User) -> None:
    make_full_person(alice)

    archive = _opened(_made(alice))

    events = _rows(archive, "consent-events")
    receipts = [name for name in archive.namelist() if name.startswith("receipts/")]
    assert {f"receipts/receipt-{event['event']}.json" for event in events} == set(receipts)
    assert json.loads(archive.read(receipts[0]))["jws"].count(".") == 2


def test_nobody_elses_information_is_in_it(alice: User, bob: User) -> None:
    make_full_person(alice)

    archive = _opened(_made(bob))

    whole = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert [secret for secret in SECRETS if secret in whole] == []


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "我们知道的关于您的一切"), ("en", "Everything we know")])
def test_the_page_in_it_is_in_the_persons_language(alice: User, language: str, word: str) -> None:
    alice.language = language
    alice.save(update_fields=["language"])

    page = _opened(_made(alice)).read("index.html").decode()

    assert word in page


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"])
def test_no_spreadsheet_computes_a_cell(text: str) -> None:
    written = b"".join(csv_lines(["a"], [[text]])).decode("utf-8-sig")

    assert cell(text) == f"'{text}"
    assert list(csv.reader(io.StringIO(written, newline="")))[1] == [f"'{text}"]


def test_what_the_person_wrote_comes_out_of_json_as_it_was() -> None:
    written = b"".join(json_lines(["a", "b"], [['=1"\n', None], ["二", {"x": 1}]]))

    assert json.loads(written) == [{"a": '=1"\n', "b": None}, {"a": "二", "b": {"x": 1}}]
    assert json.loads(b"".join(json_lines(["a"], []))) == []


def test_nothing_of_it_lies_in_clear(alice: User) -> None:
    make_full_person(alice)

    export = _made(alice)

    stored = b"".join(bytes(part.content) for part in ExportPart.objects.filter(export=export))
    assert b"index.html" not in stored
    assert b"PK\x03\x04" not in stored
    assert len(stored) > export.size


def test_the_person_is_told_when_it_is_ready(alice: User) -> None:
    export = _made(alice)

    notice = Notice.objects.get(event="export_ready")
    assert (notice.destination, notice.parameters["url"].endswith(PAGE)) == ("alice@people.example", True)
    assert export.expires_at == export.ready_at + timedelta(days=7)  # type: ignore[operator]


def test_it_is_downloaded_once_after_a_proof_for_this_very_file(alice: User, client: Client) -> None:
    export = _made(alice)
    client.force_login(alice)
    path = f"{PAGE}{export.pk}/"

    unproven = client.post(path)
    prove(client, alice, Act("export.download", "", {"export": str(uuid4())}))
    wrong = client.post(path)
    prove(client, alice, _fetching(export))
    first = client.post(path)
    content = b"".join(first.streaming_content)  # type: ignore[attr-defined]
    prove(client, alice, _fetching(export))
    second = client.post(path)

    assert [unproven.headers["Location"], wrong.headers["Location"]] == ["/account/verify/"] * 2
    assert (first.status_code, len(content), second.status_code) == (200, export.size, 410)
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert "no-store" in first.headers["Cache-Control"]
    assert first.headers["Content-Disposition"].startswith('attachment; filename="my-information-')
    assert AuditEntry.objects.filter(act="export.downloaded").count() == 1


def test_another_persons_export_is_no_different_from_none(alice: User, bob: User, client: Client) -> None:
    export = _made(alice)
    client.force_login(bob)

    answers = [client.post(f"{PAGE}{number}/") for number in (export.pk, uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert take_download(bob, export.pk, actor=themselves(bob), at=timezone.now()) is None


@pytest.mark.parametrize("change", ["expired", "destroyed", "not ready"])
def test_what_cannot_be_fetched(alice: User, change: str) -> None:
    export, now = _made(alice), timezone.now()
    fields: dict[str, Any] = {
        "expired": {"expires_at": now - timedelta(seconds=1)},
        "destroyed": {"destroyed_at": now},
        "not ready": {"expires_at": None, "ready_at": None},
    }
    Export.objects.filter(pk=export.pk).update(**fields[change])

    assert take_download(alice, export.pk, actor=themselves(alice), at=now) is None


def test_a_second_submit_starts_nothing_more(alice: User, client: Client) -> None:
    client.force_login(alice)

    answers = [client.post(PAGE) for _ in range(2)]

    assert [answer.headers["Location"] for answer in answers] == [PAGE, PAGE]
    assert Export.objects.count() == 1


def test_the_page_shows_how_far_it_is_and_refreshes_without_scripts(alice: User, client: Client) -> None:
    start_export(alice, actor=themselves(alice), at=timezone.now())
    client.force_login(alice)

    answer = client.get(PAGE)

    assert b'<progress id="progress" value="0" max="36">' in answer.content
    assert answer.headers["Refresh"] == "3"


def test_the_page_asks_few_queries(
    alice: User, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    _made(alice)
    client.force_login(alice)
    client.get(PAGE)

    with django_assert_max_num_queries(3):
        client.get(PAGE)


def test_a_worker_that_was_killed_loses_the_pen_and_the_next_one_begins_again(alice: User) -> None:
    start_export(alice, actor=themselves(alice), at=timezone.now())
    now = timezone.now()
    Export.objects.update(token=1, lease_until=now + timedelta(minutes=1))
    ExportPart.objects.create(export=Export.objects.get(), token=1, number=0, content=b"torn")

    busy = make_next(at=now)
    later = make_next(at=now + timedelta(minutes=2))

    export = Export.objects.get()
    assert (busy, later, export.token) == (False, True, 2)
    assert _opened(export).testzip() is None


def test_a_worker_that_was_only_slow_stops_when_another_has_the_pen(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_export(alice, actor=themselves(alice), at=timezone.now())
    export = Export.objects.select_related("user").get()
    export.token = 1  # as it was when this worker took it
    Export.objects.update(token=2)

    with pytest.raises(writing.PenLost):
        writing.write_export(export)


def test_what_cannot_be_made_is_given_up_and_said(alice: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    start_export(alice, actor=themselves(alice), at=timezone.now())
    broken = Section("x", "x", ("a",), lambda _user: iter([(1, 2)]))
    monkeypatch.setattr(writing, "SECTIONS", (broken,))
    for hour in range(1, 7):
        make_next(at=timezone.now() + timedelta(hours=hour))

    client.force_login(alice)
    page = client.get(PAGE, headers={"accept-language": "en"}).content.decode()

    assert state_of(Export.objects.get(), timezone.now()) == "failed"
    assert "could not be made" in page


def test_what_was_fetched_or_is_over_is_destroyed(alice: User) -> None:
    export, now = _made(alice), timezone.now()
    take_download(alice, export.pk, actor=themselves(alice), at=now)

    counts = [destroy_old(at=now), destroy_old(at=now + timedelta(hours=2)), destroy_old(at=now + timedelta(hours=3))]

    export.refresh_from_db()
    assert counts == [0, 1, 0]
    assert (export.destroyed_at is not None, ExportPart.objects.count()) == (True, 0)


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    answers = [client.get(PAGE), client.post(PAGE), client.post(f"{PAGE}{uuid4()}/")]

    assert [answer.headers["Location"].partition("?")[0] for answer in answers] == ["/account/login/"] * 3


@pytest.mark.django_db(transaction=True)
def test_of_two_downloads_at_once_one_gets_it(alice: User) -> None:
    export, gate, got = _made(alice), Barrier(8), []

    def fetch() -> None:
        gate.wait()
        try:
            got.append(take_download(alice, export.pk, actor=themselves(alice), at=timezone.now()))
        finally:
            connections.close_all()

    threads = [Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert [each is not None for each in got].count(True) == 1


def test_many_events_take_no_more_memory_than_a_few(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = make_full_person(alice)
    ProfileItem.objects.filter(user=alice, field="address").update(value="=cmd|' /C calc'!A0")
    monkeypatch.setattr(writing, "MOST_RECEIPTS", 2)
    event = ConsentEvent.objects.filter(subject_id=subject.pk).first()
    assert event is not None
    columns = (
        "at, claimed_at, controller_id, policy_id, version_id, shown_sha256, purpose, recipient, status, kind, surface,"
    )
    columns += "language, actor, network, agent, idempotency_key"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO consent_event (subject_id, id, {columns}) SELECT subject_id, gen_random_uuid(), {columns}"  # noqa: S608
            " FROM consent_event, generate_series(1, 20000) WHERE id = %s",
            [event.id],
        )
    start_export(alice, actor=themselves(alice), at=timezone.now())

    tracemalloc.start()
    make_next(at=timezone.now())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    archive = _opened(Export.objects.get())
    assert archive.read("csv/consent-events.csv").count(b"\r\n") == 20_003
    assert [row["value"] for row in _rows(archive, "profile") if row["field"] == "address"] == ["'=cmd|' /C calc'!A0"]
    assert peak < 12 * 1024 * 1024  # in one piece the rows alone would take three times that


def test_no_other_separator_makes_a_cell_of_its_own() -> None:
    written = b"".join(csv_lines(["a"], [["harmless;=cmd|'/c calc'!A0"]])).decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(written, newline=""), delimiter=";"))

    assert [cell for row in rows for cell in row if cell.startswith("=")] == []
