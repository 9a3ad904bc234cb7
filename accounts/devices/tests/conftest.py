"""Browsers in different places that sign in and out."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest
from django.test import Client
from time_machine import Traveller, travel

from accounts.conftest import PostOffice
from accounts.models import User
from accounts.users.tests.conftest import Visitor, visitor
from conftest import NOW

__all__ = ["visitor"]

FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
ComeIn = Callable[..., Visitor]


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """Monday morning; it stands still until it is moved."""
    with travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def come_in(db: None, clock: Traveller, post_office: PostOffice) -> ComeIn:
    """Sign user in with a browser, another one if none is given; an hour after the last time."""
    hours = count()

    def sign_in(
        user: User, browser: Client | None = None, *, agent: str = FIREFOX, ip: str = HOME, contact: str = ""
    ) -> Visitor:
        clock.move_to(NOW + timedelta(hours=next(hours)), tick=False)
        client = browser or Client()
        client.defaults |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": ip}
        person = Visitor(post_office, browser=client)
        post_office.texts.clear()
        post_office.mails.clear()
        person.sign_in(contact or user.email or user.phone)
        assert person.type_code().status_code == 302
        return person

    return sign_in
