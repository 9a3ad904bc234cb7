"""How often a person may have an export made: one at a time, and three a day."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from consent.rights.export.actions import make_next, start_export, take_download
from consent.rights.export.errors import TooManyExports
from consent.rights.export.models import Export
from consent.rights.leaving.tests.factories import themselves
from consent.rights.requests.tests.factories import make_verified

pytestmark = pytest.mark.django_db
PAGE = "/account/export/"


def fetched(user: User, hours_ago: float) -> None:
    """One that was asked for, made and fetched."""
    at = timezone.now() - timedelta(hours=hours_ago)
    export = start_export(user, actor=themselves(user), at=at)
    assert make_next(at=at)
    assert take_download(user, export.pk, actor=themselves(user), at=at)


def test_the_fourth_within_a_day_is_refused_with_the_hour_of_the_next(alice: User, client: Client) -> None:
    for hours_ago in (20, 10, 5):
        fetched(alice, hours_ago)
    client.force_login(alice)

    answer = client.post(PAGE, follow=True, headers={"accept-language": "en"})

    first = Export.objects.earliest("asked_at").asked_at
    again = timezone.localtime(first + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    assert f"The next one is made from {again} on" in answer.content.decode()
    assert Export.objects.count() == 3


def test_after_a_day_there_is_another_and_the_limit_is_the_persons_own(alice: User, bob: User) -> None:
    for hours_ago in (25, 10, 5):
        fetched(alice, hours_ago)

    start_export(alice, actor=themselves(alice), at=timezone.now())
    start_export(bob, actor=themselves(bob), at=timezone.now())

    assert Export.objects.filter(ready_at=None).count() == 2


def test_while_one_can_be_fetched_no_other_is_made(alice: User) -> None:
    first = start_export(alice, actor=themselves(alice), at=timezone.now())
    make_next(at=timezone.now())

    second = start_export(alice, actor=themselves(alice), at=timezone.now())

    assert first.pk == second.pk
    assert start_export(alice, actor=themselves(alice), at=timezone.now() + timedelta(days=8)).pk != first.pk


def test_the_desk_carries_out_a_request_whatever_the_person_had_made(alice: User) -> None:
    for hours_ago in (3, 2, 1):
        fetched(alice, hours_ago)

    with pytest.raises(TooManyExports):
        start_export(alice, actor=themselves(alice), at=timezone.now())
    export = start_export(alice, request=make_verified(alice), actor=themselves(alice), at=timezone.now())

    assert export.request is not None
