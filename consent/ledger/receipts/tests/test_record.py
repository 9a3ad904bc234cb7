"""The record says what ISO/IEC TS 27560 asks, in DPV's terms, and always the same."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from jsonschema import Draft202012Validator, FormatChecker

from accounts.models import User
from consent.ledger.models import ConsentKind, ConsentStatus, SubjectKey, Surface
from consent.ledger.receipts.errors import NoConsentToState, PersonErased
from consent.ledger.receipts.kantara import kantara_receipt
from consent.ledger.receipts.record import canonical
from consent.ledger.receipts.selectors import receipt_for
from consent.ledger.receipts.tests.factories import fixed_event, fixed_record, fixed_version, make_act
from consent.policies.tests.factories import facts

HERE = Path(__file__).parent
SCHEMA = json.loads((settings.BASE_DIR / "docs/schemas/receipt-27560.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


def _golden(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def _problems(record: dict[str, Any]) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(record)]


def test_the_record_is_the_golden_one() -> None:
    assert fixed_record() == _golden("record.json")


def test_the_kantara_receipt_is_the_golden_one() -> None:
    assert kantara_receipt(fixed_event(), fixed_record()) == _golden("kantara.json")


@pytest.mark.parametrize("status", ConsentStatus)
@pytest.mark.parametrize("kind", ConsentKind)
def test_every_state_and_kind_gives_a_valid_record(status: ConsentStatus, kind: ConsentKind) -> None:
    assert _problems(fixed_record(fixed_event(status=status, kind=kind))) == []


@pytest.mark.parametrize("surface", Surface)
def test_every_surface_gives_a_valid_record(surface: Surface) -> None:
    record = fixed_record(fixed_event(surface=surface, claimed_at=datetime(2020, 1, 1, tzinfo=UTC)))

    assert _problems(record) == []
    assert record["events"][0]["imported"] == (surface == Surface.IMPORT)


@pytest.mark.parametrize(
    "take",
    [
        lambda record: record["header"].pop("pii_principal_id"),
        lambda record: record["processing"]["purposes"][0].pop("lawful_basis"),
        lambda record: record["processing"]["purposes"][0].update(pii_information=[]),
        lambda record: record["parties"][0].pop("party_contact"),
        lambda record: record["events"][0].update(event_time="yesterday"),
        lambda record: record["events"][0].update(consent_kind="implied"),
        lambda record: record["processing"]["privacy_notice"].update(url="no address"),
    ],
)
def test_the_schema_finds_what_is_missing_or_wrong(take: Callable[[dict[str, Any]], Any]) -> None:
    record = json.loads(json.dumps(fixed_record()))

    take(record)

    assert _problems(record)


def test_continued_use_is_never_an_expressed_consent() -> None:
    record = fixed_record(fixed_event(kind=ConsentKind.IMPLIED, purpose=""))

    assert record["events"][0]["event_type"] == "dpv:ImpliedConsent"
    assert "Explicit" not in json.dumps(record["events"])


def test_a_refusal_is_a_refusal_and_no_kantara_receipt() -> None:
    event = fixed_event(status=ConsentStatus.REFUSED)
    record = fixed_record(event)

    assert record["events"][0]["event_state"] == "dpv:ConsentRefused"
    with pytest.raises(NoConsentToState):
        kantara_receipt(event, record)


def test_the_policy_as_a_whole_covers_nothing_that_is_asked_apart() -> None:
    [purpose] = fixed_record(fixed_event(purpose=""))["processing"]["purposes"]

    assert purpose["purpose"] == "示例支付隐私政策"
    assert "purpose_code" not in purpose
    assert [item["pii_attribute_id"] for item in purpose["pii_information"]] == ["identity"]
    assert purpose["recipient_third_parties"] == []


def test_a_register_without_items_points_to_the_notice() -> None:
    record = fixed_record(fixed_event(purpose=""), fixed_version(register=[facts("ads")]))

    assert record["processing"]["purposes"][0]["pii_information"] == [{"pii_type": "see privacy_notice"}]
    assert _problems(record) == []


def test_only_a_yes_runs_out() -> None:
    version = fixed_version(register=[facts("card") | {"validity_days": 180}])

    durations = {
        status: fixed_record(fixed_event(status=status), version)["events"][0]["validity_duration"]
        for status in (ConsentStatus.GIVEN, ConsentStatus.RENEWED, ConsentStatus.REFUSED)
    }

    assert durations == {"given": "P180D", "renewed": "P180D", "refused": "until changed"}


def test_the_person_appears_as_a_pseudonym_only() -> None:
    text = json.dumps(fixed_record())

    assert "subject:17" not in text
    assert "203.0.113" not in text
    assert "form-1" not in text


def test_who_acted_for_somebody_is_the_company_not_the_person() -> None:
    acted = fixed_record(fixed_event(actor="staff:3"))["events"][0]["entity_id"]

    assert acted == "controller:1"


@pytest.mark.django_db
def test_the_same_event_gives_the_same_bytes_to_every_reader(alice: User) -> None:
    event = make_act(alice)

    with translation.override("en"):
        english = receipt_for(event)
    with translation.override("zh-hans"):
        chinese = receipt_for(event)

    assert canonical(english.record) == canonical(chinese.record)
    assert english.jws == chinese.jws
    assert _problems(english.record) == []


@pytest.mark.django_db
def test_the_language_is_the_one_that_was_shown_and_the_notice_the_published_one(alice: User) -> None:
    event = make_act(alice)

    processing = receipt_for(event).record["processing"]

    assert processing["language"] == "zh-Hans"
    assert processing["purposes"][0]["purpose"] == "用途 ads"
    assert processing["privacy_notice"]["title"] == "示例支付隐私政策（第 1 版）"
    assert len(processing["privacy_notice"]["text_sha256"]) == 64


@pytest.mark.django_db
def test_nothing_is_issued_about_somebody_whose_key_is_gone(alice: User) -> None:
    event = make_act(alice)
    SubjectKey.objects.filter(subject=event.subject_id).delete()

    with pytest.raises(PersonErased):
        receipt_for(event)
