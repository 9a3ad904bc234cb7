"""Nothing beyond "received" before it is proven who asks: at the pages, in what carries out, in what is shown."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import PersonalRead, ProfileItem, Role, User
from accounts.otp.pending import PENDING_KEY, Act
from accounts.otp.tests.factories import prove
from accounts.profile.actions import write_items
from accounts.profile.models import Source
from consent.rights.export.actions import start_export
from consent.rights.export.models import Export
from consent.rights.leaving.actions import begin_leaving
from consent.rights.leaving.errors import TooFewProofs
from consent.rights.leaving.models import Leaving
from consent.rights.requests.errors import NotVerified
from consent.rights.requests.models import Channel, Decision, Kind, Refusal, RightsRequest, Status
from consent.rights.requests.rules import fields_needed
from consent.rights.requests.tests.factories import LATER, make_claimed, make_request, make_staff, staff
from consent.rights.requests.urls import desk_urlpatterns

pytestmark = pytest.mark.django_db
WANTED = {"field": "address", "value": "9 New Road, North City"}
STEPS = [str(route.name) for route in desk_urlpatterns if "<slug:number>" in str(route.pattern)]
# Everything that any of the forms would like to have.
SAID = [
    {"decision": Decision.GRANTED, "answer": "Yes.", **WANTED},
    {"decision": Decision.REFUSED, "refusal": Refusal.ABUSE, "answer": "No."},
    {"good": "yes", "code": "123456", "kind": "email", "reason": "compare"},
]


def send(desk: Client, worker: User, path: str, data: dict[str, Any]) -> None:
    """Send a form, prove what it asks for, and send it again."""
    desk.post(path, data)
    pending = desk.session.get(PENDING_KEY)
    if pending:
        kept = pending["act"]
        prove(desk, worker, Act(**kept | {"ways": tuple(kept["ways"])}))
        desk.post(path, data)


@pytest.mark.parametrize(
    ("kind", "channel"),
    [
        *((Kind.DELETION, channel) for channel in Channel),
        *((kind, Channel.PHONE) for kind in Kind if kind not in (Kind.DELETION, Kind.COMPROMISED)),
    ],
)
def test_no_page_of_the_desk_does_anything(alice: User, client: Client, channel: str, kind: str) -> None:
    worker = make_staff(*Role)
    write_items(alice, {"address": "8 Old Road, South City"}, source=Source.STAFF, actor=staff(worker), at=LATER)
    request = make_claimed(make_request(alice, kind, channel=channel, wanted=WANTED, at=timezone.now()), worker)
    client.force_login(worker)

    for step in [step for step in STEPS if step not in ("release", "document")]:
        for said in SAID:
            send(client, worker, reverse(f"desk:{step}", args=[request.number]), said)

    request.refresh_from_db()
    alice.refresh_from_db()
    assert (request.status, request.verified_at, request.decision, request.answer) == (Status.RECEIVED, None, "", "")
    assert (alice.leaving_at, Leaving.objects.exists(), Export.objects.exists()) == (None, False, False)
    assert ProfileItem.objects.get(user=alice, field="address").value == "8 Old Road, South City"
    assert not PersonalRead.objects.filter(what__contains=["address"]).exists()


def test_whoever_carries_out_refuses_a_request_of_somebody_unknown(alice: User, rita: User) -> None:
    request = make_request(alice, Kind.DELETION)

    with pytest.raises(TooFewProofs):
        begin_leaving(alice, proofs=["code", "staff"], request=request, actor=staff(rita), at=LATER)
    with pytest.raises(NotVerified):
        start_export(alice, request=request, actor=staff(rita), at=LATER)

    assert (Leaving.objects.exists(), Export.objects.exists()) == (False, False)


@pytest.mark.parametrize(("is_verified", "shown"), [(False, False), (True, True)])
def test_what_is_to_be_corrected_is_shown_to_staff_once_it_is_proven_who_asks(is_verified: bool, shown: bool) -> None:
    needed = fields_needed(Kind.CORRECTION, WANTED, has_documents=True, is_verified=is_verified)

    assert ("address" in needed) is shown
    assert "id-number" in needed  # to compare with the document


def test_the_desk_unmasks_nothing_but_what_tells_who_asks(alice: User, client: Client) -> None:
    worker = make_staff(Role.SUPPORT)
    request = make_claimed(make_request(alice, Kind.CORRECTION, wanted=WANTED, at=timezone.now()), worker)
    client.force_login(worker)
    path = reverse("desk:unmask", args=[request.number])

    for field in ("address", "name"):
        send(client, worker, path, {"field": field, "reason": "compare"})

    unmasked = PersonalRead.objects.exclude(reason="").values_list("what", flat=True)
    assert list(unmasked) == [["name"]]
    assert RightsRequest.objects.get().status == Status.RECEIVED
