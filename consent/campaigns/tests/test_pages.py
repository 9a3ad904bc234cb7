"""Announcements as everybody reads them, and progress as a publisher sees it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AuditEntry
from accounts.users.models import User
from accounts.users.rules import parse_contact
from consent.campaigns.actions import start_campaign
from consent.campaigns.holds import claim, mark_sending
from consent.campaigns.models import Announcement, Campaign, Channel, Delivery, Shard
from consent.campaigns.results import Outcome, Result, record
from consent.campaigns.selectors import deliveries_to, progress_of
from consent.campaigns.tests.factories import (
    PUBLISHED,
    expand,
    make_campaign,
    make_changed_version,
    make_people,
    make_subject,
)
from consent.policies.models import PolicyVersion
from consent.policies.tests.factories import make_controller, make_policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> PolicyVersion:
    return make_changed_version()


@pytest.fixture
def campaign(version: PolicyVersion) -> Campaign:
    return make_campaign(version)


@pytest.fixture
def publisher(client: Client, dave: User) -> Client:
    client.force_login(dave)
    return client


def test_a_campaign_begins_with_an_announcement_of_the_same_words(campaign: Campaign, client: Client) -> None:
    page = client.get("/announcements/privacy/2/").content.decode()

    assert "示例支付：《示例支付隐私政策》将于 2026 年 4 月 1 日变更" in page
    assert "您可以不同意" in page
    assert "2026 年 2 月 20 日 09:00" in page
    assert re.search(r'<a href="[^"]*/consents/privacy/changes/2/"', page)


def test_the_public_is_not_pointed_to_what_staff_alone_accept(client: Client, settings: Settings) -> None:
    undertaking = make_policy(slug="undertaking", asks_account_holders=False)
    settings.STAFF_UNDERTAKING = undertaking.slug
    make_campaign(make_changed_version(undertaking))

    for path in ("/announcements/", "/announcements/feed/", "/policies/"):
        assert "undertaking" not in client.get(path).content.decode()
    assert client.get("/announcements/undertaking/2/").status_code == 200


def test_a_second_start_changes_nothing(campaign: Campaign, version: PolicyVersion) -> None:
    start_campaign(version, at=PUBLISHED + timedelta(days=1))

    assert Campaign.objects.count() == Announcement.objects.count() == 1
    assert AuditEntry.objects.filter(act="campaign.started").count() == 1


def test_a_draft_is_not_announced(version: PolicyVersion) -> None:
    draft = PolicyVersion.objects.create(policy=version.policy, number=3)

    with pytest.raises(ValueError, match="has not been published"):
        start_campaign(draft, at=PUBLISHED)


def test_the_list_shows_the_newest_first_in_the_readers_language(client: Client, version: PolicyVersion) -> None:
    make_campaign(version)
    make_campaign(make_changed_version(make_policy(make_controller("other"), "cookies")))
    Announcement.objects.filter(version=version).update(published_at=datetime(2020, 1, 1, tzinfo=UTC))

    page = client.get("/announcements/", headers={"Accept-Language": "en"}).content.decode()

    assert page.index("/announcements/cookies/2/") < page.index("/announcements/privacy/2/")
    assert "Example Pay: the Privacy policy changes on 1 April 2026" in page


def test_announcements_are_also_an_atom_feed(client: Client, campaign: Campaign) -> None:
    response = client.get("/announcements/feed/")

    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = response.content.decode()
    assert '<link href="http://testserver/announcements/privacy/2/" rel="alternate"' in feed
    assert "您可以不同意" in feed


def test_before_the_first_announcement_the_page_says_what_will_be_here(client: Client) -> None:
    assert "还没有公告" in client.get("/announcements/").content.decode()


@pytest.mark.parametrize("path", ["/announcements/privacy/9/", "/announcements/nothing/1/"])
def test_an_unknown_announcement_is_not_found(client: Client, campaign: Campaign, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_announcements(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for slug in ("one", "two", "three"):
        make_campaign(make_changed_version(make_policy(make_controller(slug), slug)))

    with django_assert_num_queries(2):  # the number and the page
        client.get("/announcements/")


@pytest.fixture
def under_way(campaign: Campaign, make_user: Callable[..., User]) -> Campaign:
    """Five people: one told, one refused and waiting for an SMS, one to be told, one public only, one unknown."""
    controller = campaign.version.policy.controller
    make_people(controller, 3)
    make_subject(controller, make_user(email="both@people.example", phone="+8613800000001"))
    make_subject(controller)
    expand(campaign)
    hold = claim(Channel.EMAIL)
    assert hold is not None
    told, waiting, lost, both = (marked.subject for marked in mark_sending(hold, after=0, number=10))
    outcomes = {told: Outcome.SENT, waiting: Outcome.RETURNED, lost: Outcome.UNKNOWN, both: Outcome.REFUSED}
    record(hold, [Result(subject, outcome, "550 5.1.1 <no> such user") for subject, outcome in outcomes.items()])
    return campaign


def test_the_parts_add_up_to_the_whole(under_way: Campaign) -> None:
    progress = progress_of(under_way.pk)

    assert progress is not None
    parts = (progress.told, progress.public_only, progress.unknown, progress.gone, progress.remaining)
    assert parts == (1, 1, 1, 0, 2)
    assert progress.people == sum(parts) == 5
    assert (progress.failed, progress.percent) == (1, 40)


def test_a_publisher_sees_people_sent_failed_remaining_and_the_receivers_words(
    under_way: Campaign, publisher: Client
) -> None:
    page = publisher.get(f"/desk/campaigns/{under_way.pk}/").content.decode()

    text = re.sub(r"<[^>]+>|\s", "", page)
    assert "40%2/5人" in text
    for term, number in (("已用消息通知", 1), ("待通知", 2), ("只能靠公告", 1), ("退回的消息", 1)):
        assert f"{term}{number}" in text
    assert "5505.1.1&lt;no&gt;suchuser1" in text
    assert 'hx-trigger="every 2s"' in page
    assert "/desk/campaigns/" in page  # the link that does without a script


def test_htmx_gets_the_changing_part_only(under_way: Campaign, publisher: Client) -> None:
    fragment = publisher.get(f"/desk/campaigns/{under_way.pk}/", headers={"HX-Request": "true"}).content.decode()

    assert fragment.lstrip().startswith('<div id="progress"')
    assert "<html" not in fragment


def test_a_finished_campaign_is_not_asked_for_again(under_way: Campaign, publisher: Client) -> None:
    Campaign.objects.update(finished_at=PUBLISHED, seal="ab" * 32)

    page = publisher.get(f"/desk/campaigns/{under_way.pk}/").content.decode()

    assert "hx-get" not in page
    assert "ab" * 32 in page


def test_a_version_whose_campaign_has_not_begun_says_so(version: PolicyVersion, publisher: Client) -> None:
    page = publisher.get(f"/desk/campaigns/{version.pk}/").content.decode()

    assert "通知即将开始。" in page
    assert 'hx-trigger="every 2s"' in page


def test_progress_costs_the_same_for_many_people(
    under_way: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        progress_of(under_way.pk)


@pytest.mark.parametrize("method", ["get", "pause", "resume"])
def test_only_a_publisher_sees_or_pauses_a_campaign(
    client: Client, carol: User, campaign: Campaign, method: str
) -> None:
    path = f"/desk/campaigns/{campaign.pk}/" + ("" if method == "get" else f"{method}/")
    stranger = client.get(path) if method == "get" else client.post(path)
    client.force_login(carol)
    support = client.get(path) if method == "get" else client.post(path)

    assert stranger.status_code == 302
    assert support.status_code == 404
    campaign.refresh_from_db()
    assert campaign.paused_at is None


def test_a_publisher_pauses_and_resumes_and_both_are_audited(campaign: Campaign, publisher: Client) -> None:
    publisher.post(f"/desk/campaigns/{campaign.pk}/pause/")
    paused = Campaign.objects.get().paused_at
    publisher.post(f"/desk/campaigns/{campaign.pk}/pause/")
    publisher.post(f"/desk/campaigns/{campaign.pk}/resume/")

    assert paused is not None
    assert Campaign.objects.get().paused_at is None
    acts = AuditEntry.objects.exclude(act="campaign.started").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["campaign.paused", "campaign.resumed"]


def test_pausing_needs_a_post(campaign: Campaign, publisher: Client) -> None:
    assert publisher.get(f"/desk/campaigns/{campaign.pk}/pause/").status_code == 405


def test_a_person_can_be_shown_what_was_sent_to_them_and_to_nobody_else(
    under_way: Campaign, make_user: Callable[..., User]
) -> None:
    both = User.objects.naming(parse_contact("both@people.example")).get()

    mine = deliveries_to(both)

    assert [(each.channel, each.state) for each in mine] == [
        (Channel.EMAIL, Delivery.State.REFUSED),
        (Channel.SMS, Delivery.State.QUEUED),
    ]
    assert deliveries_to(make_user(email="stranger@people.example")) == []


def test_a_shards_counts_add_up_to_its_deliveries(under_way: Campaign) -> None:
    for shard in Shard.objects.all():
        rows = Delivery.objects.filter(campaign=under_way, channel=shard.channel)
        assert shard.total == rows.count()
        assert shard.sent == rows.filter(state=Delivery.State.SENT).count()
        assert shard.refused == rows.filter(state=Delivery.State.REFUSED).count()
