"""What somebody types fits the field, or they are told what right looks like (K15, Y4)."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts.profile.masks import mask_address, mask_all, mask_name, mask_number
from accounts.profile.rules import FIELDS, parse_values, remind_on
from accounts.profile.validation import (
    parse_card_number,
    parse_credit_code,
    parse_expiry,
    parse_foreigner_card,
    parse_hk_macao_permit,
    parse_name,
    parse_passport,
    parse_resident_number,
    parse_taiwan_permit,
)


@pytest.mark.parametrize(
    "written",
    ["11010519491231002X", "11010519491231002x", " 110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"],
)
def test_a_resident_number_is_the_same_however_it_is_written(written: str) -> None:
    assert parse_resident_number(written) == "11010519491231002X"


@pytest.mark.parametrize(
    "wrong",
    [
        "110105194912310021",  # check character
        "110105194912310",  # the fifteen digits of old cards
        "91010519491231002X",  # no such province
        "110105194902310025",  # 31 February
        "110105189912310020",  # nobody is that old
        "110105299912310025",  # not born yet
        "1101051949123100XX",
        "１1010519491231002٢",
        "",
    ],
)
def test_a_resident_number_with_a_mistake_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        parse_resident_number(wrong)


def test_every_single_wrong_digit_of_a_resident_number_is_noticed() -> None:
    right = "440106199003070013"
    right = right[:17] + next(c for c in "0123456789X" if _passes(right[:17] + c))

    mistaken = [right[:i] + d + right[i + 1 :] for i in range(17) for d in "0123456789" if d != right[i]]

    assert not any(_passes(number) for number in mistaken)


def _passes(number: str) -> bool:
    try:
        parse_resident_number(number)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("field", ["occupation", "address", "company-name"])
@pytest.mark.parametrize("wrong", ["😀😀😀😀😀", "12345", "\u202eroad 8, city", "x" * 1000, "  "])
def test_a_line_of_words_has_letters_that_can_be_printed_and_an_end(field: str, wrong: str) -> None:
    with pytest.raises(ValidationError):
        parse_values({field: wrong}, {})


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110000802100433B", "91350100m000100y43"])
def test_a_credit_code_is_judged_by_its_check_character(code: str) -> None:
    assert parse_credit_code(code) == code.upper()
    with pytest.raises(ValidationError):
        parse_credit_code(code[:-1] + ("4" if code[-1] != "4" else "5"))


@pytest.mark.parametrize("wrong", ["91350100M000100Y4", "91350100I000100Y43", "91350100M000100Y435", ""])
def test_a_credit_code_of_another_shape_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        parse_credit_code(wrong)


@pytest.mark.parametrize(
    ("parse", "right", "wrong"),
    [
        (parse_passport, "e12345678", "ABCDEFGH"),
        (parse_passport, "AB 1234567", "E1234567890123456"),
        (parse_hk_macao_permit, "H12345678", "A12345678"),
        (parse_hk_macao_permit, "M1234567890", "H1234567"),
        (parse_taiwan_permit, "12345678", "1234567"),
        (parse_taiwan_permit, "1234567890B", "123456789"),
        (parse_foreigner_card, "USA110088010101", "US1110088010101"),
        (parse_foreigner_card, "USA110088010101", "91010519491231002X"),
    ],
)
def test_other_documents_have_their_own_shapes(parse, right: str, wrong: str) -> None:  # type: ignore[no-untyped-def]
    assert parse(right) == right.replace(" ", "").upper()
    with pytest.raises(ValidationError):
        parse(wrong)


def test_a_number_is_judged_as_that_of_its_document() -> None:
    assert parse_values({"id-number": "E12345678", "id-kind": "passport"}, {})["id-number"] == "E12345678"
    for kind in ({"id-kind": "resident-card"}, {}):
        with pytest.raises(ValidationError):
            parse_values({"id-number": "E12345678", **kind}, {})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("陈小明", "陈小明"),
        (" 陈 小明 ", "陈 小明"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉 • 买买提", "阿卜杜拉·买买提"),
        ("Ａｌｉｃｅ  Smith", "Alice Smith"),
        ("Jean-Luc O’Neill", "Jean-Luc O'Neill"),
        ("José María", "José María"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_a_name_is_kept_in_one_way_of_writing(written: str, kept: str) -> None:
    assert parse_name(written) == kept


@pytest.mark.parametrize("wrong", ["", "  ", "12345", "A1ice", "·陈", "<b>", "陈\u200b明", "=cmd", "x" * 101, "--"])
def test_what_is_no_name_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        parse_name(wrong)


@pytest.mark.parametrize("wrong", ["2020-01-01", "2200-01-01", "31.1.2030", "2030-02-30", "soon", ""])
def test_a_last_day_that_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        parse_expiry(wrong)


def test_a_complaint_never_repeats_what_was_typed() -> None:
    for code, typed in (("id-number", "440106199003070000"), ("address", "8 R"), ("name", "Al1ce")):
        with translation.override("en"), pytest.raises(ValidationError) as caught:
            parse_values({code: typed}, {"id-kind": "resident-card"})
        assert typed not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["11010519491231002X", "E12345678", "南方市示例区示例路 8 号", "陈小明", "Alice Smith"]
)
def test_no_mask_shows_the_value(value: str) -> None:
    for mask in (mask_all, mask_name, mask_number, mask_address):
        assert mask(value) != value
        assert "*" in mask(value)


def test_masks_show_enough_to_recognise_ones_own() -> None:
    assert mask_number("11010519491231002X") == "1101**********002X"
    assert mask_number("E12345678") == "E******78"
    assert mask_name("陈小明") == "陈**"
    assert mask_name("Alice Smith") == "A*** S***"
    assert mask_name("陈") == "*"
    assert mask_address("南方市示例区示例路 8 号 3 单元 201") == "南方市示例区****"
    assert mask_all("") == mask_number("") == mask_address("") == mask_name("") == ""


def test_every_field_is_masked_for_everybody_else() -> None:
    for spec in FIELDS.values():
        assert "陈小明 8 Example Road 2030" not in spec.mask("陈小明 8 Example Road 2030")


def test_the_day_of_the_reminder_tells_only_the_month() -> None:
    assert str(remind_on("2030-09-17")) == "2030-03-01"
    assert remind_on("long-term") is None


@pytest.mark.parametrize("written", ["6222020200112233446", " 6222 0202 0011 2233 446", "６２２２-0202-0011-2233-446"])
def test_a_card_number_is_the_same_however_it_is_written(written: str) -> None:
    assert parse_card_number(written) == "6222020200112233446"


@pytest.mark.parametrize(
    "wrong", ["6222020200112233447", "6222020200112233464", "62220202001", "4" * 20, "٤111111111111111"]
)
def test_a_card_number_with_a_slip_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        parse_card_number(wrong)
