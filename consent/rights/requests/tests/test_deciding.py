"""Deciding by somebody else, refusing for a reason, appealing to a third, carrying out once (K93, K102)."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext, override

from accounts.audit.models import AuditEntry
from accounts.devices.actions import lock_account
from accounts.models import MarketingChoice, Notice, ProfileItem, User
from accounts.profile.actions import write_items
from accounts.profile.models import Source
from accounts.profile.selectors import values_of
from accounts.users.rules import parse_contact
from conftest import NOW
from consent.ledger.actions import enrol
from consent.ledger.models import DataSubject
from consent.policies.models import Controller
from consent.policies.tests.factories import make_controller
from consent.rights.requests import deciding
from consent.rights.requests.actions import appeal, claim, release
from consent.rights.requests.deciding import CLOSING, DONE, carry_out, decide
from consent.rights.requests.errors import (
    Barred,
    Ended,
    NotClaimed,
    NotRefused,
    OwnCase,
    RequestError,
    Taken,
    WantedMissing,
)
from consent.rights.requests.models import Decision, Kind, Refusal, RightsRequest, Status
from consent.rights.requests.tests.factories import (
    LATER,
    make_claimed,
    make_decided,
    make_request,
    make_staff,
    make_verified,
    person,
    staff,
)
from consent.rights.requests.verification import verify_by_device


def refuse(request: RightsRequest, by: User, reason: str = Refusal.ABUSE) -> RightsRequest:
    """by takes the case and refuses it."""
    make_claimed(request, by)
    return decide(request, Decision.REFUSED, answer="No.", refusal=reason, actor=staff(by), at=LATER)


def until_somebody_waits() -> None:
    """Until another connection waits for a lock of this one; ten seconds at the most."""
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)


def verified_by(request: RightsRequest, who: User) -> RightsRequest:
    """The request as if who had typed the code."""
    RightsRequest.objects.filter(pk=request.pk).update(
        status=Status.VERIFIED, verified_at=LATER, verified_way="code", verified_by_id=who.pk, barred=[who.pk]
    )
    request.refresh_from_db()
    return request


def test_whoever_verified_does_not_even_get_the_case_for_the_decision(alice: User, rita: User, ruth: User) -> None:
    request = verified_by(make_request(alice), rita)

    with pytest.raises(Barred):
        claim(request, may_decide=True, actor=staff(rita), at=LATER)
    assert make_claimed(request, ruth).claimed_by == ruth


def test_whoever_verified_cannot_decide_a_case_that_they_have(alice: User, rita: User) -> None:
    request = verified_by(make_request(alice), rita)
    RightsRequest.objects.filter(pk=request.pk).update(claimed_by=rita)

    with pytest.raises(Barred):
        decide(request, Decision.GRANTED, answer="Yes.", actor=staff(rita), at=LATER)


def test_a_support_agent_gets_no_case_that_waits_for_a_decision(alice: User, carol: User) -> None:
    with pytest.raises(Barred):
        claim(make_verified(alice), may_decide=False, actor=staff(carol), at=LATER)


def test_a_case_is_taken_by_one_a_reviewer_may_take_it_over_and_gives_it_back(
    alice: User, carol: User, rita: User
) -> None:
    request = make_claimed(make_request(alice), carol)
    other = make_staff()

    with pytest.raises(Taken):
        claim(request, may_decide=False, actor=staff(other), at=LATER)
    claim(request, may_decide=True, actor=staff(rita), at=LATER)
    release(request, actor=staff(rita), at=LATER)

    request.refresh_from_db()
    assert request.claimed_by is None
    assert AuditEntry.objects.filter(act="request.claimed", details__contains={"from": carol.pk}).exists()
    with pytest.raises(NotClaimed):
        release(request, actor=staff(rita), at=LATER)


@pytest.mark.parametrize("reason", Refusal.values)
def test_a_refusal_has_one_of_eight_reasons_words_and_a_place_to_complain(alice: User, rita: User, reason: str) -> None:
    Controller.objects.filter(pk=make_controller().pk).update(phone="400-000-1234")

    refused = refuse(make_verified(alice), rita, reason)

    assert (refused.status, refused.refusal, refused.decided_by_id) == (Status.CLOSED, reason, rita.pk)
    told = Notice.objects.get(event="request_refused")
    assert told.parameters["answer"] == "No."
    assert "12377" in told.parameters["complaint"]
    assert "400-000-1234" in told.parameters["complaint"]
    assert told.parameters["reason"]


@pytest.mark.parametrize(("decision", "refusal"), [("refused", ""), ("refused", "R9"), ("granted", "R4")])
def test_a_decision_fits_its_reason(alice: User, rita: User, decision: str, refusal: str) -> None:
    request = make_claimed(make_verified(alice), rita)

    with pytest.raises(ValueError, match="refusal"):
        decide(request, Decision(decision), answer="Because.", refusal=refusal, actor=staff(rita), at=LATER)


def test_a_decision_without_words_is_none(alice: User, rita: User) -> None:
    request = make_claimed(make_verified(alice), rita)

    with pytest.raises(ValueError, match="words"):
        decide(request, Decision.GRANTED, answer=" ", actor=staff(rita), at=LATER)


def test_a_second_decision_is_refused(alice: User, rita: User) -> None:
    request = refuse(make_verified(alice), rita)

    with pytest.raises(Ended):
        decide(request, Decision.GRANTED, answer="Yes.", actor=staff(rita), at=LATER)
    assert Notice.objects.filter(event="request_refused").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_counts(alice: User, rita: User) -> None:
    request, outcomes = make_claimed(make_verified(alice), rita), []

    def refuse_it() -> None:
        try:
            decide(request, Decision.REFUSED, answer="No.", refusal="R4", actor=staff(rita), at=LATER)
            outcomes.append("decided")
        except RequestError:
            outcomes.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=refuse_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["decided", "too late", "too late", "too late"]
    assert AuditEntry.objects.filter(act="request.decided").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_who_take_a_case_at_once_one_gets_it(alice: User) -> None:
    request, agents, outcomes = make_request(alice), [make_staff() for _ in range(4)], []

    def take(agent: User) -> None:
        try:
            claim(request, may_decide=False, actor=staff(agent), at=LATER)
            outcomes.append(agent.pk)
        except Taken:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[agent]) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    request.refresh_from_db()
    assert outcomes == [request.claimed_by_id]


@pytest.mark.django_db(transaction=True)
def test_a_case_that_is_carried_out_and_an_erasure_do_not_wait_for_each_other(alice: User, rita: User) -> None:
    request = make_claimed(make_decided(alice, rita, Kind.ACCESS), rita)

    def carry() -> None:
        try:
            carry_out(request, actor=staff(rita), at=LATER)
        finally:
            connection.close()

    desk = threading.Thread(target=carry)
    with transaction.atomic():  # as each step of an erasure: the person, then what is theirs
        User.objects.select_for_update(no_key=True).get(pk=alice.pk)
        desk.start()
        until_somebody_waits()
        RightsRequest.objects.filter(user=alice).update(details="")
    desk.join()

    request.refresh_from_db()
    assert request.status == Status.CLOSED


def test_an_appeal_goes_to_a_third_person(alice: User, rita: User, ruth: User) -> None:
    third = make_staff()
    refused = refuse(verified_by(make_request(alice), rita), ruth)

    made = appeal(refused, "You are wrong.", actor=person(alice), at=LATER)

    assert (made.appeal_of_id, made.kind, made.status) == (refused.pk, refused.kind, Status.RECEIVED)
    assert made.barred == sorted([rita.pk, ruth.pk])
    verified = verify_by_device(made, actor=person(alice), at=LATER)
    for former in (rita, ruth):
        with pytest.raises(Barred):
            claim(verified, may_decide=True, actor=staff(former), at=LATER)
    assert make_claimed(verified, third).claimed_by == third


def test_a_refusal_is_appealed_against_once_and_nothing_else_is(alice: User, rita: User) -> None:
    refused = refuse(make_verified(alice), rita)
    appeal(refused, "You are wrong.", actor=person(alice), at=LATER)

    with pytest.raises(NotRefused):
        appeal(refused, "Again.", actor=person(alice), at=LATER)
    with pytest.raises(NotRefused):
        appeal(make_request(alice), "Hm.", actor=person(alice), at=LATER)


def test_a_correction_is_written_and_its_origin_kept(alice: User, rita: User) -> None:
    request = make_decided(alice, rita, Kind.CORRECTION, wanted={"field": "occupation", "value": "Teacher"})

    done = carry_out(make_claimed(request, rita), actor=staff(rita), at=LATER)

    item = ProfileItem.objects.get(user=alice, field="occupation")
    assert (item.value, item.source) == ("Teacher", "staff")
    assert (done.status, done.ended_at) == (Status.CLOSED, LATER)


def test_a_correction_by_telephone_is_said_before_it_is_carried_out(alice: User, rita: User) -> None:
    request = make_claimed(make_decided(alice, rita, Kind.CORRECTION), rita)

    with pytest.raises(WantedMissing):
        carry_out(request, actor=staff(rita), at=LATER)
    carry_out(request, wanted={"field": "occupation", "value": "Nurse"}, actor=staff(rita), at=LATER)

    assert ProfileItem.objects.get(user=alice).value == "Nurse"


def test_a_correction_that_does_not_fit_changes_nothing_and_leaves_the_case_open(alice: User, rita: User) -> None:
    wanted = {"field": "id-expiry", "value": "yesterday"}
    request = make_claimed(make_decided(alice, rita, Kind.CORRECTION, wanted=wanted), rita)

    with pytest.raises(ValidationError), transaction.atomic():
        carry_out(request, actor=staff(rita), at=LATER)

    request.refresh_from_db()
    assert request.status == Status.DECIDED
    assert not ProfileItem.objects.exists()


@pytest.mark.parametrize("kind", [Kind.DELETION, Kind.CANCELLATION])
def test_a_deletion_begins_the_leaving(alice: User, rita: User, kind: Kind) -> None:
    request = make_decided(alice, rita, kind)

    carry_out(make_claimed(request, rita), actor=staff(rita), at=LATER)

    alice.refresh_from_db()
    assert alice.leaving_at is not None
    assert AuditEntry.objects.filter(act="leaving.begun").count() == 1


def test_whoever_is_deleted_is_not_told_that_it_is_done_while_they_can_still_undo_it(alice: User, rita: User) -> None:
    carry_out(make_claimed(make_decided(alice, rita, Kind.DELETION), rita), actor=staff(rita), at=LATER)

    said = {notice.parameters["sentence"] for notice in Notice.objects.filter(event="request_progress")}
    with override(alice.language):
        assert (gettext(CLOSING) in said, gettext(DONE) in said) == (True, False)


def test_a_document_of_another_kind_is_written_with_its_number(alice: User, rita: User) -> None:
    card = {"id-kind": "resident-card", "id-number": "11010519491231002X", "id-expiry": "2040-01-31"}
    write_items(alice, card, source=Source.STAFF, actor=staff(rita), at=NOW)
    wanted = {"field": "id-number", "value": "E12345678", "with_it": "passport"}
    request = make_claimed(make_decided(alice, rita, Kind.CORRECTION, wanted=wanted), rita)

    carry_out(request, actor=staff(rita), at=LATER)

    known = values_of(alice)
    assert (known["id-kind"], known["id-number"]) == ("passport", "E12345678")


def test_access_begins_an_export(alice: User, rita: User) -> None:
    from consent.rights.export.selectors import latest_export

    carry_out(make_claimed(make_decided(alice, rita, Kind.ACCESS), rita), actor=staff(rita), at=LATER)

    assert latest_export(alice) is not None


def test_a_restriction_marks_the_person_for_every_company(alice: User, rita: User) -> None:
    enrol(alice, make_controller().pk, at=NOW)

    carry_out(make_claimed(make_decided(alice, rita, Kind.RESTRICTION), rita), actor=staff(rita), at=LATER)

    assert DataSubject.objects.get(user=alice).restricted_at == LATER


def test_an_objection_ends_profiling_marketing_and_being_found(alice: User, rita: User) -> None:
    User.objects.filter(pk=alice.pk).update(allows_profiling=True, findable_by_phone=True)
    MarketingChoice.objects.create(user=alice, channel="email", topic="offers", is_on=True, at=NOW)

    carry_out(make_claimed(make_decided(alice, rita, Kind.OBJECTION), rita), actor=staff(rita), at=LATER)

    alice.refresh_from_db()
    assert (alice.allows_profiling, alice.findable_by_phone) == (False, False)
    assert not MarketingChoice.objects.filter(is_on=True).exists()


def test_a_compromised_account_is_opened_again(alice: User, rita: User) -> None:
    request = make_decided(alice, rita, Kind.COMPROMISED)
    lock_account(alice, actor=person(alice), at=LATER)

    carry_out(make_claimed(request, rita), actor=staff(rita), at=LATER)

    alice.refresh_from_db()
    assert (alice.is_active, alice.locked_at) == (True, None)


def test_what_is_about_nobody_is_answered_and_closed(carol: User, rita: User) -> None:
    request = make_request(kind=Kind.ACCESS, contact=parse_contact("nobody@people.example"))
    verified_by(request, carol)
    decide(make_claimed(request, rita), Decision.GRANTED, answer="We know nothing.", actor=staff(rita), at=LATER)

    done = carry_out(make_claimed(request, rita), actor=staff(rita), at=LATER)

    assert done.status == Status.CLOSED


def test_carrying_out_twice_does_it_once(alice: User, rita: User) -> None:
    request = make_claimed(make_decided(alice, rita, Kind.DELETION), rita)
    carry_out(request, actor=staff(rita), at=LATER)

    with pytest.raises(Ended):
        carry_out(request, actor=staff(rita), at=LATER + timedelta(minutes=1))
    assert AuditEntry.objects.filter(act="leaving.begun").count() == 1


def test_a_crash_in_the_middle_leaves_the_case_as_it_was(
    alice: User, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = make_claimed(make_decided(alice, rita, Kind.CORRECTION), rita)
    wanted = {"field": "occupation", "value": "Nurse"}
    with monkeypatch.context() as patched:
        patched.setattr(deciding, "tell_progress", _die)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            carry_out(request, wanted=wanted, actor=staff(rita), at=LATER)
    assert not ProfileItem.objects.exists()

    carry_out(request, wanted=wanted, actor=staff(rita), at=LATER)

    assert ProfileItem.objects.count() == 1
    assert AuditEntry.objects.filter(act="request.carried_out").count() == 1


def _die(*_arguments: object, **_options: object) -> None:
    raise KeyboardInterrupt


def test_nobody_at_the_desk_gets_a_request_of_their_own(rita: User, carol: User) -> None:
    request = make_verified(rita, Kind.CORRECTION, wanted={"field": "name", "value": "Rich"})

    with pytest.raises(OwnCase):
        claim(request, may_decide=True, actor=staff(rita), at=LATER)
    with pytest.raises(OwnCase):
        claim(make_request(carol), may_decide=False, actor=staff(carol), at=LATER)


def test_whoever_verified_does_not_put_in_the_value_either(alice: User, carol: User, rita: User) -> None:
    request = make_claimed(verified_by(make_request(alice, Kind.CORRECTION), carol), rita)
    decide(request, Decision.GRANTED, answer="Yes.", actor=staff(rita), at=LATER)
    wanted = {"field": "occupation", "value": "Nurse"}

    with pytest.raises(Barred):
        carry_out(make_claimed(request, carol), wanted=wanted, actor=staff(carol), at=LATER)
    assert carry_out(make_claimed(request, rita), wanted=wanted, actor=staff(rita), at=LATER).status == Status.CLOSED


def test_nobody_appeals_for_an_account_that_is_closed(alice: User, rita: User) -> None:
    refused = refuse(make_verified(alice), rita)
    User.objects.filter(pk=alice.pk).update(closed_at=LATER)

    with pytest.raises(NotRefused):
        appeal(refused, "I live at 8 Hidden Road.", actor=person(alice), at=LATER)
