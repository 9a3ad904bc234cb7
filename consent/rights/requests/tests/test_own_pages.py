"""Asking and following a request: in the account, by the public form, and behind the link (K94-K96, K102)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit.rules import Actor, ActorKind
from accounts.models import ContactChange, Notice, PersonalRead, User
from accounts.otp.pending import PENDING_KEY, Act
from accounts.otp.tests.factories import post_proven, prove
from accounts.profile.actions import write_items
from accounts.profile.models import Source
from conftest import NOW
from consent.policies.models import Controller
from consent.rights.requests.actions import withdraw_request
from consent.rights.requests.deciding import decide
from consent.rights.requests.documents import add_documents, live_documents
from consent.rights.requests.forms import LONGEST
from consent.rights.requests.links import link_to, token_of
from consent.rights.requests.models import Decision, Kind, RightsRequest, Status, Way
from consent.rights.requests.pictures import redrawn
from consent.rights.requests.tests.factories import make_claimed, make_request, make_verified, person, picture, staff

NEW, ASK = "/account/requests/new/", "/requests/"


def said(**facts: str) -> dict[str, str]:
    """A filled-in form."""
    return {"kind": "explanation", "details": "Why?", "key": str(uuid4())} | facts


def path_of(request: RightsRequest) -> str:
    """The address behind the link."""
    return reverse("requests:by_link", args=[request.number, token_of(request.number)])


def test_a_request_from_the_account_is_proven_on_the_way_and_verified_at_once(client: Client, alice: User) -> None:
    client.force_login(alice)

    response = post_proven(client, NEW, said())

    made = RightsRequest.objects.get()
    assert response["Location"] == f"/account/requests/{made.number}/"
    assert (made.user, made.status, made.verified_way) == (alice, Status.VERIFIED, Way.DEVICE)
    assert [notice.event for notice in Notice.objects.filter(event__startswith="request_")] == ["request_received"]


def test_after_a_change_of_contact_the_proof_is_taken_and_the_desk_verifies_all_the_same(
    client: Client, alice: User
) -> None:
    now = timezone.now()
    ContactChange.objects.create(
        user=alice, kind="email", before="old@people.example", after=alice.email, at=now, undo_until=now
    )
    client.force_login(alice)

    post_proven(client, NEW, said())

    assert RightsRequest.objects.get().status == Status.RECEIVED


def test_a_form_that_is_sent_again_shows_the_same_request(client: Client, alice: User) -> None:
    client.force_login(alice)
    form = said()

    first, second = (post_proven(client, NEW, form)["Location"] for _ in range(2))

    assert first == second
    assert RightsRequest.objects.count() == 1


def test_another_persons_form_key_shows_nothing(client: Client, alice: User, bob: User) -> None:
    form = said()
    make_request(bob, form_key=form["key"])
    client.force_login(alice)

    assert post_proven(client, NEW, form).status_code == 404


def test_a_correction_says_what_is_right_and_a_link_may_choose_the_item(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert 'value="address" selected' in client.get(f"{NEW}?kind=correction&field=address").content.decode()

    assert client.post(NEW, said(kind="correction", field="address")).status_code == 422
    post_proven(client, NEW, said(kind="correction", field="address", value="8 Example Road"))

    assert RightsRequest.objects.get().wanted == {"field": "address", "value": "8 Example Road"}


@pytest.mark.parametrize(
    "cannot_be_written", [{"field": "id-kind", "value": "11010519491231002X"}, {"field": "id-number", "value": "12"}]
)
def test_a_correction_that_could_never_be_written_is_not_asked(
    client: Client, alice: User, cannot_be_written: dict[str, str]
) -> None:
    client.force_login(alice)

    assert client.post(NEW, said(kind="correction", **cannot_be_written)).status_code == 422
    assert not RightsRequest.objects.exists()


def test_what_is_one_of_a_list_is_chosen_from_it_or_said_by_its_name(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert 'name="value" id="id_value"' in client.get(f"{NEW}?kind=correction&field=sex").content.decode()
    assert '<option value="female">' in client.get(f"{NEW}?kind=correction&field=sex").content.decode()

    post_proven(client, NEW, said(kind="correction", field="id-kind", value="护照"))

    assert RightsRequest.objects.get().wanted == {"field": "id-kind", "value": "passport"}


def test_another_kind_of_document_is_corrected_together_with_its_number(client: Client, alice: User) -> None:
    card = {"id-kind": "resident-card", "id-number": "11010519491231002X", "id-expiry": "2040-01-31"}
    write_items(alice, card, source=Source.STAFF, actor=Actor(ActorKind.STAFF, 1), at=NOW)
    client.force_login(alice)
    passport = {"field": "id-number", "value": "E12345678"}

    alone = client.post(NEW, said(kind="correction", **passport))
    post_proven(client, NEW, said(kind="correction", with_it="护照", **passport))

    assert alone.status_code == 422
    assert 'name="with_it"' in alone.content.decode()
    assert RightsRequest.objects.get().wanted == passport | {"with_it": "passport"}
    assert "护照" in client.get(RightsRequest.objects.get().get_absolute_url()).content.decode()


def test_what_changed_along_must_fit_too(client: Client, alice: User) -> None:
    client.force_login(alice)

    page = client.post(NEW, said(kind="correction", field="id-kind", value="resident-card", with_it="1"))

    assert page.status_code == 422
    assert "with_it" in page.context["form"].errors


@pytest.mark.parametrize("wrong", [{"kind": "money"}, {"kind": ""}, {"details": "x" * (LONGEST + 1)}, {"key": "1"}])
def test_what_is_wrong_is_said_before_anything_is_proven(client: Client, alice: User, wrong: dict[str, str]) -> None:
    client.force_login(alice)

    assert client.post(NEW, said(**wrong)).status_code == 422
    assert not RightsRequest.objects.exists()


def test_another_persons_request_is_no_different_from_none(client: Client, alice: User, bob: User) -> None:
    request = make_request(alice)
    client.force_login(bob)

    for number in (request.number, "R-2026-999999"):
        for path in (f"/account/requests/{number}/", f"/account/requests/{number}/confirm/"):
            assert client.post(path, {"act": "withdraw"}).status_code == 404
        assert client.get(f"/account/requests/{number}/").status_code == 404
    request.refresh_from_db()
    assert request.status == Status.RECEIVED


def test_a_call_in_ones_name_is_confirmed_in_the_account(client: Client, alice: User) -> None:
    request = make_request(alice)
    client.force_login(alice)

    post_proven(client, f"/account/requests/{request.number}/confirm/")

    request.refresh_from_db()
    assert (request.status, request.verified_way) == (Status.VERIFIED, Way.DEVICE)


def test_the_link_shows_the_state_and_nothing_that_was_written(client: Client, alice: User) -> None:
    request = make_request(alice, details="my secret words", name="Alice")

    page = client.get(path_of(request))

    assert page.status_code == 200
    assert request.number in page.content.decode()
    for words in ("secret", "Alice", alice.email):
        assert words not in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_a_wrong_link_is_no_different_from_a_wrong_number(client: Client, alice: User) -> None:
    request = make_request(alice)

    wrong = client.get(reverse("requests:by_link", args=[request.number, token_of("R-2026-000000")]))
    absent = client.get(reverse("requests:by_link", args=["R-2026-999999", token_of(request.number)]))

    assert wrong.status_code == absent.status_code == 404


def test_pictures_are_sent_behind_the_link(client: Client, alice: User) -> None:
    request = make_request(alice)
    upload = SimpleUploadedFile("id.jpg", picture(), content_type="image/jpeg")

    response = client.post(path_of(request), {"act": "pictures", "identity": upload})

    assert response.status_code == 302
    (document,) = live_documents(request)
    assert document.kind == "identity"


@pytest.mark.parametrize(
    "content",
    [b"<svg/>", b"%PDF-1.7", b"", picture() + bytes(50 * 1024 * 1024)],
    ids=["svg", "pdf", "empty", "50 MB"],
)
def test_what_is_no_picture_is_refused_with_a_reason(client: Client, alice: User, content: bytes) -> None:
    request = make_request(alice)
    upload = SimpleUploadedFile("id.jpg", content, content_type="image/jpeg")

    response = client.post(path_of(request), {"act": "pictures", "identity": upload})

    assert response.status_code == 422
    assert live_documents(request) == []


def test_a_request_is_withdrawn_behind_the_link(client: Client, alice: User) -> None:
    request = make_request(alice)

    for _ in range(2):
        assert client.post(path_of(request), {"act": "withdraw"}).status_code == 302

    request.refresh_from_db()
    assert request.status == Status.WITHDRAWN
    assert client.post(path_of(request), {"act": "decide"}).status_code == 404


def test_a_refusal_shows_reason_words_complaint_and_the_appeal(client: Client, alice: User, rita: User) -> None:
    request = make_claimed(make_verified(alice), rita)
    decide(request, Decision.REFUSED, answer="Because of that.", refusal="R4", actor=staff(rita), at=timezone.now())
    client.force_login(alice)
    path = f"/account/requests/{request.number}/"

    page = client.get(path).content.decode()
    assert all(words in page for words in ("Because of that.", "R4", "12377"))
    client.post(path, {"act": "appeal", "reason": "It is not so."})
    client.post(path, {"act": "appeal", "reason": "Again."})

    appeal = RightsRequest.objects.get(appeal_of=request)
    assert (appeal.details, appeal.barred) == ("It is not so.", [rita.pk])


@pytest.mark.parametrize("who", ["alice@people.example", "nobody@people.example"])
def test_the_public_form_answers_the_same_whoever_is_known(client: Client, alice: User, who: str) -> None:
    response = client.post(ASK, said(contact=who, name="A"), follow=True)

    assert response.redirect_chain == [("/requests/sent/", 302)]
    assert who not in response.content.decode()
    assert "R-20" not in response.content.decode()
    assert Notice.objects.get().destination == who


def test_the_public_form_asks_the_database_the_same_whoever_is_known(client: Client, alice: User) -> None:
    counts = []

    for who in ("first@elsewhere.example", alice.email, "nobody@elsewhere.example"):
        with CaptureQueriesContext(connection) as asked:
            client.post("/requests/", {"kind": "access", "contact": who, "details": "x", "key": uuid4()})
        counts.append(len(asked))

    assert len(set(counts)) == 1
    assert RightsRequest.objects.filter(user=alice).count() == 1


def test_the_public_form_is_not_a_way_to_flood_somebody(client: Client, alice: User) -> None:
    answers = [client.post(ASK, said(contact=alice.email)).status_code for _ in range(5)]

    assert answers == [302, 302, 302, 429, 429]
    assert Notice.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"contact": "nobody"}, {"contact": ""}, {"kind": "x"}])
def test_the_public_form_says_what_is_wrong(client: Client, wrong: dict[str, str]) -> None:
    assert client.post(ASK, said(**{"contact": "a@people.example"} | wrong)).status_code == 422
    assert not RightsRequest.objects.exists()


def test_the_account_shows_what_was_asked_and_who_looked(client: Client, alice: User, carol: User) -> None:
    request = make_request(alice)
    PersonalRead.objects.create(
        at=timezone.now(),
        staff_id=carol.pk,
        person_id=alice.pk,
        case=request.number,
        what=["phone"],
        reason="call_back",
    )
    client.force_login(alice)
    client.cookies["django_language"] = "en"

    page = client.get("/account/requests/").content.decode()

    assert request.number in page
    assert f"staff {carol.pk}" in page
    assert "mobile number" in page
    assert "to call the person back" in page
    assert "Carol" not in page


@pytest.mark.parametrize(("path", "queries"), [("/account/requests/", 4), ("/account/requests/new/", 2)])
def test_pages_ask_the_database_a_fixed_number_of_times(
    client: Client, alice: User, path: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make_request(alice)
    client.force_login(alice)

    with django_assert_num_queries(queries):
        client.get(path)


def test_nobody_who_is_not_signed_in_sees_an_account_page(client: Client, alice: User) -> None:
    request = make_request(alice)

    for path in ("/account/requests/", NEW, f"/account/requests/{request.number}/"):
        assert client.get(path)["Location"].startswith("/account/login/")


def test_a_form_without_its_token_changes_nothing(alice: User) -> None:
    request = make_request(alice)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    for path in (NEW, ASK, path_of(request), f"/account/requests/{request.number}/confirm/"):
        assert client.post(path, said(act="withdraw", contact=alice.email)).status_code == 403
    assert RightsRequest.objects.get().status == Status.RECEIVED


def test_what_the_person_is_told_names_number_day_and_link(alice: User) -> None:
    request = make_request(alice, Kind.ACCESS)

    words = Notice.objects.get().parameters
    assert (words["number"], words["link"]) == (request.number, link_to(request.number))
    assert str((timezone.localdate(request.received_at) + timedelta(days=30)).day) in words["due"]


def test_a_proof_for_one_correction_is_good_for_no_other(client: Client, alice: User) -> None:
    client.force_login(alice)
    correction = said(kind="correction", field="name", value="Alice")
    client.post(NEW, correction)
    asked = client.session[PENDING_KEY]["act"]
    prove(client, alice, Act(asked["code"], asked["label"], asked["parameters"]))

    response = client.post(NEW, correction | {"field": "address", "value": "8 Example Road"})

    assert response["Location"] == "/account/verify/"
    assert not RightsRequest.objects.exists()


def test_the_key_of_a_form_does_not_make_one_proof_verify_another_request(client: Client, alice: User) -> None:
    key = uuid4()
    client.post(ASK, {"kind": "deletion", "contact": alice.email, "name": "", "details": "", "key": str(key)})
    client.force_login(alice)

    response = post_proven(client, NEW, said(key=str(key)))

    assert response.status_code == 404
    assert RightsRequest.objects.get().status == Status.RECEIVED


def test_the_public_form_costs_the_same_whoever_is_known(client: Client, bob: User, alice: User) -> None:
    client.get(ASK)

    def cost(contact: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.post(ASK, {"kind": "access", "contact": contact, "name": "", "details": "", "key": str(uuid4())})
        return len(queries)

    assert cost(alice.email) == cost("nobody@people.example")


@pytest.mark.parametrize("state", ["ended", "full"])
def test_where_no_picture_is_taken_none_is_opened(client: Client, alice: User, state: str) -> None:
    request = make_request(alice)
    if state == "full":
        add_documents(request, [("identity", redrawn(picture()))] * 4, actor=person(alice), at=timezone.now())
    else:
        withdraw_request(request, actor=person(alice), at=timezone.now())
    broken = SimpleUploadedFile("id.jpg", b"no picture", content_type="image/jpeg")

    response = client.post(path_of(request), {"act": "pictures", "identity": broken})

    assert response.status_code == 302


def test_pictures_of_one_request_are_looked_at_twelve_times_an_hour(client: Client, alice: User) -> None:
    request = make_request(alice)

    def send(content: bytes) -> int:
        upload = SimpleUploadedFile("me.jpg", content, "image/jpeg")
        return client.post(path_of(request), {"act": "pictures", "identity": upload}).status_code

    tried = [send(b"no picture") for _ in range(12)]
    too_many = send(picture())

    page = client.get(path_of(request), headers={"accept-language": "en"}).content.decode()
    assert (tried, too_many) == ([422] * 12, 302)
    assert "Pictures were sent many times" in page or "一小时内已多次发送图片" in page
    assert not live_documents(request)


def test_a_locked_account_is_not_told_to_sign_in_but_where_to_call(client: Client, alice: User) -> None:
    Controller.objects.create(slug="pay", name={"en": "Pay"}, phone="400-000-0000")
    link = path_of(make_request(alice))
    door = f'href="{reverse("requests:request", args=[RightsRequest.objects.get().number])}"'
    assert door in client.get(link).content.decode()

    User.objects.filter(pk=alice.pk).update(locked_at=timezone.now())
    page = client.get(link).content.decode()

    assert door not in page
    assert "400-000-0000" in page


def test_a_number_that_is_to_be_corrected_stands_masked_on_the_persons_page(client: Client, alice: User) -> None:
    wanted = {"field": "id-number", "value": "11010519491231002X"}
    request = make_request(alice, Kind.CORRECTION, wanted=wanted)
    client.force_login(alice)

    page = client.get(f"/account/requests/{request.number}/").content.decode()

    assert "1101**********002X" in page
    assert wanted["value"] not in page
