"""The desk's pages about recipients."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import SYSTEM
from accounts.models import User
from consent.policies import actions
from consent.policies.models import Controller
from consent.policies.recipients.models import Recipient, RecipientAgreement, RecipientDescription
from consent.policies.recipients.tests.factories import make_agreement, make_recipient
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

LIST = "/desk/controllers/pay/recipients/"
NEW, BANK = f"{LIST}new/", f"{LIST}of/bank/"
FORM = {"code": "bank", "name_zh-hans": "示例银行", "role": "third_party", "assessed_on": "2024-12-01"}
AGREEMENT = {"reference": "A-2", "confidentiality": "on", "valid_from": "2025-01-01", "valid_until": "2025-12-31"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Controller:
    return make_controller()


@pytest.fixture
def desk(client: Client, dave: User, company: Controller) -> Client:
    client.force_login(dave)
    return client


@pytest.mark.parametrize("path", [LIST, NEW, BANK])
def test_only_publishers_get_in(client: Client, company: Controller, carol: User, dave: User, path: str) -> None:
    make_recipient(company)
    statuses = []
    for user in (carol, dave):
        client.force_login(user)
        statuses.append(client.get(path).status_code)

    assert statuses == [404, 200]


@pytest.mark.parametrize("path", [NEW, BANK, f"{BANK}agreements/", f"{BANK}agreements/1/end/"])
def test_nobody_else_writes(client: Client, company: Controller, carol: User, path: str) -> None:
    make_recipient(company)
    client.force_login(carol)

    assert client.post(path, FORM | AGREEMENT).status_code == 404
    assert RecipientDescription.objects.count() == RecipientAgreement.objects.count() == 1


def test_a_recipient_is_added_and_described_anew(desk: Client) -> None:
    added = desk.post(NEW, FORM)
    desk.post(BANK, FORM | {"role": "processor", "code": "another"})

    assert added.url == BANK  # type: ignore[attr-defined]
    assert Recipient.objects.get().code == "bank"
    assert list(RecipientDescription.objects.values_list("role", flat=True)) == ["third_party", "processor"]
    assert "此前" in desk.get(BANK).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"code": "不行"}, {"name_zh-hans": ""}, {"role": "friend"}, {"assessed_on": "2999-01-01"}]
)
def test_what_does_not_fit_is_refused(desk: Client, wrong: dict[str, str]) -> None:
    assert desk.post(NEW, FORM | wrong).status_code == 422
    assert not Recipient.objects.exists()


def test_a_new_recipient_does_not_overwrite_one_of_the_same_code(desk: Client, company: Controller) -> None:
    make_recipient(company)

    assert desk.post(NEW, FORM | {"role": "processor"}).status_code == 422
    assert RecipientDescription.objects.get().role == "third_party"


def test_an_agreement_is_put_on_file_and_ended(desk: Client, company: Controller) -> None:
    make_recipient(company, bound=False)
    desk.post(f"{BANK}agreements/", AGREEMENT)
    agreement = RecipientAgreement.objects.get()

    for _twice in range(2):
        desk.post(f"{BANK}agreements/{agreement.pk}/end/")

    agreement.refresh_from_db()
    assert agreement.ended_at is not None
    assert "A-2" in desk.get(BANK).content.decode()


@pytest.mark.parametrize("wrong", [{"reference": ""}, {"valid_from": "soon"}, {"valid_until": "2024-01-01"}])
def test_an_agreement_that_does_not_fit_is_refused(desk: Client, company: Controller, wrong: dict[str, str]) -> None:
    make_recipient(company, bound=False)

    assert desk.post(f"{BANK}agreements/", AGREEMENT | wrong).status_code == 422
    assert not RecipientAgreement.objects.exists()


def test_another_recipients_agreement_is_not_found(desk: Client, company: Controller) -> None:
    make_recipient(company)
    other = make_agreement(make_recipient(company, "shop", bound=False))

    assert desk.post(f"{BANK}agreements/{other.pk}/end/").status_code == 404


def test_an_agreement_that_ends_soon_stands_on_top(desk: Client, company: Controller) -> None:
    for code, days in (("soon", 20), ("later", 200)):
        until = timezone.localdate() + timedelta(days=days)
        make_agreement(make_recipient(company, code, bound=False), valid_until=until)

    page = desk.get(LIST)

    assert [row.facts.code for row in page.context["ending"]] == ["soon"]  # K78


def test_the_list_takes_as_many_queries_however_long_it_is(
    desk: Client, company: Controller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_recipient(company, f"r{number}")

    with django_assert_num_queries(
        9
    ):  # session, user, role, undertaking, device, company, descriptions, agreements, menu
        desk.get(LIST)


def test_a_purpose_names_recipients_of_its_controller(desk: Client, company: Controller) -> None:
    make_recipient(company)
    make_recipient(make_controller("other"), "elsewhere")
    policy = make_policy(company)
    draft = actions.start_draft(policy, actor=SYSTEM, at=timezone.now())
    actions.write_purpose(draft, facts("ads"), actor=SYSTEM, at=timezone.now())
    form: dict[str, Any] = {
        "code": "ads",
        "lawful_basis": "consent",
        "necessity": "improvement",
        "items": "x | 甲 | | never-shared",
    }
    path = "/desk/policies/privacy/draft/purposes/ads/"

    refused = desk.post(path, form | {"recipient_codes": ["elsewhere"]})
    marketing = desk.post(path, form | {"recipient_codes": ["bank"], "is_marketing": "on"})
    desk.post(path, form | {"recipient_codes": ["bank"], "validity_days": "90"})

    assert (refused.status_code, marketing.status_code) == (422, 422)
    line = draft.purposes.get().facts()
    assert (line["recipient_codes"], line["validity_days"], line["is_marketing"]) == (["bank"], 90, False)
    assert [(item["never_shared"], item["is_sensitive"]) for item in line["items"]] == [(True, False)]
    assert "never-shared" in desk.get(path).content.decode()


def test_the_days_of_rest_are_the_companys(desk: Client, company: Controller) -> None:
    details = {"name_zh-hans": "示例", "address_zh-hans": "路 1 号", "phone": "1", "no_nag_days": "30"}

    desk.post("/desk/controllers/pay/", details)

    company.refresh_from_db()
    assert company.no_nag_days == 30
    assert "no_nag_days" not in company.block()


def test_before_an_agreement_ends_the_desk_says_what_stops(desk: Client, company: Controller) -> None:
    bank = make_recipient(company, bound=False)
    agreement = make_agreement(bank)
    make_version(make_policy(company), [facts("linking", recipient_codes=["bank"]), facts("alone")])

    page = desk.get(f"{BANK}agreements/{agreement.pk}/end/")

    assert page.context["ending"].stops
    assert [purpose.code for purpose in page.context["ending"].purposes] == ["linking"]
    assert RecipientAgreement.objects.get().ended_at is None


def test_where_another_agreement_binds_it_nothing_stops(desk: Client, company: Controller) -> None:
    bank = make_recipient(company)
    agreement = make_agreement(bank)

    page = desk.get(f"{BANK}agreements/{agreement.pk}/end/")

    assert (page.context["ending"].stops, page.context["ending"].purposes) == (False, [])


def test_the_list_of_agreements_ends_none_by_itself(desk: Client, company: Controller) -> None:
    make_recipient(company)

    page = desk.get(BANK).content.decode()

    address = f"{BANK}agreements/{RecipientAgreement.objects.get().pk}/end/"
    assert f'href="{address}"' in page
    assert f'action="{address}"' not in page
