"""Exports: one company's events alone, in the order of time, with nothing that names a person."""

import csv
import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.audit.models import AuditEntry
from consent.ledger.log.tests.factories import seal_all
from consent.ledger.models import ConsentEvent, SubjectKey
from consent.ledger.receipts.record import pseudonym
from consent.ledger.transfer import selectors
from consent.ledger.transfer.formats import written
from consent.ledger.transfer.lines import Format
from consent.ledger.transfer.selectors import exported_events
from consent.ledger.transfer.tests.imports import line, ndjson, run
from consent.policies.models import Controller, PolicyVersion
from consent.policies.tests.factories import make_controller, make_policy, make_version

DAYS = ["2025-06-03T00:00:00Z", "2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z"]


def _exported(controller: Controller, form: Format = Format.NDJSON, **bounds: datetime) -> list[dict[str, Any]]:
    text = b"".join(written(exported_events(controller.pk, **bounds), form)).decode()
    if form is Format.CSV:
        return list(csv.DictReader(StringIO(text)))
    return [json.loads(each) for each in text.splitlines()]


@pytest.fixture
def events(controller: Controller, version: PolicyVersion) -> None:
    """One person's on three days."""
    run(controller, ndjson(line(at=at) for at in DAYS))


@pytest.mark.usefixtures("events")
def test_events_come_in_the_order_of_time_whatever_the_portion(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "_ROWS_AT_ONCE", 2)

    assert [event["at"] for event in _exported(controller)] == sorted(DAYS)


@pytest.mark.usefixtures("events")
def test_another_companys_events_are_not_among_them(controller: Controller) -> None:
    rival = make_controller("rival")
    make_version(make_policy(rival, slug="rival-privacy"))
    run(rival, ndjson([line(policy="rival-privacy")]))

    assert len(_exported(controller)) == 3
    assert [event["policy"] for event in _exported(rival)] == ["rival-privacy"]


@pytest.mark.usefixtures("events")
def test_since_is_within_and_until_is_not(controller: Controller) -> None:
    second, third = datetime(2025, 6, 2, tzinfo=UTC), datetime(2025, 6, 3, tzinfo=UTC)

    events = _exported(controller, since=second, until=third)

    assert [event["at"] for event in events] == ["2025-06-02T00:00:00Z"]


def test_an_event_says_what_was_answered_and_names_nobody(controller: Controller, version: PolicyVersion) -> None:
    run(controller, ndjson([line(subject="张三 13800138000", purpose="ads", recipient="bank", id="13800138000")]))

    (event,) = _exported(controller)

    stored, key = ConsentEvent.objects.get(), SubjectKey.objects.get()
    assert event == {
        "leaf": None,
        "event": str(stored.id),
        "at": "2025-06-01T00:00:00Z",
        "claimed_at": "2025-06-01T00:00:00Z",
        "subject": pseudonym(bytes(key.secret)),
        "policy": "privacy",
        "version": 1,
        "purpose": "ads",
        "recipient": "bank",
        "status": "given",
        "kind": "explicit",
        "surface": "import",
        "language": "zh-hans",
        "shown_sha256": bytes(stored.shown_sha256).hex(),
        "actor": "system",
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("events")
def test_a_sealed_event_carries_its_number_in_the_log(controller: Controller) -> None:
    seal_all()

    assert sorted(event["leaf"] for event in _exported(controller)) == [0, 1, 2]


@pytest.mark.usefixtures("events")
def test_who_was_erased_cannot_be_traced_in_an_export(controller: Controller) -> None:
    SubjectKey.objects.all().delete()

    assert [event["subject"] for event in _exported(controller)] == [None] * 3


def test_a_spreadsheet_computes_nothing_of_an_export(controller: Controller, version: PolicyVersion) -> None:
    recipients = ["=1+1", "+1", "-1", "@A1", "＝1+1", '=cmd|" /C calc"!A0', "bank"]
    run(controller, ndjson(line(purpose="ads", recipient=recipient) for recipient in recipients))

    cells = {event["recipient"] for event in _exported(controller, Format.CSV)}

    assert cells == {"'=1+1", "'+1", "'-1", "'@A1", "'＝1+1", '\'=cmd|" /C calc"!A0', "bank"}


@pytest.mark.usefixtures("events")
def test_csv_says_the_same_as_json(controller: Controller) -> None:
    as_text = [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in _exported(controller)]

    assert _exported(controller, Format.CSV) == as_text


@pytest.mark.usefixtures("events")
def test_the_command_writes_them_out_and_leaves_a_trace(controller: Controller) -> None:
    out = StringIO()

    call_command("export_consents", "--controller", "pay", "--since", "2025-06-02T00:00:00+00:00", stdout=out)

    assert [json.loads(each)["at"][:10] for each in out.getvalue().splitlines()] == ["2025-06-02", "2025-06-03"]
    assert AuditEntry.objects.get(act="ledger.exported").target == f"controller:{controller.pk}"


@pytest.mark.django_db
def test_an_unknown_company_is_told_in_one_sentence() -> None:
    with pytest.raises(CommandError, match="nobody"):
        call_command("export_consents", "--controller", "nobody", stdout=StringIO())
