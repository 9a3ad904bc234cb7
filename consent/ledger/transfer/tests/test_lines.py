"""Reading lines: every one is understood or refused with its number and the field at fault."""

from io import BytesIO

import pytest

from consent.ledger.transfer.lines import LONGEST_LINE, Format, Line, read_lines
from consent.ledger.transfer.refusals import Refusal
from consent.ledger.transfer.tests.imports import line, ndjson, told

HEADER = b"subject,policy,version,purpose,status,at,id\r\n"
ROW = b"c-1,privacy,1,,given,2025-06-01T00:00:00Z,7\r\n"
BOM = b"\xef\xbb\xbf"


def _read(content: bytes, form: Format = Format.NDJSON) -> tuple[list[tuple[int, Line]], list[tuple[int, str, str]]]:
    found = list(read_lines(BytesIO(content), form))
    refusals = [each for _number, each in found if isinstance(each, Refusal)]
    return [(number, each) for number, each in found if isinstance(each, Line)], told(refusals)


@pytest.mark.parametrize("form", list(Format))
def test_an_empty_file_has_no_lines(form: Format) -> None:
    assert _read(b"", form) == ([], [])


def test_a_byte_order_mark_and_blank_lines_change_nothing_but_count() -> None:
    lines, refusals = _read(BOM + ndjson([line(subject="张三")]) + b"\r\n\n" + ndjson([line(subject="c-2")]).strip())

    assert [(number, each.subject) for number, each in lines] == [(1, "张三"), (4, "c-2")]
    assert refusals == []


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (b"{", "not_json", ""),
        (b"[1]", "not_json", ""),
        (b'{"subject":"\xd5\xc5"}', "not_utf8", ""),
        (b'{"subject":"' + b"x" * LONGEST_LINE + b'"}', "too_long", ""),
        (b'{"subject":"c-1"}', "missing_field", "policy"),
        (ndjson([line(recipent="bank")]), "unknown_field", "recipent"),
        (ndjson([{key: value for key, value in line().items() if key != "purpose"}]), "missing_field", "purpose"),
        (ndjson([line(version=True)]), "invalid_value", "version"),
        (ndjson([line(version=0)]), "invalid_value", "version"),
        (ndjson([line(version=2**63)]), "invalid_value", "version"),
        (ndjson([line(status="yes")]), "invalid_value", "status"),
        (ndjson([line(kind="silent")]), "invalid_value", "kind"),
        (ndjson([line(subject="")]), "invalid_value", "subject"),
        (ndjson([line(subject="x" * 201)]), "invalid_value", "subject"),
        (ndjson([line(recipient="a\x1fb")]), "invalid_value", "recipient"),
        (ndjson([line(shown_sha256="ab")]), "invalid_value", "shown_sha256"),
        (ndjson([line(id="")]), "invalid_value", "id"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason_and_the_next_is_read(content: bytes, code: str, field: str) -> None:
    lines, refusals = _read(content.strip() + b"\n" + ndjson([line()]))

    assert refusals == [(1, code, field)]
    assert [number for number, _line in lines] == [2]


def test_csv_says_the_same_as_json() -> None:
    lines, refusals = _read(BOM + HEADER + ROW, Format.CSV)
    same, _none = _read(ndjson([line(at="2025-06-01T00:00:00Z", id="7")]))

    assert refusals == []
    assert lines == [(2, same[0][1])]


def test_a_quotation_mark_that_is_never_closed_swallows_no_other_line() -> None:
    stray = ROW.replace(b"c-1", b'"c-1')

    lines, refusals = _read(HEADER + stray + ROW * 3_000, Format.CSV)

    assert refusals == [(2, "not_csv", "")]
    assert [number for number, _line in lines] == list(range(3, 3_003))


def test_commas_and_quotation_marks_stay_in_their_cell_and_a_row_is_one_line() -> None:
    broken = ROW.replace(b"c-1", b'"c\n1"')

    lines, refusals = _read(HEADER + broken + ROW.replace(b"c-1", b'"c,""1"""'), Format.CSV)

    assert refusals == [(2, "not_csv", ""), (3, "not_csv", "")]
    assert [(number, each.subject) for number, each in lines] == [(4, 'c,"1"')]


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (b"c-1,privacy,1\n", "not_csv", ""),
        (ROW.replace(b"c-1", b'"c"1'), "not_csv", ""),
        (ROW.replace(b"c-1", "张三".encode("gb18030")), "not_utf8", ""),
        (ROW.replace(b"c-1", b"x" * LONGEST_LINE), "too_long", ""),
        (ROW.replace(b"given", b""), "missing_field", "status"),
        (ROW.replace(b",1,", b",one,"), "invalid_value", "version"),
    ],
)
def test_a_bad_row_is_refused_and_the_next_is_read(row: bytes, code: str, field: str) -> None:
    lines, refusals = _read(HEADER + row + ROW, Format.CSV)

    assert refusals == [(2, code, field)]
    assert [number for number, _line in lines] == [3]


@pytest.mark.parametrize(
    ("header", "code", "field"),
    [
        (b"subject,policy\n", "missing_field", "version"),
        (HEADER.replace(b",purpose", b""), "missing_field", "purpose"),
        (HEADER.replace(b",id", b",identity"), "unknown_field", "identity"),
        (HEADER.replace(b",id", b",at"), "not_csv", ""),
        (b'"\n', "not_csv", ""),
        (HEADER.decode().encode("utf-16"), "not_utf8", ""),
        (ROW, "unknown_field", "c-1"),
    ],
)
def test_csv_without_the_names_of_its_columns_is_refused_and_read_no_further(
    header: bytes, code: str, field: str
) -> None:
    lines, refusals = _read(header + ROW, Format.CSV)

    assert refusals == [(1, code, field)]
    assert lines == []
