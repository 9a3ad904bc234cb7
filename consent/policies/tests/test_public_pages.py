"""What everybody may read."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import SYSTEM
from accounts.models import User
from conftest import NOW
from consent.policies import actions, publication
from consent.policies.models import Policy, PolicyText, PolicyVersion
from consent.policies.tests.factories import FIRST_EFFECT, facts, make_policy, make_version

pytestmark = pytest.mark.django_db

REGISTER = [facts("ads"), facts("law", lawful_basis="legal_duty")]


@pytest.fixture
def policy() -> Policy:
    """Two versions in effect, one after the other, and a third to come."""
    made = make_policy()
    make_version(made, REGISTER)
    make_version(made, [*REGISTER, facts("city", recipients={"zh-hans": "示例生活"})], change_kinds=["M2", "M3"])
    make_version(made, REGISTER, change_kinds=["M2", "M3"], effective_at=FIRST_EFFECT.replace(year=2030))
    return made


@pytest.fixture(autouse=True)
def _fixed_clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/policies/", 2),
        ("/policies/privacy/", 5),
        ("/policies/privacy/versions/1/", 5),
        ("/policies/privacy/versions/1.json", 5),
        ("/policies/privacy/versions/1.md", 3),
        ("/policies/privacy/versions/1/notice.json", 5),
        ("/policies/privacy/changes/1-2/", 3),
    ],
)
def test_each_page_asks_the_database_a_fixed_number_of_questions(
    client: Client, policy: Policy, path: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(queries):
        response = client.get(path)

    assert response.status_code == 200


def test_the_policy_page_is_the_version_in_effect(client: Client, policy: Policy) -> None:
    page = client.get("/policies/privacy/").content.decode()

    assert "（第 2 版）" in page
    assert "示例支付有限公司" in page
    assert "400-000-1234" in page
    assert "/policies/privacy/versions/3/" in page  # K1: what is to come is announced


def test_a_purpose_that_the_service_needs_says_so(client: Client) -> None:
    policy = make_policy()
    make_version(policy, [facts("ads"), facts("pay", lawful_basis="contract", necessity="necessary")])

    page = client.get("/policies/privacy/").content.decode()

    assert page.count("服务必需") == 1
    assert page.index("服务必需") > page.index("用途 ads")  # Y10: of the second, and not of the first


@pytest.mark.parametrize(
    "path",
    [
        "/policies/privacy/versions/4/",
        "/policies/privacy/versions/0/",
        "/policies/none/",
        "/policies/privacy/changes/1-9/",
        "/policies/privacy/versions/99999999999999999999/",
    ],
)
def test_what_does_not_exist_is_not_found(client: Client, policy: Policy, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_draft_is_not_public(client: Client) -> None:
    draft = PolicyVersion.objects.create(policy=make_policy(), number=1)
    PolicyText.objects.create(version=draft, language="en", markdown="# T\n\n## 1 A\n\nText.\n")

    assert client.get("/policies/privacy/").status_code == 404
    assert client.get("/policies/privacy/versions/1/").status_code == 404


def test_the_markdown_served_has_the_recorded_digest(client: Client, policy: Policy) -> None:
    body = client.get("/policies/privacy/versions/1.md?language=en").content
    data = client.get("/policies/privacy/versions/1.json?language=en").json()

    assert sha256(body).hexdigest() == data["sha256"]


def test_the_notice_served_has_the_recorded_digest(client: Client, policy: Policy) -> None:
    body = client.get("/policies/privacy/versions/2/notice.json?language=en").content
    data = client.get("/policies/privacy/versions/2.json?language=en").json()

    assert sha256(body).hexdigest() == data["notice_sha256"]
    assert [purpose["code"] for purpose in json.loads(body)["purposes"]] == ["ads", "law", "city"]


def test_the_version_as_json_has_chapters_with_items(client: Client, policy: Policy) -> None:
    data = client.get("/policies/privacy/versions/1.json").json()

    assert [chapter["number"] for chapter in data["chapters"]] == ["1"]
    assert data["chapters"][0]["anchor"] == "c1"
    assert data["chapters"][0]["title"] == "我们如何收集"
    assert data["number"] == 1
    assert data["status"] == "superseded"


def test_a_page_that_has_not_changed_is_not_sent_again(client: Client, policy: Policy) -> None:
    first = client.get("/policies/privacy/versions/1/")

    again = client.get("/policies/privacy/versions/1/", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert not again.content


def test_another_language_is_another_page(client: Client, policy: Policy) -> None:
    chinese = client.get("/policies/privacy/", headers={"Accept-Language": "zh-CN"})
    english = client.get("/policies/privacy/", headers={"Accept-Language": "en"})

    assert chinese.headers["ETag"] != english.headers["ETag"]
    assert "Privacy policy of Example Pay" in english.content.decode()
    assert "Cookie" in english.headers["Vary"]
    assert "Accept-Language" in english.headers["Vary"]


def test_somebody_signed_in_does_not_get_a_strangers_page(client: Client, policy: Policy, alice: User) -> None:
    anonymous = client.get("/policies/privacy/").headers["ETag"]
    client.force_login(alice)

    response = client.get("/policies/privacy/", headers={"If-None-Match": anonymous})

    assert response.status_code == 200
    assert "private" in response.headers["Cache-Control"]


def test_a_changed_word_is_marked_and_an_unchanged_text_says_so(client: Client, dave: User) -> None:
    made = make_policy()
    make_version(made, REGISTER)
    draft = actions.start_draft(made, actor=SYSTEM, at=NOW)
    words = {code: text.markdown.replace("处理您的信息", "使用您的信息") for code, text in _texts(draft).items()}
    actions.write_texts(draft, words, actor=SYSTEM, at=NOW)
    said = {"zh-hans": "改了一个词。", "en": "One word changed."}
    actions.describe_change(
        draft, kinds=["M7"], summary=said, refusal_consequence=draft.refusal_consequence, actor=SYSTEM, at=NOW
    )
    publication.publish_version(draft, effective_at=NOW + timedelta(days=30), actor=SYSTEM, at=NOW)

    page = client.get("/policies/privacy/changes/1-2/").content.decode()
    same = client.get("/policies/privacy/changes/1-1/").content.decode()

    assert "<del>处理</del><ins>使用</ins>" in page
    assert "文字没有变化" in same


def _texts(version: PolicyVersion) -> dict[str, PolicyText]:
    return {text.language: text for text in version.texts.all()}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_language_can_be_chosen(client: Client, policy: Policy, language: str) -> None:
    response = client.get(f"/language/{language}/?next=/policies/privacy/", follow=True)

    assert f'<html lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in response.content.decode()


def test_the_choice_of_language_leads_to_no_other_site(client: Client) -> None:
    response = client.get("/language/en/?next=https://evil.example/")

    assert response.headers["Location"] == "/"
