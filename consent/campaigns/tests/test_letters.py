"""What is said, in both languages, and what a name or a summary cannot do to it."""

import email
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest
from pytest_django import Settings

from consent.campaigns.letters import Letter, delivery_key, letters_of
from consent.campaigns.tests.factories import make_changed_version
from consent.policies.models import PolicyVersion
from consent.policies.tests.factories import make_policy, make_version

pytestmark = pytest.mark.django_db

Read = Callable[..., EmailMessage]
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _address(settings: Settings) -> None:
    settings.BASE_URL = "https://privacy.pay.example"


@pytest.fixture
def version() -> PolicyVersion:
    return make_changed_version()


def _read(letter: Letter, name: str = "王小明") -> EmailMessage:
    raw = letter.mail(key=KEY, address="wang@people.example", name=name)
    return email.message_from_bytes(raw, policy=default)


def _part(message: EmailMessage, kind: str) -> str:
    part = cast(EmailMessage, message.get_body((kind,)))
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_chinese_letter_says_what_changes_when_where_and_how_to_decline(version: PolicyVersion) -> None:
    message = _read(letters_of(version)["zh-hans"])

    text = _part(message, "plain")
    assert message["Subject"] == "示例支付：《示例支付隐私政策》将于 2026 年 4 月 1 日变更"
    assert text.startswith(
        "王小明，您好：\n\n示例支付有限公司将变更《示例支付隐私政策》。第 2 版自 2026 年 4 月 1 日起生效。"
    )
    assert "在此之前适用现行版本，对您没有任何变化。" in text
    assert "主要变化：\n- 有三处变化。\n" in text
    assert "https://privacy.pay.example/consents/privacy/changes/2/" in text
    assert "您可以不同意" in text
    assert "不作答不算同意。" in text
    assert "电话 400-000-1234" in text
    assert "这是服务通知，不是广告。" in text
    assert "https://privacy.pay.example/announcements/privacy/2/" in text


def test_an_english_letter_says_the_same(version: PolicyVersion) -> None:
    message = _read(letters_of(version)["en"], name="Ann")

    text = _part(message, "plain")
    assert message["Subject"] == "Example Pay: the Privacy policy changes on 1 April 2026"
    assert message["Content-Language"] == "en"
    assert text.startswith("Dear Ann,\n\nExample Pay Ltd changes its Privacy policy. Version 2 takes effect on 1 April")
    assert "- Three things change.\n" in text
    assert "If you do not answer, this does not count as consent." in text


def test_both_parts_say_the_same_words(version: PolicyVersion) -> None:
    message = _read(letters_of(version)["en"], name="Ann")

    html = _part(message, "html")
    for sentence in ("Dear Ann,", "Three things change.", "You need not agree.", "Telephone 400-000-1234"):
        assert sentence in html
        assert sentence in _part(message, "plain")


@pytest.mark.parametrize("kinds", [("M1",), ("M4",), ("M5",), ("M6",), ("M7",), ()])
def test_a_change_that_asks_nothing_says_so(kinds: tuple[str, ...]) -> None:
    version = make_changed_version(kinds=kinds)

    letters = letters_of(version)

    assert "You do not have to do anything." in letters["en"].notice
    assert "您不需要做任何事。" in letters["zh-hans"].notice
    assert "有三处变化。" in letters["zh-hans"].notice  # K116: in the publisher's words
    assert "consent" not in letters["en"].notice.replace("/consents/", "")


def test_a_first_version_is_called_new() -> None:
    version = make_version(make_policy())

    letter = letters_of(version)["en"]

    assert letter.subject == "Example Pay: new Privacy policy, in effect from 1 January 2025"
    assert "Example Pay Ltd has published its Privacy policy." in letter.text
    assert "What changes" not in letter.text


def test_a_name_is_escaped_in_html_and_stays_in_its_line(version: PolicyVersion) -> None:
    message = _read(letters_of(version)["en"], name="<b>Eve</b>\r\nBcc: x@y.example\u2028!")

    assert "<p>Dear &lt;b&gt;Eve&lt;/b&gt; Bcc: x@y.example !,</p>" in _part(message, "html")
    assert _part(message, "plain").splitlines()[0] == "Dear <b>Eve</b> Bcc: x@y.example !,"
    assert message["Bcc"] is None


def test_what_the_publisher_wrote_is_escaped_and_cannot_add_a_header(version: PolicyVersion) -> None:
    version.change_summary = {"en": "<script>alert(1)</script>"}
    version.policy.title = {"en": "Policy\r\nBcc: x@y.example"}

    message = _read(letters_of(version)["en"])

    assert "<script>" not in _part(message, "html")
    assert message["Subject"] == "Example Pay: the Policy Bcc: x@y.example changes on 1 April 2026"
    assert message["Bcc"] is None


def test_without_a_name_the_greeting_has_none(version: PolicyVersion) -> None:
    letters = letters_of(version)

    assert letters["zh-hans"].greeting(" \n") == "您好："
    assert letters["en"].greeting("") == "Hello,"


def test_a_notice_about_the_service_carries_no_list_unsubscribe(version: PolicyVersion) -> None:
    message = _read(letters_of(version)["zh-hans"])

    assert message["List-Unsubscribe"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert "https://privacy.pay.example/account/" in _part(message, "plain")


def test_the_message_id_is_the_deliverys_own_and_always_the_same(version: PolicyVersion, settings: Settings) -> None:
    letter = letters_of(version)["en"]
    key = delivery_key(version.pk, 1, 42)

    raw = letter.mail(key=key, address="a@people.example", name="")

    assert delivery_key(version.pk, 1, 42) == key
    assert key not in {delivery_key(version.pk, 2, 42), delivery_key(version.pk, 1, 43), delivery_key(1000, 1, 42)}
    assert f"Message-ID: <{key}@portal.example>\r\n".encode() in raw
    settings.SECRET_KEY = "another"
    assert delivery_key(version.pk, 1, 42) != key


def test_every_line_is_short_ascii_and_ends_with_crlf(version: PolicyVersion) -> None:
    raw = letters_of(version)["zh-hans"].mail(key=KEY, address="a@people.example", name="王小明" * 50)

    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert raw.isascii()
    assert b"\n" not in b"".join(lines)


@pytest.mark.parametrize("kinds", [("M2",), ("M6",)])
def test_an_sms_is_short_and_carries_the_template_parameters(kinds: tuple[str, ...]) -> None:
    version = make_changed_version(kinds=kinds)

    letter = letters_of(version)["zh-hans"]

    assert letter.sms.startswith("【示例支付】《示例支付隐私政策》第 2 版自 2026 年 4 月 1 日起生效，此前一切不变。")
    assert len(letter.sms) <= 150
    assert letter.parameters == {
        "brand": "示例支付",
        "policy": "示例支付隐私政策",
        "number": "2",
        "effective_on": "2026 年 4 月 1 日",
        "link": "https://privacy.pay.example/consents/privacy/changes/2/",
    }
