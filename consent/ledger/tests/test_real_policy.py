"""A real policy of a payment company: imported, published, read and answered."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from accounts.audit.rules import SYSTEM
from accounts.models import User
from conftest import NOW
from consent.ledger.models import ConsentState
from consent.policies import actions, publication
from consent.policies.models import Controller, PolicyVersion
from consent.policies.rules.clauses import parse
from consent.policies.tests.factories import facts, make_controller

pytestmark = pytest.mark.django_db

ITEMS = [[2, 4, 0, 0, 0, 0, 10, 0], [0] * 4, [0] * 6, [8, 0], [4, 2, 0], [0, 0, 0, 6], [0], [0], [0, 7, 0], [0] * 3]


@pytest.fixture
def said(shared_folder: Path) -> str:
    """What the command printed while it made the draft."""
    make_controller()
    output = StringIO()
    call_command(
        "import_policy",
        str(shared_folder / "policy-k.zh.txt"),
        controller="pay",
        policy="real",
        language="zh-hans",
        stdout=output,
        no_color=True,
    )
    return output.getvalue()


def _publish() -> PolicyVersion:
    draft = PolicyVersion.objects.get(policy__slug="real")
    actions.write_purpose(draft, facts("quick-pay", needs_separate_consent=True), actor=SYSTEM, at=NOW)
    return publication.publish_version(draft, effective_at=NOW + timedelta(days=1), actor=SYSTEM, at=NOW)


def test_all_ten_chapters_come_out_with_their_levels(said: str) -> None:
    document = parse(PolicyVersion.objects.get().texts.get().markdown)

    assert [chapter.number for chapter in document.chapters] == [str(number) for number in range(1, 11)]
    assert [chapter.label for chapter in document.chapters] == [f"{digit}、" for digit in "一二三四五六七八九十"]
    assert [[len(item.items) for item in chapter.items] for chapter in document.chapters] == ITEMS
    assert [len(item.items) for item in document.chapters[4].items[0].items] == [3, 0, 0, 0]


def test_what_was_mended_or_left_out_is_reported(said: str) -> None:
    assert "[bookmark: _GoBack]" in said
    assert said.count("“3、”") == 1
    assert said.count("“6、”") == 1
    assert "bookmark" not in PolicyVersion.objects.get().texts.get().markdown


def test_it_is_published_read_and_answered(said: str, client: Client, alice: User) -> None:
    version = _publish()
    client.force_login(alice)

    with time_machine.travel(NOW + timedelta(days=2)):
        data = client.get("/policies/real/versions/1.json").json()
        asked = client.get("/consents/")
        page = client.get(asked.headers["Location"]).content.decode()
        form = {"asked": ["", "quick-pay"], "act": "answer", "key": "k", "answer-*": "given"}
        client.post("/consents/real/changes/1/", form | {"answer-quick-pay": "refused"})

    assert len(data["chapters"]) == 10
    assert asked.status_code == 302
    assert "请您逐项决定" in page
    states = {state.purpose: state.status for state in ConsentState.objects.filter(version_id=version.pk)}
    assert states == {"": "given", "quick-pay": "refused"}


def test_the_page_shows_all_of_it(said: str, client: Client) -> None:
    _publish()

    page = client.get("/policies/real/").content.decode()

    assert page.count('<section aria-labelledby="c') == 10
    assert 'id="c1-7-10"' in page
    assert Controller.objects.get().name["zh-hans"] in page
