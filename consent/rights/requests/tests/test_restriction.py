"""Information that is kept and not used, until the person says otherwise (PIPL 44)."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEntry, Notice, User
from accounts.otp.tests.factories import post_proven
from conftest import NOW
from consent.ledger.enrolment import enrol
from consent.ledger.models import DataSubject
from consent.policies.tests.factories import make_controller
from consent.rights.requests.deciding import carry_out
from consent.rights.requests.errors import RequestError
from consent.rights.requests.models import Kind, RightsRequest
from consent.rights.requests.restriction import lift_restriction, restricted_since
from consent.rights.requests.tests.factories import LATER, make_claimed, make_decided, make_request, person, staff


@pytest.fixture
def restricted(alice: User, rita: User) -> RightsRequest:
    """A request of alice's by which everything about her was restricted, towards two companies."""
    for slug in ("one", "two"):
        enrol(alice, make_controller(slug).pk, at=NOW)
    request = make_claimed(make_decided(alice, rita, Kind.RESTRICTION), rita)
    return carry_out(request, actor=staff(rita), at=LATER)


def _lift(request: RightsRequest) -> str:
    return f"/account/requests/{request.number}/lift/"


def test_the_page_of_the_request_says_since_when_and_who_can_end_it(
    client: Client, alice: User, restricted: RightsRequest, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(alice)
    client.get(restricted.get_absolute_url())

    with django_assert_num_queries(5):
        page = client.get(restricted.get_absolute_url()).content.decode()

    assert _lift(restricted) in page


def test_the_person_lifts_it_after_a_proof_and_is_told(client: Client, alice: User, restricted: RightsRequest) -> None:
    client.force_login(alice)
    told = Notice.objects.count()

    assert client.post(_lift(restricted))["Location"] == "/account/verify/"
    assert restricted_since(alice) == LATER
    post_proven(client, _lift(restricted))

    assert restricted_since(alice) is None
    assert AuditEntry.objects.filter(act="request.restriction_lifted").count() == 1
    assert Notice.objects.count() > told
    assert _lift(restricted) not in client.get(restricted.get_absolute_url()).content.decode()


def test_a_second_time_changes_and_tells_nothing(alice: User, restricted: RightsRequest) -> None:
    lift_restriction(restricted, actor=person(alice), at=LATER)
    told = Notice.objects.count()

    lift_restriction(restricted, actor=person(alice), at=LATER)

    assert AuditEntry.objects.filter(act="request.restriction_lifted").count() == 1
    assert Notice.objects.count() == told


def test_nobody_lifts_what_somebody_else_asked_for(
    client: Client, alice: User, bob: User, rita: User, restricted: RightsRequest
) -> None:
    for other in (bob, rita):
        client.force_login(other)

        assert client.post(_lift(restricted)).status_code == 404

    assert DataSubject.objects.filter(user=alice, restricted_at=LATER).count() == 2


def test_no_other_request_lifts_it(alice: User, restricted: RightsRequest) -> None:
    for kind in (Kind.EXPLANATION, Kind.RESTRICTION):
        with pytest.raises(RequestError):
            lift_restriction(make_request(alice, kind), actor=person(alice), at=LATER)

    assert restricted_since(alice) == LATER


def test_a_form_of_another_site_lifts_nothing(alice: User, restricted: RightsRequest) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.post(_lift(restricted)).status_code == 403
