"""A person's own receipts: as a page, as files, and nobody else's."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.utils.translation import override
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from consent.ledger.log.tests.conftest import tamper
from consent.ledger.models import ConsentEvent, ConsentStatus
from consent.ledger.receipts.keys import signed_payload
from consent.ledger.receipts.record import canonical
from consent.ledger.receipts.sheet import sheet_of
from consent.ledger.receipts.submissions import signer_of_pdf
from consent.ledger.receipts.tests.factories import make_act, make_sealed
from consent.ledger.tests.factories import answer, make_subject
from consent.policies.models import PolicyVersion

__all__ = ["tamper"]

FORMS = ("/consents/receipts/{}/", "/consents/receipts/{}.json", "/consents/receipts/{}.pdf")
NEVER = "00000000-0000-8000-8000-000000000000"
ALL_FORMS = (*FORMS, "/consents/receipts/{}/kantara.json")


@pytest.fixture
def person(client: Client, alice: User) -> Client:
    """Alice's browser."""
    client.force_login(alice)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("form", ALL_FORMS)
def test_another_persons_receipt_is_as_absent_as_one_that_never_was(
    form: str, person: Client, alice: User, bob: User
) -> None:
    theirs = make_act(bob)

    found, absent = person.get(form.format(theirs.id)), person.get(form.format(NEVER))

    assert (found.status_code, absent.status_code) == (404, 404)
    assert found.content.replace(str(theirs.id).encode(), NEVER.encode()) == absent.content


@pytest.mark.django_db
@pytest.mark.parametrize("form", ALL_FORMS)
def test_nobody_sees_a_receipt_without_signing_in(form: str, client: Client, alice: User) -> None:
    response = client.get(form.format(make_act(alice).id))

    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/")


@pytest.mark.django_db
def test_before_the_log_has_it_the_receipt_says_so_and_is_valid_by_its_signature(person: Client, alice: User) -> None:
    event = make_act(alice)

    page = person.get(FORMS[0].format(event.id)).content.decode()
    bundle = person.get(FORMS[1].format(event.id)).json()

    assert "几秒" in page
    assert "<svg" not in page
    assert bundle["proof"] is None
    assert signed_payload(bundle["jws"])[0] == canonical(bundle["record"])


@pytest.mark.django_db(transaction=True)
def test_once_sealed_the_bundle_carries_its_proof(person: Client, alice: User) -> None:
    receipt = make_sealed(alice)

    response = person.get(FORMS[1].format(receipt.event.id))
    bundle = json.loads(response.content)

    assert response["Content-Disposition"] == f'attachment; filename="receipt-{receipt.event.id}.json"'
    assert bundle == receipt.bundle()
    assert bundle["proof"]["leaf"] == bundle["record"]["log_entry"]
    assert set(bundle["proof"]) == {"leaf", "index", "size", "path", "checkpoint", "opening"}


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize(
    "change", ["surface = 'banner'", "claimed_at = '2020-01-01T00:00:00Z'", "agent = 'Safari, iOS'"]
)
def test_for_a_row_that_was_changed_no_receipt_is_issued(
    change: str, form: str, person: Client, alice: User, tamper: psycopg.Connection[Any]
) -> None:
    receipt = make_sealed(alice)
    tamper.execute(f"UPDATE consent_event SET {change} WHERE id = %s", [receipt.event.id])  # noqa: S608

    response = person.get(form.format(receipt.event.id), headers={"accept-language": "en"})

    assert response.status_code == 500
    assert "The log contradicts this record" in response.content.decode()


