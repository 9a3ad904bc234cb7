"""Staff accept the confidentiality undertaking in effect before the desk opens, version by version (K62)."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from consent.ledger.models import ConsentEvent, Surface
from consent.policies.models import PolicyVersion
from consent.policies.tests.factories import make_policy, make_version
from consent.rights.undertaking import has_accepted, needs_undertaking, undertaking_in_effect

PAGE = "/desk/undertaking/"


@pytest.fixture
def undertaking(settings: Settings, db: None) -> PolicyVersion:
    """An undertaking in effect."""
    settings.STAFF_UNDERTAKING = "staff-undertaking"
    return make_version(make_policy(slug="staff-undertaking", asks_account_holders=False))


def yes(key: str, version: int = 1) -> dict[str, str]:
    """The form under the words of that version."""
    return {"accept": "yes", "key": key, "version": str(version)}


def test_the_desk_opens_once_the_undertaking_is_accepted(
    client: Client, carol: User, undertaking: PolicyVersion
) -> None:
    client.force_login(carol)
    assert client.get("/desk/requests/")["Location"] == PAGE
    page = client.get(PAGE)
    assert page.status_code == 200

    response = client.post(PAGE, yes(page.context["key"]))

    assert response.status_code == 302
    assert client.get("/desk/requests/").status_code == 200
    event = ConsentEvent.objects.get()
    assert (event.version_id, event.surface, event.status) == (undertaking.pk, Surface.AGREEMENT, "given")


def test_accepting_twice_is_recorded_once(client: Client, carol: User, undertaking: PolicyVersion) -> None:
    client.force_login(carol)
    key = str(client.get(PAGE).context["key"])

    for _ in range(2):
        client.post(PAGE, yes(key))

    assert ConsentEvent.objects.count() == 1


def test_a_new_version_is_asked_about_again(client: Client, carol: User, undertaking: PolicyVersion) -> None:
    client.force_login(carol)
    client.post(PAGE, yes("1"))
    assert needs_undertaking(carol) is None

    second = make_version(undertaking.policy)

    assert undertaking_in_effect(timezone.now()) == second
    assert needs_undertaking(carol) == PAGE
    assert not has_accepted(carol, second)


@pytest.mark.parametrize("answer", [yes("1"), {"accept": "yes", "key": "1"}], ids=["of the former", "of none"])
def test_words_that_took_effect_after_the_page_was_opened_are_not_accepted_unseen(
    client: Client, carol: User, undertaking: PolicyVersion, answer: dict[str, str]
) -> None:
    client.force_login(carol)
    assert 'name="version" value="1"' in client.get(PAGE).content.decode()
    make_version(undertaking.policy)

    response = client.post(PAGE, answer, headers={"accept-language": "en"})

    assert response.status_code == 422
    page = response.content.decode()
    assert "a newer version has taken effect meanwhile" in page
    assert 'name="version" value="2"' in page
    assert not ConsentEvent.objects.exists()


def test_without_a_yes_nothing_is_recorded(client: Client, carol: User, undertaking: PolicyVersion) -> None:
    client.force_login(carol)

    assert client.post(PAGE, {"accept": "no"}).status_code == 422
    assert not ConsentEvent.objects.exists()


def test_it_is_asked_of_staff_alone_and_only_where_one_is_set(
    client: Client, alice: User, carol: User, undertaking: PolicyVersion, settings: Settings
) -> None:
    client.force_login(alice)
    assert client.get(PAGE).status_code == 404

    settings.STAFF_UNDERTAKING = ""
    assert needs_undertaking(carol) is None
    client.force_login(carol)
    assert client.get(PAGE).status_code == 404
