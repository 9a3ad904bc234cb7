"""One number or address has many ways of being written and is one contact (K14)."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.users.rules import Contact, ContactKind, mask_email, mask_phone, parse_contact


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "+86 138 0013 8000",
        "0086-138-0013-8000",
        "0086 13800138000",
        "１３８００１３８０００",
        "＋８６ 138 0013 8000",
        "86 13800138000",
        " 138-0013-8000 ",
        "(86) 138 0013 8000",
    ],
)
def test_a_chinese_number_is_the_same_however_it_is_written(written: str) -> None:
    assert parse_contact(written) == Contact(ContactKind.PHONE, "+8613800138000")


@pytest.mark.parametrize(
    ("written", "value"),
    [("+852 5123 4567", "+85251234567"), ("+44 7400 123456", "+447400123456"), ("+1 650 253 0000", "+16502530000")],
)
def test_a_foreign_number_is_accepted_with_its_country(written: str, value: str) -> None:
    assert parse_contact(written) == Contact(ContactKind.PHONE, value)


@pytest.mark.parametrize("written", ["Alice@People.Example", "ａｌｉｃｅ＠people.example", "  alice@people.example "])
def test_an_address_is_the_same_in_any_case_and_width(written: str) -> None:
    assert parse_contact(written) == Contact(ContactKind.EMAIL, "alice@people.example")


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("1380013800", "手机号码应有 11 位，现在是 10 位。"),
        ("138001380001", "手机号码应有 11 位，现在是 12 位。"),
        ("+49 30 123456", "这不是手机号码"),
        ("010 1234 56789", "这不是手机号码"),
        ("alice@", "这不是邮箱"),
        ("a" * 250 + "@people.example", "这不是邮箱"),
        ("alice", "请填写 11 位手机号码"),
        ("13800138000 ext 5", "请填写 11 位手机号码"),
        ("", "请填写 11 位手机号码"),
    ],
)
def test_what_is_wrong_is_said_in_words(written: str, complaint: str) -> None:
    with translation.override("zh-hans"), pytest.raises(ValidationError) as caught:
        parse_contact(written)

    with translation.override("zh-hans"):
        assert complaint in caught.value.messages[0]


@given(st.text(max_size=60))
def test_any_text_is_a_contact_or_a_complaint(text: str) -> None:
    try:
        contact = parse_contact(text)
    except ValidationError:
        return
    assert parse_contact(contact.value) == contact


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("alice@people.example", "a***e@people.example"),
        ("al@people.example", "a***@people.example"),
        ("a@people.example", "***@people.example"),
    ],
)
def test_an_address_is_masked_to_what_its_owner_recognises(email: str, masked: str) -> None:
    assert mask_email(email) == masked


@pytest.mark.parametrize(("phone", "masked"), [("+8613800138000", "138 **** 8000"), ("+85251234567", "+852 5 **** 67")])
def test_a_number_is_masked_in_the_middle(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked
