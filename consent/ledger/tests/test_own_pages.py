"""Answering, answering again, and “My consents”, as the browser sends it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from consent.ledger.errors import NotWithdrawable
from consent.ledger.models import ConsentEvent, ConsentState
from consent.ledger.tests.factories import answer, make_subject
from consent.policies.models import Policy, PolicyVersion
from consent.policies.tests.factories import facts, make_policy, make_version

ANSWER, CHANGES, CONSENTS = "/consents/privacy/answer/", "/consents/privacy/changes/{}/", "/consents/"
CARD = facts("card", items=["number!"], needs_separate_consent=True)
LAW = facts("law", lawful_basis="legal_duty")

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> PolicyVersion:
    """A version in effect that asks about the policy, `ads`, and separately `card`."""
    return make_version(make_policy(), ["ads", CARD, LAW])


@pytest.fixture
def person(client: Client, alice: User) -> Client:
    """Alice's browser."""
    client.force_login(alice)
    return client


def _form(page: str) -> dict[str, object]:
    """What the browser would send without a choice."""
    asked = re.findall(r'name="asked" value="([^"]*)"', page)
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    return {"asked": asked, "key": key[1], "act": "answer"}


def _submit(person: Client, choices: dict[str, str], number: int = 1) -> dict[str, object]:
    form = _form(person.get(CHANGES.format(number)).content.decode()) | choices
    response = person.post(CHANGES.format(number), form)
    assert response.status_code == 302, response.content.decode()
    return form


def _states() -> dict[str, str]:
    return {state.purpose: state.status for state in ConsentState.objects.order_by("at")}


def test_nothing_is_ticked_in_advance_and_each_consequence_stands_before_its_choice(
    person: Client, first: PolicyVersion
) -> None:
    page = person.get(ANSWER).content.decode()

    assert "checked" not in page  # K76
    assert page.count("不同意的话") == 3
    assert page.index("其他功能照常。") < page.index('name="answer-ads"')  # K24


def test_each_answer_is_recorded_with_the_notice_that_was_shown(person: Client, first: PolicyVersion) -> None:
    _submit(person, {"answer-*": "given", "answer-ads": "refused", "answer-card": "given"})

    assert _states() == {"": "given", "ads": "refused", "card": "given"}
    event = ConsentEvent.objects.get(purpose="card")
    assert event.kind == "separate"
    assert bytes(event.shown_sha256).hex() == first.texts.get(language="zh-hans").notice_sha256  # K10
    assert (event.surface, event.language, event.network) == ("page", "zh-hans", "127.0.0.0/24")


def test_what_is_left_open_is_recorded_as_open(person: Client, first: PolicyVersion) -> None:
    _submit(person, {"answer-*": "given"})

    assert _states() == {"": "given", "ads": "deferred", "card": "deferred"}


def test_agreeing_to_all_leaves_out_what_must_be_asked_apart(person: Client, first: PolicyVersion) -> None:
    _submit(person, {"act": "all-given"})

    assert _states() == {"": "given", "ads": "given", "card": "deferred"}


def test_refusing_all_refuses_everything_and_locks_nobody_out(person: Client, first: PolicyVersion) -> None:
    _submit(person, {"act": "all-refused"})

    assert set(_states().values()) == {"refused"}
    assert person.get(CONSENTS).status_code == 200  # K11: no forced loop


def test_answering_later_is_respected(person: Client, first: PolicyVersion) -> None:
    assert person.get(CONSENTS).status_code == 302

    _submit(person, {"act": "later"})

    assert set(_states().values()) == {"deferred"}
    assert person.get(CONSENTS).status_code == 200
    assert "有 3 项等您回答" in person.get(CONSENTS).content.decode()


def test_the_second_submit_of_a_page_records_nothing_twice(person: Client, first: PolicyVersion) -> None:
    form = _submit(person, {"answer-*": "given", "answer-ads": "given", "answer-card": "refused"})

    again = person.post(CHANGES.format(1), form)

    assert again.status_code == 302
    assert ConsentEvent.objects.count() == 3


