"""Staff do the work of their roles and see nothing else (K60, K61)."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.audit.models import AuditEntry
from accounts.audit.rules import SYSTEM
from accounts.models import Authenticator, User
from accounts.staff.actions import grant_role, withdraw_role
from accounts.staff.decorators import role_required
from accounts.staff.models import Role
from accounts.staff.selectors import has_role
from accounts.users.rules import parse_contact
from conftest import NOW


@role_required(Role.PUBLISHER, Role.APPROVER)
def desk(request: HttpRequest) -> HttpResponse:
    """A page for two kinds of staff."""
    return HttpResponse("desk")


def ask(user: User | AnonymousUser) -> HttpResponse:
    """The answer of the desk to user."""
    request = RequestFactory().get("/desk/", {"page": "2"})
    request.user = user
    response = desk(request)
    assert isinstance(response, HttpResponse)
    return response


def test_a_role_and_a_device_open_the_page_for_one_query(
    dave: User, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.STAFF_GATES = ["accounts.otp.gates.needs_authenticator"]
    dave.otp_device = Authenticator.objects.get()  # type: ignore[attr-defined]  # as django-otp's middleware finds it

    with django_assert_num_queries(1):
        assert ask(dave).content == b"desk"


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in_and_back() -> None:
    response = ask(AnonymousUser())

    assert response.status_code == 302
    assert response["Location"] == "/account/login/?next=/desk/%3Fpage%3D2"


@pytest.mark.parametrize("persona", ["alice", "carol"])
def test_whoever_lacks_the_role_does_not_learn_that_the_page_exists(
    persona: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(Http404):
        ask(request.getfixturevalue(persona))


@pytest.mark.parametrize("flag", ["is_active", "is_staff"])
def test_a_role_is_worth_nothing_to_somebody_who_left(dave: User, flag: str) -> None:
    setattr(dave, flag, False)

    with pytest.raises(Http404):
        ask(dave)


def test_any_one_of_several_roles_is_enough(dave: User) -> None:
    assert has_role(dave, Role.APPROVER, Role.PUBLISHER)
    assert not has_role(dave, Role.APPROVER)


def test_granting_and_withdrawing_are_audited_once_each(carol: User) -> None:
    for _ in range(2):
        grant_role(carol, Role.REVIEWER, actor=SYSTEM, at=NOW)
    assert has_role(carol, Role.REVIEWER)

    assert withdraw_role(carol, Role.REVIEWER, actor=SYSTEM, at=NOW) is True
    assert withdraw_role(carol, Role.REVIEWER, actor=SYSTEM, at=NOW) is False

    entries = AuditEntry.objects.order_by("pk").values_list("act", "actor", "target", "details__role")
    assert list(entries) == [
        ("staff.role_granted", "system", f"user:{carol.pk}", "reviewer"),
        ("staff.role_withdrawn", "system", f"user:{carol.pk}", "reviewer"),
    ]


@pytest.mark.django_db
def test_the_command_opens_an_unproven_staff_account_and_says_nothing_personal_in_the_trail() -> None:
    call_command("grant_role", "Erin@Controller.Example", "approver", name="Erin", verbosity=0)

    erin = User.objects.naming(parse_contact("erin@controller.example")).get()
    assert (erin.name, erin.is_staff, erin.email_verified_at) == ("Erin", True, None)
    assert has_role(erin, Role.APPROVER)
    assert not erin.has_usable_password()
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["staff.account_opened", "staff.role_granted", "recovery_codes.made"]
    assert "erin" not in str(list(AuditEntry.objects.values())).lower()


def test_the_command_finds_a_person_by_any_way_of_writing_the_number(bob: User) -> None:
    call_command("grant_role", "0086-138 0013 8000", "auditor", verbosity=0)

    bob.refresh_from_db()
    assert has_role(bob, Role.AUDITOR)
    assert bob.name == "Bob"
    assert User.objects.count() == 1


def test_the_command_takes_a_role_away(dave: User) -> None:
    call_command("grant_role", dave.email, "publisher", withdraw=True, verbosity=0)

    assert not has_role(dave, Role.PUBLISHER)


@pytest.mark.django_db
def test_a_contact_that_somebody_else_never_proved_does_not_carry_a_role(make_user: Callable[..., User]) -> None:
    other = make_user(phone="+8613900139000", name="Mallory")
    other.email = "erin@controller.example"
    other.save()

    call_command("grant_role", "erin@controller.example", "approver", verbosity=0)

    other.refresh_from_db()
    assert (other.email, other.is_staff) == ("", False)
    assert User.objects.naming(parse_contact("erin@controller.example")).get().is_staff


@pytest.mark.django_db
def test_the_command_refuses_what_is_no_contact() -> None:
    with pytest.raises(CommandError, match="11"):
        call_command("grant_role", "1380013800", "approver", verbosity=0)
