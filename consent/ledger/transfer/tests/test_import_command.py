"""manage.py import_consents: what goes in, what is told, and where refused lines are written."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from consent.ledger.models import ConsentEvent
from consent.ledger.transfer.tests.imports import line, ndjson
from consent.policies.models import Controller, PolicyVersion

CSV = "subject,policy,version,purpose,status,at\nc-1,privacy,1,,given,2025-06-01T00:00:00Z\n"


def _import(*arguments: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_consents", *map(str, arguments), "--controller", "pay", stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path, version: PolicyVersion) -> Path:
    """A good line, a bad one, and the good one once more."""
    path = tmp_path / "consents.ndjson"
    path.write_bytes(ndjson([line(), line(status="maybe"), line()]))
    return path


def test_counts_and_refused_lines_are_told(file: Path) -> None:
    out, err = _import(file)

    assert out == "新增 1 条，重复 1 条，未接受 1 条。\n"
    assert err == "第 2 行：“status”的值无法保存。\n"


def test_refused_lines_go_to_the_report_in_both_languages(file: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.ndjson"

    _out, err = _import(file, "--report", report)

    (refusal,) = [json.loads(each) for each in report.read_text(encoding="utf-8").splitlines()]
    assert (refusal["line"], refusal["code"], refusal["field"]) == (2, "invalid_value", "status")
    assert set(refusal["message"]) == {"zh-hans", "en"}
    assert err == ""


def test_the_terminal_is_spared_a_flood_of_refusals(file: Path) -> None:
    file.write_bytes(b"{\n" * 50)

    _out, err = _import(file)

    assert len(err.splitlines()) == 21


def test_the_ending_of_the_name_tells_the_format(tmp_path: Path, version: PolicyVersion) -> None:
    file = tmp_path / "consents.csv"
    file.write_text(CSV, encoding="utf-8-sig")

    out, _err = _import(file)

    assert "新增 1 条" in out


def test_standard_input_is_read(version: PolicyVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "input"
    path.write_text(CSV, encoding="utf-8")
    with path.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        _import("-", "--format", "csv")

    assert ConsentEvent.objects.count() == 1


def test_a_file_that_is_not_there_is_told_in_one_sentence(controller: Controller, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing.ndjson"):
        _import(tmp_path / "nothing.ndjson")
