"""The public check: it says what is proven, names what does not fit, and keeps nothing."""

import base64
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from consent.ledger.models import ConsentEvent
from consent.ledger.receipts.keys import signing_kid
from consent.ledger.receipts.pdf import receipt_pdf
from consent.ledger.receipts.pdf_signing import sign_pdf
from consent.ledger.receipts.selectors import Receipt, receipt_for
from consent.ledger.receipts.tests.factories import NEW_SEED, OLD_SEED, make_act, make_sealed
from consent.ledger.receipts.tests.test_pdf_signing import one_page

CHECK = "/check/"
GENUINE, NOT_GENUINE = "这张回执是真的", "这张回执对不上"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receipt(alice: User) -> Receipt:
    """A receipt that the log has."""
    return make_sealed(alice)


def _upload(client: Client, content: bytes, name: str = "receipt.json") -> Any:
    return client.post(CHECK, {"receipt": "", "file": SimpleUploadedFile(name, content)})


def _page(response: Any) -> str:
    text: str = response.content.decode()
    return text


def test_a_pasted_receipt_is_proven_line_by_line(client: Client, receipt: Receipt) -> None:
    response = client.post(CHECK, {"receipt": receipt.as_json()})
    page = _page(response)

    assert response.status_code == 200
    assert GENUINE in page
    assert page.count("已证明</b>") == 8
    assert "第 1 条，共 5 条" in page
    assert "不能证明" in page


def test_an_uploaded_file_is_proven(client: Client, receipt: Receipt) -> None:
    page = _page(_upload(client, receipt.as_json().encode()))

    assert GENUINE in page


def test_a_bare_signature_is_proven_and_its_place_is_looked_up(client: Client, receipt: Receipt) -> None:
    page = _page(client.post(CHECK, {"receipt": receipt.jws}))

    assert GENUINE in page
    assert "用途 ads" in page


def test_a_pdf_is_proven_with_the_receipt_inside(client: Client, receipt: Receipt, alice: User) -> None:
    page = _page(_upload(client, receipt_pdf(receipt, alice), "receipt.pdf"))

    assert GENUINE in page
    assert page.count("已证明</b>") == 9


def test_a_changed_pdf_is_not_taken_apart(client: Client, receipt: Receipt, alice: User) -> None:
    pdf = receipt_pdf(receipt, alice)

    response = _upload(client, pdf.replace(b"%PDF-1.", b"%PDF-2.", 1), "receipt.pdf")

    assert response.status_code == 422
    assert "签名之后被改动过" in _page(response)


def test_a_pdf_that_somebody_else_signed_is_not_ours(
    client: Client, alice: User, use_keys: Callable[..., None]
) -> None:
    use_keys(receipts=OLD_SEED)
    foreign = receipt_pdf(make_sealed(alice))

    use_keys(receipts=NEW_SEED)

    assert _upload(client, foreign, "receipt.pdf").status_code == 422


def test_a_pdf_from_before_a_rotation_is_still_proven(
    client: Client, alice: User, use_keys: Callable[..., None]
) -> None:
    use_keys(receipts=OLD_SEED)
    before = receipt_pdf(make_sealed(alice))

    use_keys(receipts=f"{NEW_SEED} {OLD_SEED}")

    assert GENUINE in _page(_upload(client, before, "receipt.pdf"))


def test_an_imported_answer_is_not_called_proven_to_have_been_given(
    client: Client, alice: User, make_import: Callable[[User], ConsentEvent]
) -> None:
    page = _page(client.post(CHECK, {"receipt": receipt_for(make_import(alice)).as_json()}))

    assert "这个回答确实给出过" in page.partition("不能证明")[2]


@pytest.mark.parametrize("end", [b"\n%%EOF\n", b" "])
def test_a_pdf_with_something_added_is_not_ours(end: bytes, client: Client, receipt: Receipt) -> None:
    response = _upload(client, receipt_pdf(receipt) + end, "receipt.pdf")

    assert response.status_code == 422


def test_a_pdf_of_ours_without_a_receipt_is_told_apart(client: Client) -> None:
    response = _upload(client, sign_pdf(one_page(), reason="Another document"), "other.pdf")

    assert response.status_code == 422
    assert "没有附带回执" in _page(response)


def _tampered(change: Callable[[dict[str, Any]], Any], receipt: Receipt) -> str:
    bundle = json.loads(receipt.as_json())
    change(bundle)
    return json.dumps(bundle)