def test_the_same_page_with_other_answers_is_refused(person: Client, first: PolicyVersion) -> None:
    form = _submit(person, {"answer-*": "given"})

    again = person.post(CHANGES.format(1), form | {"answer-*": "refused"})

    assert again.status_code == 422
    assert ConsentEvent.objects.count() == 3


def test_an_empty_form_says_what_is_missing_and_records_nothing(person: Client, first: PolicyVersion) -> None:
    form = _form(person.get(ANSWER).content.decode())

    response = person.post(CHANGES.format(1), form)

    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("asked", ["law", "nothing", "ads\x00", "x" * 500])
def test_a_question_that_the_version_does_not_ask_is_refused(person: Client, first: PolicyVersion, asked: str) -> None:
    response = person.post(CHANGES.format(1), {"asked": [asked], "act": "all-given", "key": "k"})

    assert response.status_code == 422
    assert not ConsentEvent.objects.exists()


def test_withdrawing_takes_one_click_and_a_second_one_is_refused(person: Client, first: PolicyVersion) -> None:
    _submit(person, {"answer-*": "given", "answer-ads": "given", "answer-card": "given"})

    for key in ("one", "two"):
        person.post("/consents/privacy/decide/", {"purpose": "ads", "status": "withdrawn", "key": key})

    assert _states()["ads"] == "withdrawn"
    assert ConsentEvent.objects.filter(purpose="ads", status="withdrawn").count() == 1
    person.post("/consents/privacy/decide/", {"purpose": "ads", "status": "given", "key": "three"})
    assert _states()["ads"] == "given"


def test_a_withdrawal_that_found_its_session_over_comes_back_to_the_page_and_says_so(
    person: Client, alice: User, first: PolicyVersion
) -> None:
    _submit(person, {"act": "all-given"})
    person.logout()

    signed_out = person.post("/consents/privacy/decide/", {"purpose": "ads", "status": "withdrawn", "key": "late"})
    person.force_login(alice)
    back = person.get("/consents/privacy/decide/", follow=True)

    assert signed_out.headers["Location"].startswith("/account/login/?next=/consents/privacy/decide/")
    assert back.redirect_chain == [("/consents/", 302)]
    assert "没有记录：您当时已退出登录" in back.content.decode()
    assert _states()["ads"] == "given"


@pytest.mark.parametrize("status", ["", "renewed", "garbage"])
def test_a_decision_that_is_neither_yes_nor_withdrawal_is_refused(
    person: Client, first: PolicyVersion, status: str
) -> None:
    _submit(person, {"act": "all-given"})

    response = person.post("/consents/privacy/decide/", {"purpose": "ads", "status": status, "key": "k"})

    assert response.status_code == 400
    assert _states()["ads"] == "given"


def test_a_first_yes_is_never_recorded_as_a_renewal(person: Client, first: PolicyVersion) -> None:
    person.post(CHANGES.format(1), {"asked": ["renewed:", "", "ads"], "act": "all-given", "key": "forged"})
    _submit(person, {"act": "all-given"})

    assert "renewed" not in _states().values()


def test_a_purpose_that_rests_on_law_shows_its_law_and_cannot_be_withdrawn(
    person: Client, first: PolicyVersion
) -> None:
    _submit(person, {"act": "all-given"})

    form = {"purpose": "law", "status": "withdrawn", "key": "k"}
    page = person.post("/consents/privacy/decide/", form, follow=True).content.decode()

    assert str(NotWithdrawable.message) in page
    assert "《反洗钱法》" in page
    assert 'name="purpose" value="ads"' in page
    assert 'name="purpose" value="law"' not in page
    assert not ConsentEvent.objects.filter(purpose="law").exists()  # K20


def test_my_consents_shows_state_date_version_and_the_purposes_that_rest_on_law(
    person: Client, first: PolicyVersion
) -> None:
    _submit(person, {"answer-*": "given", "answer-ads": "refused", "answer-card": "given"})

    page = person.get(CONSENTS).content.decode()

    assert "已拒绝" in page
    assert "已同意" in page
    assert page.count('href="/policies/privacy/versions/1/"') >= 3
    assert "用途 law" in page


