"""Words that were in force before the portal was: entered with their own dates, told to nobody again."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.audit.rules import SYSTEM
from conftest import NOW
from consent.outbox.models import OutboxMessage
from consent.policies import actions, publication
from consent.policies.models import Policy, PolicyVersion
from consent.policies.rules.problems import ProblemCode
from consent.policies.tests.factories import MARKDOWN, facts, make_policy, make_version

CONSEQUENCE = {"zh-hans": "暂时不能开通账户。", "en": "No account can be opened for now."}
LONG_AGO = NOW - timedelta(days=2000)

pytestmark = pytest.mark.django_db


def _draft(policy: Policy | None = None) -> PolicyVersion:
    draft = actions.start_draft(policy or make_policy(), actor=SYSTEM, at=NOW)
    words = {language: text.format(number=draft.number) for language, text in MARKDOWN.items()}
    actions.write_texts(draft, words, actor=SYSTEM, at=NOW)
    actions.write_purpose(draft, facts("ads"), actor=SYSTEM, at=NOW)
    summary = {"zh-hans": "有一处变化。", "en": "One thing changes."}
    actions.describe_change(draft, kinds=[], summary=summary, refusal_consequence=CONSEQUENCE, actor=SYSTEM, at=NOW)
    return draft


def _enter(draft: PolicyVersion, **changes: object) -> PolicyVersion:
    instants = {"published_at": LONG_AGO, "effective_at": LONG_AGO, "at": NOW} | changes
    return publication.enter_past_version(draft, actor=SYSTEM, **instants)  # type: ignore[arg-type]


def test_a_past_version_has_its_own_dates_and_is_told_to_nobody() -> None:
    version = _enter(_draft())

    version.refresh_from_db()
    assert (version.published_at, version.effective_at, version.entered_at) == (LONG_AGO, LONG_AGO, NOW)
    assert not OutboxMessage.objects.exists()
    assert AuditEntry.objects.filter(act="policy.past_version_entered", target=f"version:{version.pk}").exists()


def test_past_versions_follow_each_other() -> None:
    first = _enter(_draft())

    second = _enter(_draft(first.policy), published_at=LONG_AGO, effective_at=LONG_AGO + timedelta(days=9))

    assert (first.number, second.number) == (1, 2)


@pytest.mark.parametrize(
    "instants",
    [
        {"effective_at": NOW + timedelta(seconds=1)},
        {"published_at": LONG_AGO + timedelta(seconds=1)},
    ],
)
def test_what_did_not_lie_in_the_past_is_published_in_the_ordinary_way(instants: dict[str, object]) -> None:
    with pytest.raises(publication.NotPublishable) as refused:
        _enter(_draft(), **instants)

    assert [problem.code for problem in refused.value.problems] == [ProblemCode.NOT_IN_THE_PAST]


def test_a_past_version_is_no_way_to_change_published_words_without_telling() -> None:
    published = make_version(make_policy())

    with pytest.raises(publication.NotPublishable) as refused:
        _enter(_draft(published.policy), published_at=NOW, effective_at=NOW)

    assert ProblemCode.PUBLISHED_HERE in [problem.code for problem in refused.value.problems]


def test_a_past_version_cannot_precede_one_that_was_entered() -> None:
    first = _enter(_draft())

    with pytest.raises(publication.NotPublishable) as refused:
        _enter(_draft(first.policy), published_at=LONG_AGO, effective_at=LONG_AGO)

    assert [problem.code for problem in refused.value.problems] == [ProblemCode.EFFECTIVE_OUT_OF_ORDER]


def test_the_database_takes_no_version_of_the_past_that_does_not_say_when_it_was_entered() -> None:
    draft = _draft()

    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=draft.pk).update(
            published_at=LONG_AGO, effective_at=LONG_AGO, controller_block={}
        )


def test_readers_see_that_a_version_was_entered_afterwards(client: Client) -> None:
    version = _enter(_draft())

    page = client.get(f"/policies/privacy/versions/{version.number}/").content.decode()
    data = client.get(f"/policies/privacy/versions/{version.number}.json").json()

    assert "本站收录于" in page
    assert data["entered_at"] == NOW.isoformat()


def test_the_command_enters_the_draft() -> None:
    _draft()
    said = StringIO()

    call_command("enter_past_version", policy="privacy", in_force_from=LONG_AGO, stdout=said, no_color=True)

    version = PolicyVersion.objects.get()
    assert (version.published_at, version.effective_at) == (LONG_AGO, LONG_AGO)
    assert said.getvalue().startswith("privacy")


def test_the_command_says_what_is_missing() -> None:
    make_policy()

    with pytest.raises(CommandError, match="nothing"):
        call_command("enter_past_version", policy="nothing", in_force_from=LONG_AGO)
    with pytest.raises(CommandError, match="import_policy"):
        call_command("enter_past_version", policy="privacy", in_force_from=LONG_AGO)
