"""Giving keys, listing them and ending them, at the desk and by command."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils.translation import override

from accounts.models import AuditEntry, Role, StaffRole, User
from accounts.otp.pending import PENDING_KEY
from accounts.otp.tests.factories import make_authenticator, post_proven
from consent.clients.models import ApiKey, Scope
from consent.clients.tests.factories import make_key
from consent.policies.models import Controller
from consent.policies.tests.factories import make_controller

KEY = re.compile(r"assent_[A-Za-z0-9_-]{43}")
PAGE = "/desk/controllers/pay/keys/"
NEW = {"name": "checkout", "scopes": ["consents:read", "decisions:read"], "requests_a_minute": "600", "last_day": ""}


@pytest.fixture
def company(db: None) -> Controller:
    """A company."""
    return make_controller()


@pytest.fixture
def desk(client: Client, dave: User) -> Client:
    """A publisher at the desk, in English."""
    client.force_login(dave)
    client.cookies["django_language"] = "en"
    return client


def test_a_key_is_shown_once_and_only_its_digest_is_kept(desk: Client, company: Controller, dave: User) -> None:
    shown = post_proven(desk, PAGE, NEW).content.decode()
    again = desk.get(PAGE).content.decode()

    (secret,) = KEY.findall(shown)
    key = ApiKey.objects.get()
    assert bytes(key.digest) == sha256(secret.encode()).digest()
    assert (key.scopes, key.requests_a_minute, key.created_by) == (["consents:read", "decisions:read"], 600, dave)
    assert not KEY.findall(again)
    assert key.prefix in again
    assert secret not in str(AuditEntry.objects.values())


def test_who_gave_and_ended_a_key_is_in_the_trail(desk: Client, company: Controller, dave: User) -> None:
    post_proven(desk, PAGE, NEW)
    key = ApiKey.objects.get()

    post_proven(desk, f"{PAGE}{key.pk}/revoke/")
    post_proven(desk, f"{PAGE}{key.pk}/revoke/")

    entries = AuditEntry.objects.filter(target=f"api_key:{key.pk}").order_by("pk")
    assert [(entry.act, entry.actor) for entry in entries] == [
        ("client.key_created", f"staff:{dave.pk}"),
        ("client.key_revoked", f"staff:{dave.pk}"),
    ]
    assert "Revoked" in desk.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"scopes": []}, {"scopes": ["all"]}, {"requests_a_minute": "0"}, {"last_day": "2020-01-01"}],
)
def test_what_cannot_be_given_is_told_on_the_form(desk: Client, company: Controller, changes: dict[str, Any]) -> None:
    response = desk.post(PAGE, NEW | changes)

    assert response.status_code == 422
    assert "1 thing to correct" in response.content.decode()
    assert not ApiKey.objects.exists()


def test_the_last_day_counts_as_a_whole_where_the_portal_is(desk: Client, company: Controller) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 1, 0, tzinfo=UTC)):
        post_proven(desk, PAGE, NEW | {"last_day": "2026-03-02"})

    assert ApiKey.objects.get().expires_at == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("role", list(Role))
def test_publishers_and_administrators_keep_the_keys(
    client: Client, company: Controller, role: Role, bob: User
) -> None:
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    StaffRole.objects.create(user=bob, role=role)
    make_authenticator(bob)
    client.force_login(bob)

    response = client.get(PAGE)

    assert response.status_code == (200 if role in (Role.PUBLISHER, Role.ADMINISTRATOR) else 404)


def test_without_a_proof_no_key_is_given_or_ended(desk: Client, company: Controller) -> None:
    asked = desk.post(PAGE, NEW)
    make_key(company)
    ended = desk.post(f"{PAGE}{ApiKey.objects.get().pk}/revoke/")

    assert asked.headers["Location"] == ended.headers["Location"] == "/account/verify/"
    assert ApiKey.objects.get().revoked_at is None


def test_no_code_that_was_sent_somewhere_gives_or_ends_a_key(desk: Client, company: Controller) -> None:
    make_key(company)

    for path in (PAGE, f"{PAGE}{ApiKey.objects.get().pk}/revoke/"):
        desk.post(path, NEW)
        assert desk.session[PENDING_KEY]["act"]["ways"] == ["totp", "passkey"]


def test_before_a_key_ends_the_desk_says_what_stops_and_asks(desk: Client, company: Controller) -> None:
    make_key(company)
    address = f"{PAGE}{ApiKey.objects.get().pk}/revoke/"

    listed, page = desk.get(PAGE).content.decode(), desk.get(address).content.decode()

    assert (f'href="{address}"' in listed, f'action="{address}"' in listed) == (True, False)
    assert f'action="{address}"' in page
    with override("en"):
        assert all(name in page for name in ApiKey.objects.get().scope_names)
    assert ApiKey.objects.get().revoked_at is None


def test_a_proof_for_one_key_gives_no_other(desk: Client, company: Controller) -> None:
    post_proven(desk, PAGE, NEW)

    response = desk.post(PAGE, NEW | {"scopes": ["consents:write"]})

    assert response.headers["Location"] == "/account/verify/"
    assert ApiKey.objects.count() == 1


def test_a_key_of_another_company_is_not_found(desk: Client, company: Controller) -> None:
    make_key(make_controller("other"))
    key = ApiKey.objects.get()

    response = desk.post(f"{PAGE}{key.pk}/revoke/")

    assert response.status_code == 404
    assert ApiKey.objects.get().revoked_at is None


def test_the_list_takes_as_many_queries_for_many_keys_as_for_one(
    desk: Client, company: Controller, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _each in range(5):
        make_key(company)

    with django_assert_num_queries(8):  # three of them: undertaking, the device that the session was proven with, menu
        desk.get(PAGE)


def test_the_command_prints_a_key(company: Controller) -> None:
    out = StringIO()

    call_command("create_api_key", controller="pay", name="pos", scope=["consents:write"], stdout=out)

    assert KEY.fullmatch(out.getvalue().strip())
    assert ApiKey.objects.get().scopes == [Scope.CONSENTS_WRITE]


@pytest.mark.parametrize(
    "options", [{"controller": "none"}, {"requests_a_minute": 0}, {"last_day": "tomorrow"}, {"name": ""}]
)
def test_the_command_refuses_what_makes_no_sense(company: Controller, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        call_command("create_api_key", **{"controller": "pay", "name": "pos"} | options)

    assert not ApiKey.objects.exists()
