"""Nothing happens before it is proven who asks, by whatever way the request came (K33, K94, K95)."""

import re
from datetime import timedelta

import pytest

from accounts.audit.models import AuditEntry
from accounts.conftest import PostOffice
from accounts.models import Challenge, ContactChange, Notice, User
from accounts.otp.errors import CodeRejected, NoSuchChallenge, TooSoon, WrongCode
from accounts.otp.rules import LIFETIME
from accounts.users.rules import parse_contact
from conftest import NOW
from consent.rights.requests.actions import claim, withdraw_request
from consent.rights.requests.deciding import carry_out, decide, lapse
from consent.rights.requests.documents import add_documents, live_documents
from consent.rights.requests.errors import (
    ContactTooNew,
    Ended,
    NotClaimed,
    NothingToJudge,
    NotVerified,
    RequestError,
)
from consent.rights.requests.models import Channel, Decision, RightsRequest, Status, Way
from consent.rights.requests.pictures import redrawn
from consent.rights.requests.selectors import contacts_on_file
from consent.rights.requests.tests.factories import (
    LATER,
    make_claimed,
    make_request,
    make_verified,
    person,
    picture,
    staff,
)
from consent.rights.requests.verification import (
    judge_documents,
    send_identity_code,
    verify_by_code,
    verify_by_device,
)


def code_in(post_office: PostOffice) -> str:
    """The code of the newest message."""
    found = re.search(r"(?:code: |)(?<![\d-])(\d{6})(?!\d)", post_office.last_text())
    assert found, post_office.last_text()
    return found[1]


@pytest.fixture
def called(alice: User, carol: User) -> RightsRequest:
    """A call about Alice, with Carol."""
    return make_claimed(make_request(alice), carol)


@pytest.mark.parametrize("channel", Channel.values)
def test_no_way_in_goes_around_identity(alice: User, rita: User, channel: str) -> None:
    request = make_claimed(make_request(alice, channel=channel), rita)

    with pytest.raises(NotVerified):
        decide(request, Decision.GRANTED, answer="Yes.", actor=staff(rita), at=LATER)
    with pytest.raises(RequestError):
        carry_out(request, actor=staff(rita), at=LATER)
    request.refresh_from_db()
    assert (request.status, request.decision) == (Status.RECEIVED, "")


