"""Reading the company's policies."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from consent.api.v1.tests.conftest import REGISTER, Caller, problem
from consent.policies.models import Controller, PolicyVersion
from consent.policies.tests.factories import make_controller, make_policy, make_version

TEXT = "policies/privacy/versions/1/text"


def test_the_list_has_the_companys_policies_and_no_others(caller: Caller, company: Controller) -> None:
    make_version(make_policy(company, "wallet"))
    make_version(make_policy(make_controller("other"), "foreign"))
    make_policy(company, "unpublished")

    listed = caller.get("policies").json()["policies"]

    assert [policy["policy"] for policy in listed] == ["privacy", "wallet"]
    assert (listed[0]["in_effect"], listed[0]["scheduled"]) == (1, None)


def test_versions_come_newest_first_with_what_they_changed(caller: Caller, version: PolicyVersion) -> None:
    make_version(version.policy, REGISTER, change_kinds=["M4"])

    versions = caller.get("policies/privacy/versions").json()["versions"]

    assert [(each["number"], each["status"], each["change_kinds"]) for each in versions] == [
        (2, "effective", ["M4"]),
        (1, "superseded", []),
    ]


def test_a_version_of_the_time_before_says_when_the_portal_learned_of_it(caller: Caller, company: Controller) -> None:
    policy = make_policy(company, "wallet")
    make_version(policy, effective_at=datetime(2019, 5, 1, tzinfo=UTC), entered_at=datetime(2024, 1, 2, tzinfo=UTC))
    make_version(policy)

    versions = caller.get("policies/wallet/versions").json()["versions"]

    assert [each["entered_at"] for each in versions] == [None, "2024-01-02T00:00:00Z"]


def test_a_version_comes_with_its_register_and_digests(caller: Caller, version: PolicyVersion) -> None:
    detail = caller.get("policies/privacy/versions/1").json()

    assert [purpose["code"] for purpose in detail["purposes"]] == ["ads", "location", "kyc"]
    assert detail["purposes"][2]["lawful_basis"] == "legal_duty"
    assert {text["language"]: text["notice_sha256"] for text in detail["texts"]} == {
        text.language: text.notice_sha256 for text in version.texts.all()
    }


@pytest.mark.parametrize("ask", [{"accept": "text/markdown"}, {"query": "?format=md"}])
def test_the_markdown_is_the_bytes_whose_digest_is_recorded(
    caller: Caller, version: PolicyVersion, ask: dict[str, Any]
) -> None:
    query = ask.pop("query", "?")

    response = caller.get(f"{TEXT}{query}&language=zh-hans", **ask)

    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert sha256(response.content).hexdigest() == version.texts.get(language="zh-hans").sha256


def test_words_are_also_given_as_clauses_and_as_html(caller: Caller) -> None:
    clauses = caller.get(TEXT).json()
    page = caller.get(TEXT, accept="text/html").content.decode()

    assert (clauses["language"], clauses["chapters"][0]["title"]) == ("en", "1 What we collect")
    assert "What we collect" in page
    assert "<script" not in page


def test_a_language_that_is_named_is_the_one_or_none(caller: Caller) -> None:
    assert caller.get(f"{TEXT}?language=zh-hans")["Content-Language"] == "zh-hans"
    assert problem(caller.get(f"{TEXT}?language=fr")) == (404, "not_found")


@pytest.mark.parametrize("ask", [{"accept": "image/png"}, {"accept": "application/xml"}, {"query": "?format=png"}])
def test_a_form_that_is_not_there_is_refused(caller: Caller, ask: dict[str, Any]) -> None:
    query = ask.pop("query", "")

    assert problem(caller.get(f"{TEXT}{query}", **ask)) == (406, "not_acceptable")


@pytest.mark.parametrize("path", ["policies/privacy/versions/2", "policies/privacy/versions/0", "policies/x/versions"])
def test_what_is_not_published_is_not_there(caller: Caller, path: str) -> None:
    assert problem(caller.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "queries"),
    [("policies", 2), ("policies/privacy", 2), ("policies/privacy/versions", 2), ("policies/privacy/versions/1", 5)],
)
def test_reading_takes_few_queries(
    caller: Caller, version: PolicyVersion, django_assert_num_queries: Any, path: str, queries: int
) -> None:
    make_version(version.policy, REGISTER)
    caller.get("policies")

    with django_assert_num_queries(queries):
        assert json.loads(caller.get(path).content)