def test_my_consents_asks_a_fixed_number_of_questions(
    person: Client, first: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _submit(person, {"act": "all-given"})
    person.get(CONSENTS)

    with django_assert_num_queries(13):  # session, account, seven for the records, four for what happened
        person.get(CONSENTS)


def test_nobody_sees_anybody_elses_answers(person: Client, first: PolicyVersion, bob: User) -> None:
    answer(make_subject(bob, first.policy.controller), first, purposes=["", "ads", "card"])

    page = person.get(ANSWER).content.decode()

    assert "已同意" not in page


def test_a_stranger_reads_what_changed_and_is_asked_to_sign_in(client: Client, first: PolicyVersion) -> None:
    make_version(first.policy, ["ads", CARD, "city"], change_kinds=["M2"])

    page = client.get(CHANGES.format(2)).content.decode()
    response = client.post(CHANGES.format(2), {"asked": [""], "act": "all-given", "key": "k"})

    assert "/account/login/?next=/consents/privacy/changes/2/" in page
    assert "需要您做的" not in page  # nobody knows yet whose answers these would be
    assert response.headers["Location"].startswith("/account/login/")
    assert client.get(ANSWER).status_code == 302


class TestAfterAChange:
    """M2: `city` is new; the policy as a whole is asked again, the rest stands."""

    @pytest.fixture
    def second(self, person: Client, first: PolicyVersion) -> PolicyVersion:
        """Alice agreed to everything in the first version; then the second took effect."""
        _submit(person, {"answer-*": "given", "answer-ads": "given", "answer-card": "given"})
        return make_version(first.policy, ["ads", CARD, LAW, "city"], change_kinds=["M2"])

    def test_the_person_is_taken_to_what_changed(self, person: Client, second: PolicyVersion) -> None:
        response = person.get(CONSENTS)
        page = person.get(response.headers["Location"]).content.decode()

        assert response.status_code == 302
        assert "改了什么，和您有什么关系" in page
        assert re.findall(r'name="asked" value="([^"]*)"', page) == ["", "city"]

    def test_the_old_answer_does_not_count_until_it_is_given_again(self, person: Client, second: PolicyVersion) -> None:
        assert "不会自动算作" in person.get(ANSWER).content.decode()

        _submit(person, {"answer-*": "given", "answer-city": "refused"}, 2)

        event = ConsentEvent.objects.get(version_id=second.pk, purpose="")
        assert event.status == "renewed"
        assert person.get(CONSENTS).status_code == 200

    def test_the_old_version_takes_no_answer_any_more(self, person: Client, second: PolicyVersion) -> None:
        form = {"asked": ["ads"], "act": "all-refused", "key": "old tab"}

        response = person.post(CHANGES.format(1), form)

        assert response.headers["Location"] == ANSWER
        assert not ConsentEvent.objects.filter(status="refused").exists()


def test_an_answer_in_advance_changes_nothing_before_its_day(person: Client, first: PolicyVersion) -> None:
    _submit(person, {"answer-*": "given", "answer-ads": "given", "answer-card": "given"})
    later = timezone.now() + timedelta(days=30)
    make_version(
        first.policy, ["ads", CARD, LAW, "city"], change_kinds=["M2"], published_at=timezone.now(), effective_at=later
    )

    _submit(person, {"act": "all-refused"}, 2)

    page = person.get(CONSENTS).content.decode()
    assert "已拒绝" not in re.sub(r"<section class=\"card\" aria-labelledby=\"history\">.*", "", page, flags=re.S)


def test_a_policy_without_a_published_version_is_not_found(person: Client) -> None:
    Policy.objects.create(controller=make_policy(slug="other").controller, slug="privacy", title={})

    assert person.get(ANSWER).status_code == 404
    assert person.post("/consents/privacy/decide/", {"purpose": "", "status": "given"}).status_code == 404