@pytest.mark.parametrize("tables", [["consent_event"], ["consent_event", "consent_leaf"]])
def test_an_act_that_was_put_on_somebody_else_gives_them_no_receipt(
    tables: list[str], person: Client, alice: User, bob: User, tamper: psycopg.Connection[Any]
) -> None:
    theirs = make_sealed(bob, others=0)
    mine = make_subject(alice, PolicyVersion.objects.get(pk=theirs.event.version_id).policy.controller)
    for table in tables:
        tamper.execute(f"UPDATE {table} SET subject_id = %s", [mine.pk])  # noqa: S608

    response = person.get(FORMS[1].format(theirs.event.id))

    assert response.status_code == 500


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_what_was_answered_and_what_is_proven(person: Client, alice: User) -> None:
    receipt = make_sealed(alice)

    page = person.get(FORMS[0].format(receipt.event.id)).content.decode()

    for text in ("用途 ads", "已同意", "示例支付有限公司", "a***e@people.example", "第 1 条", "不能证明", "<svg"):
        assert text in page, text
    assert receipt.event.id.hex not in page.replace(str(receipt.event.id), "")


@pytest.mark.django_db(transaction=True)
def test_a_receipt_takes_few_queries_however_long_the_history(
    person: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    receipt = make_sealed(alice, others=12)

    with django_assert_max_num_queries(12):
        person.get(FORMS[0].format(receipt.event.id))


@pytest.mark.django_db(transaction=True)
def test_the_pdf_is_signed_and_carries_the_bundle(person: Client, alice: User) -> None:
    receipt = make_sealed(alice)

    response = person.get(FORMS[2].format(receipt.event.id))
    reader = PdfReader(BytesIO(response.content))

    assert signer_of_pdf(response.content)
    [attached] = reader.attachments[f"receipt-{receipt.event.id}.json"]
    assert json.loads(attached) == receipt.bundle()
    assert reader.metadata
    assert reader.metadata.creation_date == receipt.event.at.replace(microsecond=0)
    text = reader.pages[0].extract_text()
    assert str(receipt.event.id) in text
    assert "用途 ads" in text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "words"), [("zh-hans", "甲银行；乙银行"), ("en", "甲银行; 乙银行")])
def test_recipients_are_listed_with_the_marks_of_the_readers_language(alice: User, language: str, words: str) -> None:
    receipt = make_sealed(alice)
    receipt.record["processing"]["purposes"][0]["recipient_third_parties"] = ["甲银行", "乙银行"]

    with override(language):
        sheet = sheet_of(receipt)

    assert words in [fact.value for fact in sheet.answered]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "found"), [(ConsentStatus.GIVEN, 200), (ConsentStatus.RENEWED, 200), (ConsentStatus.REFUSED, 404)]
)
def test_kantaras_form_exists_for_what_was_consented_to(
    status: ConsentStatus, found: int, person: Client, alice: User
) -> None:
    event = make_act(alice, status)

    response = person.get(ALL_FORMS[3].format(event.id))
    page = person.get(FORMS[0].format(event.id)).content.decode()

    assert response.status_code == found
    assert ("kantara.json" in page) == (found == 200)


@pytest.mark.django_db
def test_every_line_of_my_history_leads_to_its_receipt(person: Client, alice: User) -> None:
    event = make_act(alice)
    version = PolicyVersion.objects.get(pk=event.version_id)
    answer(make_subject(alice, version.policy.controller), version, ConsentStatus.REFUSED, ["", "location"])

    page = person.get("/consents/").content.decode()

    for known in ConsentEvent.objects.all():
        assert f'href="/consents/receipts/{known.id}/"' in page


@pytest.mark.django_db
def test_somebody_who_owes_an_answer_reaches_their_receipts(person: Client, alice: User) -> None:
    event = make_act(alice)

    assert person.get("/consents/").status_code == 302
    assert person.get(FORMS[0].format(event.id)).status_code == 200


@pytest.mark.django_db
def test_an_imported_answer_says_that_nobody_answered_here(
    person: Client, alice: User, make_import: Callable[..., Any]
) -> None:
    event = make_import(alice)

    page = person.get(FORMS[0].format(event.id)).content.decode()

    assert "较早的记录" in page
    assert "2020-05-04" in page
