"""From a draft to a version that nobody can change."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.audit.models import AuditEntry
from accounts.audit.rules import Actor, ActorKind
from accounts.models import User
from conftest import NOW
from consent.ledger.models import DataSubject
from consent.outbox.models import OutboxMessage
from consent.policies import actions, publication
from consent.policies.models import PolicyText, PolicyVersion
from consent.policies.rules.problems import ProblemCode
from consent.policies.tests.factories import MARKDOWN, facts, make_policy, make_version

EFFECTIVE = NOW + timedelta(days=30)
WORDS = {language: text.format(number=1) for language, text in MARKDOWN.items()}
CONSEQUENCE = {"zh-hans": "暂时不能开通账户。", "en": "No account can be opened for now."}

pytestmark = pytest.mark.django_db


def _actor(user: User) -> Actor:
    return Actor(ActorKind.STAFF, user.pk)


def _draft(dave: User, **change: object) -> PolicyVersion:
    draft = actions.start_draft(make_policy(), actor=_actor(dave), at=NOW)
    actions.write_texts(draft, WORDS, actor=_actor(dave), at=NOW)
    actions.write_purpose(draft, facts("ads"), actor=_actor(dave), at=NOW)
    _describe(draft, dave, **change)
    return draft


def _describe(draft: PolicyVersion, dave: User, **change: object) -> None:
    said = {"kinds": [], "summary": {}, "refusal_consequence": CONSEQUENCE} | change
    actions.describe_change(draft, actor=_actor(dave), at=NOW, **said)  # type: ignore[arg-type]


def _publish(draft: PolicyVersion, dave: User) -> PolicyVersion:
    return publication.publish_version(draft, effective_at=EFFECTIVE, actor=_actor(dave), at=NOW)


def test_publishing_writes_digests_audit_row_and_outbox_message_together(dave: User) -> None:
    version = _publish(_draft(dave), dave)

    text = PolicyText.objects.get(version=version, language="zh-hans")
    assert text.sha256 == sha256(WORDS["zh-hans"].encode()).hexdigest()
    assert len(text.notice_sha256) == 64
    assert AuditEntry.objects.filter(act="policy.published", target=f"version:{version.pk}").count() == 1
    assert OutboxMessage.objects.filter(topic="policy.published", payload={"version": version.pk}).count() == 1


def test_the_number_of_people_does_not_change_the_number_of_queries(dave: User) -> None:
    draft = _draft(dave)
    people = [User(email=f"p{n}@people.example") for n in range(300)]
    User.objects.bulk_create(people)
    DataSubject.objects.bulk_create(
        DataSubject(controller=draft.policy.controller, ref=n.to_bytes(32), user=user, created_at=NOW)
        for n, user in enumerate(people)
    )

    with CaptureQueriesContext(connection) as queries:
        _publish(draft, dave)

    assert len(queries) == 15
    assert not any("data_subject" in query["sql"] for query in queries)


def test_a_published_version_is_no_draft_any_more(dave: User) -> None:
    version = _publish(_draft(dave), dave)

    with pytest.raises(actions.NotADraft):
        actions.write_texts(version, {"en": "# Other\n\n## 1 Words\n\nText.\n"}, actor=_actor(dave), at=NOW)
    with pytest.raises(actions.NotADraft):
        _publish(version, dave)


def test_the_next_draft_is_a_copy_with_the_next_number(dave: User) -> None:
    policy = _publish(_draft(dave), dave).policy

    draft = actions.start_draft(policy, actor=_actor(dave), at=NOW)

    assert draft.number == 2
    assert draft.texts.get(language="en").markdown == WORDS["en"]
    assert [purpose.facts() for purpose in draft.purposes.all()] == [facts("ads")]
    assert actions.start_draft(policy, actor=_actor(dave), at=NOW) == draft


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"refusal_consequence": {"zh-hans": "只有中文"}}, ProblemCode.NO_REFUSAL_CONSEQUENCE),
        ({"refusal_consequence": {}}, ProblemCode.NO_REFUSAL_CONSEQUENCE),
    ],
)
def test_what_refusing_means_must_be_said_in_each_language(dave: User, change: dict[str, object], code: str) -> None:
    draft = _draft(dave, **change)

    with pytest.raises(publication.NotPublishable) as refused:
        _publish(draft, dave)

    assert [problem.code for problem in refused.value.problems] == [code]


def test_a_purpose_without_consequence_or_items_stands_in_the_way(dave: User) -> None:
    draft = _draft(dave)
    actions.write_purpose(draft, facts("x", items=[], refusal_consequence={}), actor=_actor(dave), at=NOW)

    with pytest.raises(publication.NotPublishable) as refused:
        _publish(draft, dave)

    assert [problem.code for problem in refused.value.problems] == [ProblemCode.PURPOSE_INCOMPLETE]  # K13, K24


@pytest.mark.parametrize("effective_at", [NOW, NOW - timedelta(days=1)])
def test_a_change_takes_effect_in_the_future(dave: User, effective_at: object) -> None:
    with pytest.raises(publication.NotPublishable) as refused:
        publication.publish_version(_draft(dave), effective_at=effective_at, actor=_actor(dave), at=NOW)  # type: ignore[arg-type]

    assert [problem.code for problem in refused.value.problems] == [ProblemCode.EFFECTIVE_IN_PAST]  # Y37


def test_a_version_cannot_take_effect_before_the_one_before_it(dave: User) -> None:
    policy = make_policy()
    make_version(policy, effective_at=EFFECTIVE + timedelta(days=1), published_at=NOW)
    draft = actions.start_draft(policy, actor=_actor(dave), at=NOW)
    _describe(draft, dave, kinds=["M7"], summary=CONSEQUENCE)

    with pytest.raises(publication.NotPublishable) as refused:
        _publish(draft, dave)

    assert [problem.code for problem in refused.value.problems] == [ProblemCode.EFFECTIVE_OUT_OF_ORDER]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (facts("ads", items=["phone", "city"]), "M2"),
        (facts("new"), "M2"),
        (facts("ads", recipients={"zh-hans": "示例生活"}), "M3"),
    ],
)
def test_a_changed_register_cannot_pass_as_editorial(dave: User, line: dict[str, object], kind: str) -> None:
    policy = make_policy()
    make_version(policy, ["ads"])
    draft = actions.start_draft(policy, actor=_actor(dave), at=NOW)
    actions.write_purpose(draft, line, actor=_actor(dave), at=NOW)
    _describe(draft, dave, kinds=["M7"], summary=CONSEQUENCE)

    with pytest.raises(publication.NotPublishable) as refused:
        _publish(draft, dave)

    assert [problem.code for problem in refused.value.problems] == [ProblemCode.KIND_MISSING]
    assert kind in str(refused.value)


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        ({"name": {"zh-hans": "新东家有限公司"}}, "M1"),  # K2, K110
        ({"address": {"zh-hans": "新路 2 号"}}, "M1"),
        ({"phone": "400-000-9999"}, "M6"),  # K3
        ({"email": "new@pay.example"}, "M6"),
    ],
)
def test_new_details_of_the_company_must_be_declared(dave: User, details: dict[str, Any], kind: str) -> None:
    policy = make_policy()
    make_version(policy)
    actions.describe_controller(policy.controller, policy.controller.block() | details, actor=_actor(dave), at=NOW)
    draft = actions.start_draft(policy, actor=_actor(dave), at=NOW)
    _describe(draft, dave, kinds=["M7"], summary=CONSEQUENCE)

    with pytest.raises(publication.NotPublishable, match=kind):
        _publish(draft, dave)


def test_a_removed_purpose_is_gone_from_the_draft(dave: User) -> None:
    draft = _draft(dave)

    actions.remove_purpose(draft, "ads", actor=_actor(dave), at=NOW)

    assert not draft.purposes.exists()