def _other_key(text: str) -> str:
    return base64.b64encode(bytes(byte ^ 1 for byte in base64.b64decode(text))).decode()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda b: b["record"]["events"][0].update(event_state="dpv:ConsentRefused"), "记录被改动过"),
        (lambda b: b.update(jws=b["jws"][:-8] + "AAAAAAAA"), "签名对不上"),
        (lambda b: b["proof"]["leaf"].update(status="refused"), "另一个条目"),
        (lambda b: b["proof"].update(index=3), "证明通不到日志"),
        (lambda b: b["proof"].update(path=b["proof"]["path"] * 40), "证明通不到日志"),
        (lambda b: b["proof"].update(path="AAAA"), "证明通不到日志"),
        (lambda b: b["proof"].update(index=True), "证明通不到日志"),
        (lambda b: b["proof"].update(checkpoint=b["proof"]["checkpoint"][:-8] + "AAAAAA=\n"), "检查点不是"),
        (lambda b: b["proof"].update(checkpoint=7), "检查点不是"),
        (lambda b: b["proof"]["opening"].update(key=_other_key(b["proof"]["opening"]["key"])), "打不开"),
        (lambda b: b["proof"].update(opening=[1]), "打不开"),
    ],
)
def test_the_check_that_fails_is_named(
    change: Callable[[dict[str, Any]], Any], named: str, client: Client, receipt: Receipt
) -> None:
    page = _page(client.post(CHECK, {"receipt": _tampered(change, receipt)}))

    assert NOT_GENUINE in page
    assert named in page
    assert GENUINE not in page


def test_nothing_of_an_unsigned_record_is_shown(client: Client, receipt: Receipt) -> None:
    forged = _tampered(lambda b: b.update(jws=b["jws"][:-8] + "AAAAAAAA"), receipt)

    page = _page(client.post(CHECK, {"receipt": forged}))

    assert "用途 ads" not in page


def test_a_receipt_from_before_a_rotation_is_still_proven(
    client: Client, alice: User, use_keys: Callable[..., None]
) -> None:
    use_keys(receipts=OLD_SEED, log=OLD_SEED)
    before = make_sealed(alice).as_json()

    use_keys(receipts=f"{NEW_SEED} {OLD_SEED}", log=f"{NEW_SEED} {OLD_SEED}")
    page = _page(client.post(CHECK, {"receipt": before}))

    assert GENUINE in page
    assert "已换成新密钥" in page


def test_a_receipt_of_somebody_elses_key_is_refused(client: Client, alice: User, use_keys: Callable[..., None]) -> None:
    use_keys(receipts=OLD_SEED)
    foreign = make_sealed(alice).as_json()

    use_keys(receipts=NEW_SEED)
    page = _page(client.post(CHECK, {"receipt": foreign}))

    assert NOT_GENUINE in page
    assert "不是本站的密钥" in page


def test_a_receipt_from_before_the_log_had_it_says_what_is_missing(client: Client, alice: User) -> None:
    page = _page(client.post(CHECK, {"receipt": receipt_for(make_act(alice)).as_json()}))

    assert GENUINE in page
    assert "未证明</b>" in page


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "{",
        "[]",
        "null",
        '"text"',
        '{"jws": 1, "record": {}, "proof": null}',
        '{"jws": "a.b.c", "record": {}, "record": {}}',
        '{"jws": "a.b.c", "record": {"n": NaN}}',
        "[" * 200_000,
        '{"a":' * 5_000,
        "\ud7ff\u0000\u202e",
        "1" * 10_000,
        "%PDF-1.7 nothing",
        "%PDF-1.7 /ByteRange [0 1 2 3]",
    ],
)
def test_what_is_no_receipt_is_told_in_both_languages(text: str, client: Client) -> None:
    chinese = client.post(CHECK, {"receipt": text})
    english = client.post(CHECK, {"receipt": text}, headers={"Accept-Language": "en"})

    assert (chinese.status_code, english.status_code) == (422, 422)
    assert "没有能校验的内容" in _page(chinese)
    assert "That could not be checked" in _page(english)


def _token(header: str) -> str:
    return f"{base64.urlsafe_b64encode(header.encode()).decode().rstrip('=')}.e30.{'A' * 86}"


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c",
        "e30.e30.e30",
        '{"jws": "a.b.c", "record": {}}',
        _token('"alg"'),
        _token('["alg"]'),
        _token('{"alg": {}, "kid": []}'),
    ],
)
def test_a_token_that_is_no_receipt_of_ours_does_not_hold(text: str, client: Client) -> None:
    response = client.post(CHECK, {"receipt": text})

    assert response.status_code == 200
    assert NOT_GENUINE in _page(response)


