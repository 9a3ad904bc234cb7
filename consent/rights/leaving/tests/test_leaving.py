"""Cancelling an account: conditions, two proofs, the cooling-off period, changing one's mind."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.audit.models import AuditEntry
from accounts.models import Notice, User
from accounts.otp.rules import WayKind
from accounts.otp.tests.factories import make_authenticator, prove
from consent.policies.tests.factories import make_policy, make_version
from consent.rights.leaving.actions import begin_leaving, remind_next, undo_leaving
from consent.rights.leaving.conditions import Condition
from consent.rights.leaving.errors import (
    AlreadyLeaving,
    ConditionsNotMet,
    LeavingError,
    NotUndoable,
    StaffStays,
    TooFewProofs,
)
from consent.rights.leaving.models import Leaving
from consent.rights.leaving.tests.factories import AT, DUE, SECRETS, begin, load_rules, make_full_person, themselves
from consent.rights.leaving.views import CANCEL
from consent.rights.requests.models import RightsRequest
from consent.rights.retention.models import LegalHold

pytestmark = pytest.mark.django_db
PAGE = "/account/leave/"


def balance_is_zero(_user: User) -> Condition:
    """A condition of a company."""
    return Condition(False, "Your balance is 12.00", "Withdraw it first.")


def test_the_page_shows_conditions_fates_and_the_way_to_an_export(alice: User, client: Client) -> None:
    make_full_person(alice)
    load_rules()
    client.force_login(alice)

    page = client.get(PAGE, headers={"accept-language": "en"}).content.decode()

    assert "No request of yours is open" in page
    assert "No legal duty stands against it" in page
    assert "Anti-Money Laundering Law" in page
    assert "/account/export/" in page
    assert not Leaving.objects.exists()


@pytest.mark.parametrize("has_app", [False, True])
def test_a_second_proof_is_one_of_the_conditions(alice: User, client: Client, has_app: bool) -> None:
    if has_app:
        make_authenticator(alice)
    client.force_login(alice)

    page = " ".join(client.get(PAGE, headers={"accept-language": "en"}).content.decode().split())
    conditions = page[page.index("Whether you can cancel") : page.index("What stops")]

    assert conditions.count("Not met") == (0 if has_app else 1)
    assert ('href="/account/ways/"' in conditions) is not has_app
    assert ("a second proof is missing" in page) is not has_app
    assert ("Go on and prove" in page) is has_app


def test_the_page_asks_one_query_a_kind_of_information(
    alice: User, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_full_person(alice)
    load_rules()
    client.force_login(alice)
    client.get(PAGE)

    with django_assert_max_num_queries(32):
        client.get(PAGE)


def test_a_condition_of_the_company_is_asked_and_stands_in_the_way(
    alice: User, client: Client, settings: Settings
) -> None:
    settings.LEAVING_CONDITIONS = ["consent.rights.leaving.tests.test_leaving.balance_is_zero"]
    client.force_login(alice)

    page = client.get(PAGE).content.decode()

    assert "Your balance is 12.00" in page
    with pytest.raises(ConditionsNotMet):
        begin(alice)


def test_what_stands_in_the_way_leads_to_where_it_is_ended(alice: User, client: Client) -> None:
    facts = {"channel": "account", "user": alice, "language": "en", "received_at": AT, "due_on": AT.date()}
    RightsRequest.objects.create(number="R-access", kind="access", **facts)
    client.force_login(alice)

    page = client.get(PAGE, headers={"accept-language": "en"}).content.decode()

    assert '<a href="/account/requests/">Withdraw it, or wait until it is answered.</a>' in page


def test_an_open_request_stands_in_the_way_but_not_one_to_cancel(alice: User) -> None:
    def ask(kind: str) -> RightsRequest:
        facts = {"channel": "account", "user": alice, "language": "en", "received_at": AT, "due_on": AT.date()}
        return RightsRequest.objects.create(number=f"R-{kind}", kind=kind, **facts)

    access, _cancellation = ask("access"), ask("cancellation")

    with pytest.raises(ConditionsNotMet):
        begin(alice)
    access.delete()
    assert begin(alice).due_at == DUE


@pytest.mark.parametrize(
    ("change", "proofs", "error"),
    [
        ({}, ["email"], TooFewProofs),
        ({}, ["email", "email"], TooFewProofs),
        ({"is_staff": True}, ["email", "totp"], StaffStays),
        ({"leaving_at": AT}, ["email", "totp"], AlreadyLeaving),
        ({"closed_at": AT}, ["email", "totp"], AlreadyLeaving),
    ],
    ids=["one proof", "the same twice", "staff", "leaving", "closed"],
)
def test_who_may_not_begin(
    alice: User, change: dict[str, object], proofs: list[str], error: type[LeavingError]
) -> None:
    User.objects.filter(pk=alice.pk).update(**change)

    with pytest.raises(error):
        begin_leaving(alice, proofs=proofs, actor=themselves(alice), at=AT)

    assert not Leaving.objects.exists()


def test_two_proofs_begin_it_and_every_contact_is_told_the_former_one_too(alice: User, client: Client) -> None:
    make_full_person(alice)
    client.force_login(alice)
    prove(client, alice, CANCEL, kinds=(WayKind.EMAIL, WayKind.TOTP))

    answer = client.post(PAGE)

    leaving = Leaving.objects.get()
    told = Notice.objects.filter(event="leaving_begun")
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    assert leaving.proofs == ["email", "totp"]
    assert {notice.destination for notice in told} >= {SECRETS[0], SECRETS[1]}
    assert AuditEntry.objects.filter(act="leaving.begun", target=f"user:{alice.pk}").count() == 1


@pytest.mark.parametrize("kinds", [(), (WayKind.EMAIL,), (WayKind.EMAIL, WayKind.EMAIL)], ids=len)
def test_without_two_different_proofs_the_form_leads_to_proving(
    alice: User, client: Client, kinds: tuple[WayKind, ...]
) -> None:
    client.force_login(alice)
    if kinds:
        prove(client, alice, CANCEL, kinds=kinds)

    answer = client.post(PAGE)

    assert answer.headers["Location"] == "/account/verify/"
    assert not Leaving.objects.exists()


def test_a_second_submit_begins_nothing_more(alice: User, client: Client) -> None:
    client.force_login(alice)
    prove(client, alice, CANCEL)
    client.post(PAGE)

    client.post(PAGE)

    assert Leaving.objects.count() == 1
    assert Notice.objects.filter(event="leaving_begun").count() == 1


def test_who_has_only_one_kind_of_device_is_offered_the_desk(alice: User, client: Client) -> None:
    client.force_login(alice)
    alone = client.get(PAGE).content.decode()
    make_authenticator(alice)

    with_app = client.get(PAGE).content.decode()

    assert ("?kind=cancellation" in alone, "?kind=cancellation" in with_app) == (True, False)
    assert ('class="pair"' in with_app, "<form" in with_app) == (True, True)


def test_meanwhile_the_account_is_restricted_and_every_page_leads_to_the_undo(alice: User, client: Client) -> None:
    begin(alice)
    client.force_login(alice)

    blocked = [client.get(path).headers.get("Location") for path in ("/account/", "/")]
    page = client.get(PAGE).content.decode()

    assert blocked == [PAGE, PAGE]
    assert "/account/leave/undo/" in page
    assert [client.get(path).status_code for path in ("/consents/", "/policies/", "/account/export/")] == [200] * 3


def test_whoever_signs_out_meanwhile_is_told_until_when_the_account_can_be_kept(alice: User, client: Client) -> None:
    begin(alice)
    client.force_login(alice)

    page = client.post(f"{PAGE}sign-out/", headers={"accept-language": "en"}, follow=True)

    assert page.redirect_chain == [("/account/login/", 302)]
    assert "you can sign in and keep your account" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_undoing_restores_everything_and_a_second_time_is_refused(alice: User, client: Client) -> None:
    begin(alice)
    client.force_login(alice)

    answer = client.post("/account/leave/undo/")

    alice.refresh_from_db()
    assert answer.headers["Location"] == "/account/"
    assert (alice.leaving_at, alice.is_active) == (None, True)
    told = Notice.objects.get(event="leaving_undone")
    assert told.parameters["url"].endswith("/account/")  # whoever did not do it looks at the account
    with pytest.raises(NotUndoable):
        undo_leaving(alice, actor=themselves(alice), at=AT)
    assert begin(alice).pk  # and may be begun again


def test_another_person_cannot_undo_it(alice: User, bob: User, client: Client) -> None:
    leaving = begin(alice)
    client.force_login(bob)

    client.post("/account/leave/undo/")

    leaving.refresh_from_db()
    assert leaving.undone_at is None


def test_the_reminder_goes_out_once_on_the_day_before(alice: User) -> None:
    begin(alice)

    early = remind_next(at=DUE - timedelta(days=2))
    first = remind_next(at=DUE - timedelta(hours=23))
    second = remind_next(at=DUE - timedelta(hours=22))

    assert (early, first, second) == (False, True, False)
    assert Notice.objects.filter(event="leaving_reminder").count() == 1


def test_a_hold_placed_meanwhile_is_shown_on_the_page(alice: User, client: Client) -> None:
    leaving = begin(alice)
    LegalHold.objects.create(user=alice, reason="court", placed_at=AT, placed_by_id=1)
    Leaving.objects.filter(pk=leaving.pk).update(begun_at=AT - timedelta(days=3650), due_at=AT - timedelta(days=3000))
    client.force_login(alice)

    page = client.get(PAGE, headers={"accept-language": "en"}).content.decode()

    assert "A legal duty forbids us to erase anything of yours for now" in page


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    answers = [client.get(PAGE), client.post(PAGE), client.post("/account/leave/undo/")]

    assert [answer.headers["Location"].partition("?")[0] for answer in answers] == ["/account/login/"] * 3


def test_the_length_of_the_cooling_off_period_is_a_setting(
    alice: User, settings: Settings, make_user: Callable[..., User]
) -> None:
    settings.LEAVING_COOLING_OFF_DAYS = 15

    assert begin(alice).due_at == AT + timedelta(days=15)


def test_who_has_not_answered_can_still_export_and_leave(alice: User, client: Client) -> None:
    make_version(make_policy())
    client.force_login(alice)

    gated = client.get("/consents/")
    open_ = [client.get(path).status_code for path in (PAGE, "/account/export/")]

    assert "/answer/" in gated.headers["Location"]
    assert open_ == [200, 200]


@pytest.mark.parametrize("channel", ["form", "phone"])
def test_what_a_stranger_asks_in_somebodys_name_does_not_keep_them_here(alice: User, channel: str) -> None:
    RightsRequest.objects.create(
        number="R-1", kind="access", channel=channel, user=alice, language="en", received_at=AT, due_on=AT.date()
    )

    assert begin(alice).due_at == DUE
