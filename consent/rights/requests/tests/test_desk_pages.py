"""The desk: the queue with its clocks, masked values, one look at a time, and every look noted (K60, K61, K94)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.audit.models import AuditEntry
from accounts.models import Notice, PersonalRead, ProfileItem, Role, User
from accounts.otp.pending import PENDING_KEY, Act
from accounts.otp.tests.factories import post_proven, prove
from accounts.staff.actions import MANY_READS, record_read
from accounts.staff.selectors import reads_by, reads_of
from accounts.users.rules import parse_contact
from conftest import NOW
from consent.rights.requests.documents import add_documents
from consent.rights.requests.models import Channel, Kind, RightsRequest, Status
from consent.rights.requests.pictures import redrawn
from consent.rights.requests.tests.factories import (
    make_claimed,
    make_decided,
    make_request,
    make_staff,
    make_verified,
    person,
    picture,
)

NUMBER = "11010519491231002X"


@pytest.fixture
def desk(client: Client, carol: User) -> Client:
    """Carol at work, in English."""
    client.force_login(carol)
    client.cookies["django_language"] = "en"
    return client


def path_of(request: RightsRequest, step: str = "") -> str:
    """The page of a case, or one of its steps."""
    return f"/desk/requests/{request.number}/{step}"


def page_of(client: Client, path: str) -> str:
    """What the page says."""
    return client.get(path).content.decode()


def today(alice: User, kind: str = Kind.EXPLANATION, **facts: object) -> RightsRequest:
    """A request that came in just now."""
    return make_request(alice, kind, at=timezone.now(), **facts)


def test_the_desk_speaks_of_the_person_and_not_as_them(desk: Client, alice: User, carol: User) -> None:
    request = make_claimed(today(alice, Kind.DELETION), carol)

    pages = [page_of(desk, path) for path in ("/desk/requests/", "/desk/requests/new/", path_of(request))]

    assert all("Deletion" in page and str(Kind.DELETION.label) not in page for page in pages)
    assert all("my information" not in page for page in pages)


def test_the_queue_has_the_longest_overdue_on_top_and_shows_nobody_whole(desk: Client, alice: User, bob: User) -> None:
    now = timezone.now()
    fresh, late = today(alice), make_request(bob, at=now - timedelta(days=32))

    page = page_of(desk, "/desk/requests/")

    assert page.index(late.number) < page.index(fresh.number)
    assert "2 days late" in page
    assert "30 days left" in page
    for plain in (alice.email, "13800138000", "Alice", "Bob"):
        assert plain not in page


def test_the_queue_is_narrowed_by_number_state_kind_and_whose(desk: Client, alice: User, carol: User) -> None:
    mine = make_claimed(today(alice, Kind.ACCESS), carol)
    verified = make_verified(alice, Kind.DELETION, at=timezone.now())

    for asked, shown in {
        f"q={verified.number[-6:]}": verified,
        "s=verified": verified,
        "k=access": mine,
        "mine=on": mine,
    }.items():
        page = page_of(desk, f"/desk/requests/?{asked}")
        assert [shown.number in page, {mine, verified}.difference({shown}).pop().number in page] == [True, False], asked


def test_a_request_says_on_its_last_day_that_it_is_due(desk: Client, alice: User) -> None:
    make_request(alice, at=timezone.now() - timedelta(days=30))

    assert "due today" in page_of(desk, "/desk/requests/")


def test_one_sees_in_the_queue_which_cases_are_ones_own(desk: Client, alice: User, carol: User, rita: User) -> None:
    make_claimed(today(alice), carol)
    make_claimed(today(alice), rita)

    page = page_of(desk, "/desk/requests/")

    assert page.count("<b>you</b>") == 1
    assert f"staff {rita.pk}" in page


def test_the_queue_asks_the_database_as_often_for_many_cases_as_for_one(
    desk: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        today(alice)

    with django_assert_num_queries(12):
        desk.get("/desk/requests/")


def test_a_call_is_written_down_and_its_owner_told(desk: Client, alice: User, carol: User) -> None:
    form = {
        "kind": "deletion",
        "contact": alice.email,
        "name": "A voice",
        "details": "Delete it all",
        "language": "en",
        "key": str(uuid4()),
    }

    first, second = desk.post("/desk/requests/new/", form), desk.post("/desk/requests/new/", form)

    made = RightsRequest.objects.get()
    assert first["Location"] == second["Location"] == path_of(made)
    assert (made.channel, made.status, made.user) == (Channel.PHONE, Status.RECEIVED, alice)
    assert Notice.objects.get(event="request_received").user_id == alice.pk
    assert AuditEntry.objects.get(act="request.opened").actor == f"staff:{carol.pk}"


def test_what_is_wrong_with_a_call_is_said(desk: Client) -> None:
    assert desk.post("/desk/requests/new/", {"kind": "deletion", "contact": "?"}).status_code == 422
    assert not RightsRequest.objects.exists()


def test_a_case_tells_nothing_of_the_person_to_whoever_does_not_have_it(desk: Client, alice: User, rita: User) -> None:
    request = make_claimed(today(alice, details="my secret words"), rita)

    page = page_of(desk, path_of(request))

    assert "secret" not in page
    assert "a***e" not in page
    assert PersonalRead.objects.get(case=request.number).what == ["state"]


def test_whoever_has_a_case_sees_what_it_needs_masked_and_that_is_noted(desk: Client, alice: User, carol: User) -> None:
    ProfileItem.objects.create(user=alice, field="id-number", value=NUMBER, since_at=NOW)
    ProfileItem.objects.create(user=alice, field="address", value="Example City, 8 Example Road", since_at=NOW)
    wanted = {"field": "address", "value": "9 Example Road"}
    request = make_claimed(today(alice, Kind.CORRECTION, wanted=wanted), carol)

    page = page_of(desk, path_of(request))

    assert "a***e@people.example" in page
    assert "9 Example Road" in page
    for plain in (alice.email, "8 Example Road", NUMBER, "1101**"):
        assert plain not in page
    read = PersonalRead.objects.get(case=request.number)
    assert (read.staff_id, read.person_id) == (carol.pk, alice.pk)
    assert read.what == ["case", "name", "email", "phone"]  # the address once it is proven who asks


def test_a_value_is_shown_after_a_proof_for_ten_minutes_to_that_one_person(
    desk: Client, alice: User, carol: User, rita: User
) -> None:
    request = make_claimed(today(alice), carol)

    post_proven(desk, path_of(request, "unmask/"), {"field": "email", "reason": "call_back"})

    read = PersonalRead.objects.get(reason="call_back")
    assert (read.what, read.case, read.person_id) == (["email"], request.number, alice.pk)
    assert read.until is not None
    assert timedelta(minutes=9) < read.until - timezone.now() <= timedelta(minutes=10)
    assert alice.email in page_of(desk, path_of(request))
    make_claimed(request, rita)
    desk.force_login(rita)
    assert alice.email not in page_of(desk, path_of(request))


def test_after_ten_minutes_it_is_masked_again(desk: Client, alice: User, carol: User) -> None:
    request, now = make_claimed(today(alice), carol), timezone.now()
    record_read(carol, alice, case=request.number, what=["email"], reason="decide", until=now, at=now)

    assert alice.email not in page_of(desk, path_of(request))


@pytest.mark.parametrize("form", [{"field": "id-number", "reason": "decide"}, {"field": "email", "reason": "curious"}])
def test_what_the_case_does_not_need_or_has_no_reason_stays_masked(
    desk: Client, alice: User, carol: User, form: dict[str, str]
) -> None:
    ProfileItem.objects.create(user=alice, field="id-number", value=NUMBER, since_at=NOW)
    request = make_claimed(today(alice), carol)

    post_proven(desk, path_of(request, "unmask/"), form)

    assert not PersonalRead.objects.exclude(reason="").exists()


def test_nobody_unmasks_in_a_case_that_they_do_not_have(desk: Client, alice: User) -> None:
    request = today(alice)

    post_proven(desk, path_of(request, "unmask/"), {"field": "email", "reason": "decide"})

    assert not PersonalRead.objects.exclude(reason="").exists()


def test_a_document_is_shown_in_the_open_case_alone_and_kept_nowhere(
    desk: Client, alice: User, carol: User, rita: User
) -> None:
    request = make_claimed(today(alice), carol)
    (document,) = add_documents(request, [("identity", redrawn(picture()))], actor=person(alice), at=timezone.now())
    path = path_of(request, f"documents/{document.pk}/")

    shown = desk.get(path)

    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in shown["Cache-Control"]
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Disposition"].startswith("inline")
    assert "sandbox" in shown["Content-Security-Policy"]
    assert PersonalRead.objects.filter(what=["document:identity"], person_id=alice.pk).count() == 1
    assert desk.get(path_of(today(alice), f"documents/{document.pk}/")).status_code == 404
    desk.force_login(rita)
    assert desk.get(path).status_code == 404


@pytest.mark.parametrize(
    ("what", "form"),
    [
        ("unmask/", {"field": "email", "reason": "decide"}),
        ("decide/", {"decision": "granted", "answer": "Yes."}),
    ],
)
def test_no_code_that_was_sent_somewhere_opens_or_decides_a_case(
    client: Client, alice: User, rita: User, what: str, form: dict[str, str]
) -> None:
    request = make_claimed(make_verified(alice, at=timezone.now()), rita)
    client.force_login(rita)

    client.post(path_of(request, what), form)

    assert client.session[PENDING_KEY]["act"]["ways"] == ["totp", "passkey"]


def test_a_reviewer_decides_with_a_proof_and_not_without(client: Client, alice: User, rita: User) -> None:
    request = make_claimed(make_verified(alice, at=timezone.now()), rita)
    client.force_login(rita)
    form = {"decision": "granted", "answer": "Yes."}

    assert client.post(path_of(request, "decide/"), form)["Location"] == "/account/verify/"
    request.refresh_from_db()
    assert request.status == Status.VERIFIED
    post_proven(client, path_of(request, "decide/"), form)

    request.refresh_from_db()
    assert (request.status, request.decided_by_id) == (Status.DECIDED, rita.pk)


def test_a_proof_to_agree_is_none_to_refuse(client: Client, alice: User, rita: User) -> None:
    request = make_claimed(make_verified(alice, at=timezone.now()), rita)
    client.force_login(rita)
    post_proven(client, path_of(request, "decide/"), {"decision": "granted", "answer": "Yes."})
    other = make_claimed(make_verified(alice, at=timezone.now()), rita)

    answer = client.post(path_of(other, "decide/"), {"decision": "refused", "refusal": "R4", "answer": "No."})

    assert answer["Location"] == "/account/verify/"


def test_a_refusal_without_a_ground_is_not_even_proven(client: Client, alice: User, rita: User) -> None:
    request = make_claimed(make_verified(alice, at=timezone.now()), rita)
    client.force_login(rita)

    assert client.post(path_of(request, "decide/"), {"decision": "refused", "answer": "No."}).status_code == 422


def test_a_case_goes_from_call_to_correction_over_three_desks(
    client: Client, alice: User, carol: User, rita: User
) -> None:
    request = make_claimed(make_decided(alice, rita, Kind.CORRECTION, at=timezone.now()), carol)
    client.force_login(carol)

    wrong = client.post(path_of(request, "carry-out/"), {"field": "occupation", "value": ""})
    unknown = client.post(path_of(request, "carry-out/"), {"field": "sex", "value": "none"})
    done = client.post(path_of(request, "carry-out/"), {"field": "occupation", "value": "Nurse"})

    assert (wrong.status_code, unknown.status_code, done.status_code) == (422, 422, 302)
    assert '<option value="female">' in unknown.content.decode()
    request.refresh_from_db()
    assert request.status == Status.CLOSED
    assert ProfileItem.objects.get(user=alice).value == "Nurse"


@pytest.mark.parametrize("step", ["claim", "release", "code", "code/check", "judge", "carry-out", "lapse"])
def test_a_step_that_does_not_fit_is_said_and_changes_nothing(desk: Client, alice: User, step: str) -> None:
    request = make_request(alice, at=timezone.now())
    RightsRequest.objects.filter(pk=request.pk).update(status=Status.WITHDRAWN, ended_at=timezone.now())

    response = desk.post(path_of(request, f"{step}/"), {"good": "yes", "kind": "email", "code": "123456"}, follow=True)

    assert response.redirect_chain == [(path_of(request), 302)]
    assert 'class="note bad"' in response.content.decode()
    request.refresh_from_db()
    assert request.status == Status.WITHDRAWN


def test_a_case_that_is_none_is_not_found(desk: Client) -> None:
    for step in ("", "claim/", "unmask/", "documents/1/"):
        assert desk.post(f"/desk/requests/R-2026-999999/{step}").status_code in (404, 405)
    assert desk.get("/desk/requests/R-2026-999999/").status_code == 404


def test_somebody_unknown_is_a_case_like_any_other(desk: Client, carol: User) -> None:
    request = make_claimed(
        make_request(contact=parse_contact("nobody@people.example"), at=timezone.now(), channel=Channel.FORM), carol
    )

    page = page_of(desk, path_of(request))

    assert "no***" in page or "n***y@people.example" in page
    assert PersonalRead.objects.get().person_id is None


def test_an_auditor_sees_what_one_of_the_staff_looked_at_in_a_period(client: Client, alice: User, carol: User) -> None:
    now = timezone.now()
    record_read(carol, alice, case="R-2026-000001", what=["phone"], reason="compare", at=now)
    record_read(carol, alice, case="R-2026-000002", what=["case"], at=now - timedelta(days=30))
    client.force_login(make_staff(Role.AUDITOR))
    day = timezone.localdate().isoformat()

    page = page_of(client, f"/desk/reads/?staff={carol.pk}&since={day}&until={day}")
    assert "your request" not in page

    assert "R-2026-000001" in page
    assert "R-2026-000002" not in page
    for plain in ("Alice", alice.email):
        assert plain not in page


@pytest.mark.django_db
def test_a_period_that_ends_before_it_begins_is_said(client: Client) -> None:
    client.force_login(make_staff(Role.ADMINISTRATOR))

    assert client.get("/desk/reads/?staff=1&since=2026-03-02&until=2026-03-01").status_code == 422


def test_looks_are_listed_by_person_and_by_staff(alice: User, bob: User, carol: User, rita: User) -> None:
    record_read(carol, alice, case="R-1", what=["case"], at=NOW)
    record_read(rita, alice, case="R-1", what=["email"], reason="decide", at=NOW + timedelta(minutes=1))
    record_read(carol, bob, case="R-2", what=["case"], at=NOW)

    assert [read.staff_id for read in reads_of(alice.pk)] == [rita.pk, carol.pk]
    assert len(reads_of(alice.pk, limit=1)) == 1
    assert reads_by(carol.pk, NOW, NOW + timedelta(minutes=1)).count() == 2
    assert not reads_by(carol.pk, NOW - timedelta(days=1), NOW).exists()


def test_many_looks_within_an_hour_are_told_to_administrators_once(
    alice: User, carol: User, settings: Settings
) -> None:
    settings.STAFF_READS_PER_HOUR = 3
    boss = make_staff(Role.ADMINISTRATOR)

    for minute in range(8):
        record_read(carol, alice, case="R-1", what=["case"], at=NOW + timedelta(minutes=minute))

    told = Notice.objects.get(event="many_reads")
    assert (told.user_id, told.parameters["staff"]) == (boss.pk, str(carol.pk))
    assert AuditEntry.objects.filter(act=MANY_READS, target=f"user:{carol.pk}").count() == 1
    for minute in range(4):
        record_read(carol, alice, case="R-1", what=["case"], at=NOW + timedelta(minutes=70 + minute))
    assert Notice.objects.filter(event="many_reads").count() == 2


def test_a_proof_for_one_value_shows_no_other(desk: Client, alice: User, carol: User) -> None:
    request = make_claimed(today(alice), carol)
    desk.post(path_of(request, "unmask/"), {"field": "name", "reason": "call_back"})
    asked = desk.session[PENDING_KEY]["act"]
    prove(desk, carol, Act(asked["code"], asked["label"], asked["parameters"]))

    response = desk.post(path_of(request, "unmask/"), {"field": "email", "reason": "call_back"})

    assert response["Location"] == "/account/verify/"
    assert not PersonalRead.objects.exclude(reason="").exists()


@pytest.mark.parametrize(("since", "until"), [("2026-01-01", "9999-12-31"), ("0001-01-01", "2026-01-01")])
def test_a_period_that_no_clock_reaches_is_a_mistake_in_the_form(
    client: Client, db: None, since: str, until: str
) -> None:
    client.force_login(make_staff(Role.AUDITOR))

    response = client.get("/desk/reads/", {"staff": "1", "since": since, "until": until})

    assert response.status_code == 422