@pytest.mark.parametrize("more", ['"alg": "none"', '"alg": "HS256"', '"alg": {}', '"alg": "Ed25519", "crit": 1'])
def test_a_token_with_our_kid_and_another_header_does_not_hold(more: str, client: Client) -> None:
    header = f'{{"kid": "{signing_kid()}", "typ": "consent-receipt+jws", {more}}}'

    response = client.post(CHECK, {"receipt": _token(header)})

    assert response.status_code == 200
    assert NOT_GENUINE in _page(response)


@pytest.mark.parametrize("charset", ["bz2", "rot13", "unicode_escape", "utf-7", "idna", "no-such"])
def test_a_form_in_an_odd_encoding_is_told(charset: str, client: Client) -> None:
    body = '--x\r\nContent-Disposition: form-data; name="receipt"\r\n\r\n\\ud800 +2AA-\r\n--x--\r\n'
    form = f"multipart/form-data; boundary=x; charset={charset}"

    response = client.generic("POST", CHECK, body.encode(), content_type=form)

    assert response.status_code == 422


def test_binary_rubbish_is_told(client: Client) -> None:
    assert _upload(client, bytes(range(256)) * 10).status_code == 422


def test_an_empty_form_asks_for_a_receipt(client: Client) -> None:
    response = client.post(CHECK, {"receipt": "  "})

    assert response.status_code == 422
    assert "粘贴" in _page(response)


def test_a_file_that_is_too_large_is_refused(client: Client) -> None:
    for octets in (1_000_001, 2_600_000, 5_000_000):
        assert _upload(client, b"x" * octets).status_code == 413


def test_nothing_of_what_was_handed_in_is_logged_or_kept(
    client: Client,
    receipt: Receipt,
    caplog: pytest.LogCaptureFixture,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    caplog.set_level(logging.DEBUG)

    with django_assert_num_queries(0):
        response = client.post(CHECK, {"receipt": "a.b.c"})
    client.post(CHECK, {"receipt": receipt.as_json()})

    assert not response.cookies
    assert str(receipt.event.id) not in "\n".join(caplog.messages)


def test_the_check_needs_no_cookie_and_no_token(receipt: Receipt) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert GENUINE in _page(strict.post(CHECK, {"receipt": receipt.as_json()}))


def test_the_key_that_signed_is_named(client: Client, receipt: Receipt, use_keys: Callable[..., None]) -> None:
    page = _page(client.post(CHECK, {"receipt": receipt.as_json()}))

    assert signing_kid()[:12] in page


def test_the_program_of_the_checkers_own_is_the_one_that_is_tested(client: Client) -> None:
    response: Any = client.get("/check/verify_receipt.py")

    assert b"".join(response.streaming_content) == (settings.BASE_DIR / "tools/verify_receipt.py").read_bytes()
    assert 'filename="verify_receipt.py"' in response["Content-Disposition"]


# --- On paper --------------------------------------------------------------------------------------------------------
def test_the_printed_code_leads_to_the_entry_of_the_log(client: Client, receipt: Receipt) -> None:
    path = receipt.check_url.removeprefix("http://127.0.0.1:8000").partition("/check/")[2]

    response = client.get(CHECK + path)
    page = _page(response)

    assert response.status_code == 200
    assert "与纸上的完全一致" in page
    assert "用途 ads" in page
    assert "alice" not in page.lower()


def test_a_code_that_was_changed_does_not_fit(client: Client, receipt: Receipt) -> None:
    page = _page(client.get(f"{CHECK}{receipt.event.id}/?leaf={'0' * 32}"))

    assert "与日志不符" in page


def test_a_number_alone_shows_the_entry_and_says_that_nothing_was_compared(client: Client, receipt: Receipt) -> None:
    page = _page(client.post(CHECK, {"receipt": f" {receipt.event.id}\n"}, follow=True))

    assert "只给出了编号" in page


def test_the_address_of_a_code_may_be_pasted(client: Client, receipt: Receipt) -> None:
    page = _page(client.post(CHECK, {"receipt": receipt.check_url}, follow=True))

    assert "与纸上的完全一致" in page


def test_a_number_that_the_log_does_not_have_is_told(client: Client, alice: User) -> None:
    unsealed = make_act(alice)

    response = client.get(f"{CHECK}{unsealed.id}/")

    assert response.status_code == 404
    assert "日志里没有这个编号" in _page(response)


def test_an_entry_takes_few_queries(
    client: Client, receipt: Receipt, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(4):
        client.get(f"{CHECK}{receipt.event.id}/")
