"""Who is told: everybody who was there at publication, once, and no shard of more than a thousand."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.users.models import User
from consent.campaigns.audience import Expanded, expand_some
from consent.campaigns.models import Campaign, Channel, Delivery, Shard
from consent.campaigns.tests.factories import (
    JOINED,
    PUBLISHED,
    expand,
    make_campaign,
    make_changed_version,
    make_people,
    make_subject,
    states,
)
from consent.ledger.tests.factories import answer
from consent.policies.models import Controller
from consent.policies.tests.factories import make_controller, make_policy

MakeUser = Callable[..., User]


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


@pytest.fixture
def controller(campaign: Campaign) -> Controller:
    return campaign.version.policy.controller


def _channels(campaign: Campaign) -> list[int]:
    return list(Delivery.objects.filter(campaign=campaign).values_list("channel", flat=True))


def test_a_shard_holds_a_thousand_people_at_the_most(campaign: Campaign, controller: Controller) -> None:
    make_people(controller, 2500)

    expand(campaign)

    campaign.refresh_from_db()
    shards = Shard.objects.filter(campaign=campaign, channel=Channel.EMAIL).order_by("lo")
    assert [shard.total for shard in shards] == [1000, 1000, 500]
    assert all(one.hi < other.lo for one, other in zip(shards, shards[1:], strict=False))
    assert campaign.expanded_at is not None
    assert Delivery.objects.filter(campaign=campaign).count() == 2500


def test_a_proven_address_comes_before_a_proven_number(
    campaign: Campaign, controller: Controller, make_user: MakeUser
) -> None:
    make_subject(controller, make_user(email="a@people.example", phone="+8613800000001"))

    expand(campaign)

    assert _channels(campaign) == [Channel.EMAIL]


def test_a_contact_that_was_not_proven_is_not_used(
    campaign: Campaign, controller: Controller, make_user: MakeUser
) -> None:
    user = make_user(email="b@people.example", phone="+8613800000002")
    User.objects.filter(pk=user.pk).update(email_verified_at=None)
    make_subject(controller, user)

    expand(campaign)

    assert _channels(campaign) == [Channel.SMS]


def test_whoever_has_no_contact_is_told_by_the_announcement(campaign: Campaign, controller: Controller) -> None:
    subject = make_subject(controller)

    expand(campaign)

    assert states(campaign) == {(Channel.PUBLIC, subject.pk): (Delivery.State.SENT, "")}


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": PUBLISHED + timedelta(seconds=1)},
        {"closed_at": JOINED + timedelta(days=1)},
    ],
    ids=["joined after the publication", "left"],
)
def test_who_was_not_there_is_not_told(campaign: Campaign, controller: Controller, fields: dict[str, Any]) -> None:
    make_subject(controller, **fields)

    expand(campaign)

    assert _channels(campaign) == []


def test_inactive_people_and_those_of_another_controller_are_left_out(
    campaign: Campaign, controller: Controller, make_user: MakeUser
) -> None:
    make_subject(controller, make_user(email="c@people.example", is_active=False))
    make_subject(make_controller("other"), make_user(email="d@people.example"))

    expand(campaign)

    assert _channels(campaign) == []


def test_a_policy_that_not_everybody_is_asked_about_is_told_to_those_who_answered_it(make_user: MakeUser) -> None:
    undertaking = make_policy(slug="undertaking", asks_account_holders=False)
    version = make_changed_version(undertaking)
    people = [
        make_subject(undertaking.controller, make_user(email=f"{name}@people.example"))
        for name in ("staff", "customer")
    ]
    answer(people[0], undertaking.versions.get(number=1))
    campaign = make_campaign(version)

    expand(campaign)

    assert list(Delivery.objects.filter(campaign=campaign).values_list("subject_id", flat=True)) == [people[0].pk]


def test_a_second_expansion_writes_nothing(campaign: Campaign, controller: Controller) -> None:
    make_people(controller, 1200)
    expand(campaign)
    before = states(campaign), Shard.objects.count()
    Campaign.objects.update(cursor=0, expanded_at=None)

    expand(campaign)

    assert (states(campaign), Shard.objects.count()) == before


def test_the_database_refuses_a_second_delivery_to_a_person_on_a_channel(campaign: Campaign) -> None:
    Delivery.objects.create(campaign=campaign, channel=Channel.EMAIL, subject_id=7)

    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(campaign=campaign, channel=Channel.EMAIL, subject_id=7)


def test_sign_ups_under_way_at_publication_get_time_to_commit(campaign: Campaign, controller: Controller) -> None:
    make_people(controller, 1)
    Campaign.objects.update(frozen_at=timezone.now())

    assert expand_some(campaign.pk) == Expanded(0, more=False)
    assert _channels(campaign) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_expanders_at_once_the_second_returns_and_nobody_is_doubled() -> None:
    campaign = make_campaign()
    make_people(campaign.version.policy.controller, 1500)
    other: list[Expanded] = []

    def expand_beside() -> None:
        other.append(expand_some(campaign.pk))
        connection.close()

    with transaction.atomic():
        expand_some(campaign.pk)
        thread = threading.Thread(target=expand_beside)
        thread.start()
        thread.join(10)

    assert other == [Expanded(0, more=False)]
    assert Delivery.objects.filter(campaign=campaign).count() == 1500
