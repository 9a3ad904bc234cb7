"""Imports and exports over the API: streams, confined to the key's company."""

import io
import json
from typing import Any

import pytest

from consent.api.v1.tests.conftest import Caller, problem
from consent.ledger.models import ConsentEvent
from consent.ledger.transfer import actions
from consent.ledger.transfer.tests.imports import line, ndjson

NDJSON, CSV = "application/x-ndjson", "text/csv; charset=utf-8"
pytestmark = pytest.mark.usefixtures("version")


def _lines(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.content
    assert response["Content-Type"].startswith(NDJSON)
    return [json.loads(each) for each in response.getvalue().splitlines()]


def _import(caller: Caller, body: bytes, media: str = NDJSON) -> list[dict[str, Any]]:
    return _lines(caller.call("POST", "imports", body, content_type=media))


def test_an_import_tells_each_refused_line_and_ends_with_the_counts(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH_LINES", 2)

    told = _import(caller, ndjson([line(), line(status="maybe"), line(), line(purpose="ads")]))

    assert told[0] == {"done": False, "new": 1, "repeated": 0, "refused": 1}
    assert [(each["line"], each["code"]) for each in told if "line" in each] == [(2, "invalid_value")]
    assert told[-1] == {"done": True, "new": 2, "repeated": 1, "refused": 1}
    assert set(ConsentEvent.objects.values_list("surface", flat=True)) == {"import"}
    assert set(ConsentEvent.objects.values_list("actor", flat=True)) != {"system"}


def test_an_import_may_be_csv(caller: Caller) -> None:
    rows = b"\xef\xbb\xbfsubject,policy,version,purpose,status,at\r\nc-1,privacy,1,,given,2025-06-01T00:00:00Z\r\n"

    assert _import(caller, rows, CSV)[-1] == {"done": True, "new": 1, "repeated": 0, "refused": 0}


def test_an_import_may_be_empty(caller: Caller) -> None:
    assert _import(caller, b"\n") == [{"done": True, "new": 0, "repeated": 0, "refused": 0}]


def test_an_import_may_be_larger_than_any_other_body(caller: Caller) -> None:
    body = (b" " * 1023 + b"\n") * 33 * 1024 + ndjson([line()])

    assert _import(caller, body)[-1]["new"] == 1


def test_a_body_without_a_length_is_read_to_its_end(caller: Caller) -> None:
    """As a server hands over a chunked body (wsgi.input_terminated), readline included."""
    stream = io.BytesIO(ndjson([line(), line(purpose="ads")]))
    how: dict[str, Any] = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}

    response = caller.client.post(
        "/api/v1/imports", b"-", NDJSON, headers={"authorization": f"Bearer {caller.key}"}, **how
    )

    assert _lines(response)[-1]["new"] == 2


def test_half_a_line_is_not_taken_for_a_whole_one(caller: Caller) -> None:
    body = b"subject,policy,version,purpose,status,at,id\nc-1,privacy,1,,given,2025-06-01T00:00:00Z,77"
    how: dict[str, Any] = {"wsgi.input": io.BytesIO(body[:-1]), "wsgi.input_terminated": True}

    response = caller.client.post(
        "/api/v1/imports", body, CSV, headers={"authorization": f"Bearer {caller.key}"}, **how
    )

    with pytest.raises(ConnectionError):
        response.getvalue()
    assert ConsentEvent.objects.count() == 0


def test_an_import_of_another_type_is_refused(caller: Caller) -> None:
    response = caller.call("POST", "imports", ndjson([line()]), content_type="application/json")

    assert problem(response) == (415, "unsupported_media_type")


def test_a_company_imports_to_its_own_policies_alone(stranger: Caller) -> None:
    told = _import(stranger, ndjson([line()]))

    assert told[1]["code"] == "unknown_version"
    assert ConsentEvent.objects.count() == 0


def test_an_export_gives_the_companys_events_within_bounds(caller: Caller, stranger: Caller) -> None:
    _import(caller, ndjson(line(at=f"2025-06-0{day}T00:00:00Z") for day in (3, 1, 2)))

    path = "exports/events?since=2025-06-02T00:00:00Z"

    assert [event["at"][:10] for event in _lines(caller.get(path))] == ["2025-06-02", "2025-06-03"]
    assert _lines(stranger.get(path)) == []


def test_an_export_may_be_csv(caller: Caller) -> None:
    _import(caller, ndjson([line()]))

    response = caller.get("exports/events", accept="text/csv")

    assert response["Content-Type"] == CSV
    assert response.getvalue().decode().splitlines()[0].startswith("leaf,event,at")


@pytest.mark.parametrize("since", ["yesterday", "2025-06-01", "2025-06-01T00:00:00"])
def test_bounds_without_a_time_zone_are_refused(caller: Caller, since: str) -> None:
    assert problem(caller.get(f"exports/events?since={since}")) == (422, "invalid")