@pytest.mark.django_db(transaction=True)
def test_a_code_to_a_contact_on_file_proves_who_calls(
    called: RightsRequest, alice: User, carol: User, post_office: PostOffice
) -> None:
    send_identity_code(called, "email", actor=staff(carol), at=LATER)

    verified = verify_by_code(called, code_in(post_office), actor=staff(carol), at=LATER)

    assert post_office.mails[-1]["To"] == alice.email
    assert (verified.status, verified.verified_way) == (Status.VERIFIED, Way.CODE)
    assert (verified.verified_by_id, verified.barred, verified.claimed_by_id) == (carol.pk, [carol.pk], None)
    assert AuditEntry.objects.filter(act="request.verified", actor=f"staff:{carol.pk}").exists()
    assert Notice.objects.filter(event="request_progress", user_id=alice.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_the_person_may_type_the_code_themselves_and_then_nobody_judged(
    called: RightsRequest, alice: User, carol: User, post_office: PostOffice
) -> None:
    send_identity_code(called, "email", actor=staff(carol), at=LATER)

    verified = verify_by_code(called, code_in(post_office), actor=person(alice), at=LATER)

    assert (verified.verified_by_id, verified.barred) == (None, [])


@pytest.mark.django_db(transaction=True)
def test_a_code_of_one_request_is_worth_nothing_for_another(
    called: RightsRequest, alice: User, carol: User, post_office: PostOffice
) -> None:
    other = make_claimed(make_request(alice), carol)
    send_identity_code(called, "email", actor=staff(carol), at=LATER)

    with pytest.raises(NoSuchChallenge):
        verify_by_code(other, code_in(post_office), actor=staff(carol), at=LATER)

    other.refresh_from_db()
    assert other.status == Status.RECEIVED


@pytest.mark.django_db(transaction=True)
def test_a_code_works_once_for_ten_minutes_and_after_five_wrong_tries_never(
    called: RightsRequest, carol: User, post_office: PostOffice
) -> None:
    send_identity_code(called, "email", actor=staff(carol), at=LATER)
    code = code_in(post_office)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"

    with pytest.raises(CodeRejected):
        verify_by_code(called, code, actor=staff(carol), at=LATER + LIFETIME)
    for _ in range(5):
        with pytest.raises(WrongCode):
            verify_by_code(called, wrong, actor=staff(carol), at=LATER)
    with pytest.raises(NoSuchChallenge):
        verify_by_code(called, code, actor=staff(carol), at=LATER)

    called.refresh_from_db()
    assert called.status == Status.RECEIVED


@pytest.mark.django_db(transaction=True)
def test_codes_are_not_sent_as_fast_as_somebody_likes(
    called: RightsRequest, carol: User, post_office: PostOffice
) -> None:
    answers = []
    for _ in range(10):
        try:
            answers.append(send_identity_code(called, "email", actor=staff(carol), at=LATER))
        except TooSoon:
            break

    assert 0 < len(answers) < 10
    assert Challenge.objects.filter(replaced_at=None, used_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_does_not_have_the_case_neither_sends_nor_types(called: RightsRequest, rita: User) -> None:
    with pytest.raises(NotClaimed):
        send_identity_code(called, "email", actor=staff(rita), at=LATER)
    with pytest.raises(NotClaimed):
        verify_by_code(called, "000000", actor=staff(rita), at=LATER)


def test_a_contact_that_was_proven_lately_proves_nothing(alice: User, carol: User) -> None:
    soon = NOW + timedelta(days=6)
    request = make_claimed(make_request(alice, at=soon), carol, at=soon)

    with pytest.raises(ContactTooNew):
        send_identity_code(request, "email", actor=staff(carol), at=soon)


def test_a_contact_that_was_changed_lately_proves_nothing(alice: User, carol: User) -> None:
    changed_at = LATER - timedelta(days=2)
    ContactChange.objects.create(
        user=alice, kind="email", before="old@people.example", after=alice.email, at=changed_at, undo_until=LATER
    )

    (on_file,) = contacts_on_file(alice, LATER)
    assert (on_file.since, on_file.is_old) == (changed_at, False)


def test_a_contact_that_the_caller_names_is_not_on_file(alice: User, carol: User) -> None:
    request = make_claimed(make_request(alice, contact=parse_contact("+8613900139000")), carol)

    with pytest.raises(ContactTooNew):
        send_identity_code(request, "phone", actor=staff(carol), at=LATER)


def test_nobody_is_known_by_the_contact_so_no_code_can_be_sent(carol: User) -> None:
    request = make_claimed(make_request(contact=parse_contact("nobody@people.example")), carol)

    with pytest.raises(ContactTooNew):
        send_identity_code(request, "email", actor=staff(carol), at=LATER)


def test_the_person_confirms_in_their_account(alice: User) -> None:
    verified = make_verified(alice)

    assert (verified.status, verified.verified_way, verified.verified_by_id) == (Status.VERIFIED, Way.DEVICE, None)


def test_nobody_confirms_the_request_of_another(alice: User, bob: User, carol: User) -> None:
    request = make_request(alice)

    for actor in (person(bob), staff(alice)):
        with pytest.raises(RequestError):
            verify_by_device(request, actor=actor, at=LATER)


def test_an_account_whose_contact_was_just_replaced_confirms_nothing(alice: User) -> None:
    request = make_request(alice)
    ContactChange.objects.create(
        user=alice, kind="email", before="old@people.example", after=alice.email, at=LATER, undo_until=LATER
    )

    with pytest.raises(ContactTooNew):
        verify_by_device(request, actor=person(alice), at=LATER)


@pytest.fixture
def shown(called: RightsRequest, alice: User) -> RightsRequest:
    """A call with documents, with Carol."""
    add_documents(called, [("identity", redrawn(picture()))], actor=person(alice), at=LATER)
    return called


def test_documents_prove_once_two_different_people_found_them_good(
    shown: RightsRequest, carol: User, rita: User
) -> None:
    first = judge_documents(shown, good=True, actor=staff(carol), at=LATER)
    assert (first.status, first.claimed_by_id) == (Status.RECEIVED, None)

    second = judge_documents(make_claimed(first, rita), good=True, actor=staff(rita), at=LATER)

    assert (second.status, second.verified_way) == (Status.VERIFIED, Way.DOCUMENTS)
    assert second.barred == sorted([carol.pk, rita.pk])


def test_the_same_person_judges_once(shown: RightsRequest, carol: User) -> None:
    judge_documents(shown, good=True, actor=staff(carol), at=LATER)

    with pytest.raises(NothingToJudge):
        judge_documents(make_claimed(shown, carol), good=True, actor=staff(carol), at=LATER)


def test_one_no_destroys_the_documents_and_asks_for_others(
    shown: RightsRequest, alice: User, carol: User, rita: User
) -> None:
    judge_documents(shown, good=True, actor=staff(carol), at=LATER)

    judge_documents(make_claimed(shown, rita), good=False, actor=staff(rita), at=LATER)

    shown.refresh_from_db()
    assert shown.status == Status.RECEIVED
    assert live_documents(shown) == []
    assert not shown.judgements.exists()
    assert Notice.objects.filter(event="request_progress", user_id=alice.pk).exists()


def test_new_documents_after_a_judgement_are_judged_by_two_again(
    shown: RightsRequest, alice: User, carol: User, rita: User
) -> None:
    judge_documents(shown, good=True, actor=staff(carol), at=LATER)
    add_documents(shown, [("holding", redrawn(picture()))], actor=person(alice), at=LATER)

    judged = judge_documents(make_claimed(shown, rita), good=True, actor=staff(rita), at=LATER)

    assert judged.status == Status.RECEIVED


def test_nothing_is_judged_where_nothing_was_shown(called: RightsRequest, carol: User) -> None:
    with pytest.raises(NothingToJudge):
        judge_documents(called, good=True, actor=staff(carol), at=LATER)


def test_a_request_that_ended_cannot_be_verified(alice: User, carol: User) -> None:
    request = make_request(alice)
    withdraw_request(request, actor=person(alice), at=LATER)

    with pytest.raises(Ended):
        verify_by_device(request, actor=person(alice), at=LATER)
    with pytest.raises(Ended):
        claim(request, may_decide=True, actor=staff(carol), at=LATER)


def test_a_request_without_identity_ends_on_its_last_day_and_not_before(called: RightsRequest, carol: User) -> None:
    with pytest.raises(RequestError):
        lapse(called, actor=staff(carol), at=LATER)

    ended = lapse(called, actor=staff(carol), at=LATER + timedelta(days=30))

    assert (ended.status, ended.verified_at) == (Status.LAPSED, None)


def test_whoever_found_the_documents_good_does_not_decide_although_a_device_proved_it(
    shown: RightsRequest, alice: User, rita: User
) -> None:
    judge_documents(make_claimed(shown, rita), good=True, actor=staff(rita), at=LATER)

    verified = verify_by_device(shown, actor=person(alice), at=LATER)

    assert rita.pk in verified.barred
