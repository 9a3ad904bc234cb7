"""What was given to authorities: entered once, never changed, told to the person once no secrecy forbids it (K70)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEntry, Role, User
from consent.rights.disclosures.actions import Facts, note_disclosure
from consent.rights.disclosures.models import Disclosure
from consent.rights.disclosures.selectors import disclosures_told
from consent.rights.export.sections import SECTIONS
from consent.rights.leaving.holdings import on_file
from consent.rights.requests.tests.factories import make_staff

NEW = "/desk/disclosures/new/"
LIST = "/desk/disclosures/"
KEY = UUID(int=7)


def today() -> date:
    """Where the portal is."""
    return timezone.localdate()


def facts(**changes: Any) -> Facts:
    """Sign-ins, given to a police office yesterday."""
    fields: dict[str, Any] = {
        "authority": "Example Police Office",
        "ground": "Anti-Money Laundering Law 41",
        "document": "Letter 2026-17",
        "disclosed_on": today() - timedelta(days=1),
        "items": ["sign-ins"],
    }
    return Facts(**fields | changes)


def note(person: User | None, key: UUID | None = None, **changes: Any) -> Disclosure:
    """Enter it."""
    return note_disclosure(key or uuid4(), facts(**changes), person, staff_id=3, at=timezone.now())


def at_desk(role: Role) -> Client:
    """The browser of somebody with that role."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_staff(role))
    return client


def form(**changes: str) -> dict[str, Any]:
    """What a reviewer types in."""
    typed = {
        "key": str(KEY),
        "authority": "Example Police Office",
        "ground": "Anti-Money Laundering Law 41",
        "document": "Letter 2026-17",
        "disclosed_on": str(today()),
        "items": ["sign-ins", "name"],
        "contact": "alice@people.example",
        "secret_until": "",
    }
    return typed | changes


def test_the_person_sees_it_once_no_secrecy_forbids_it(alice: User, bob: User, client: Client) -> None:
    note(alice)
    note(alice, authority="Secret Court", secret_until=today())
    note(alice, authority="Former Court", secret_until=today() - timedelta(days=1))
    client.force_login(alice)

    page = client.get("/account/", headers={"accept-language": "en"}).content.decode()
    client.force_login(bob)
    of_another = client.get("/account/", headers={"accept-language": "en"}).content.decode()

    assert "Example Police Office" in page
    assert "Former Court" in page
    assert "Secret Court" not in page
    assert "Given to authorities" not in of_another


def test_a_secret_one_shows_in_no_export_and_on_no_list_of_who_leaves(alice: User) -> None:
    section = next(each for each in SECTIONS if each.name == "disclosures")
    note(alice, secret_until=today())
    hidden = (list(section.rows(alice)), [each.code for each in on_file(alice) if each.code == "disclosures"])

    note(alice)

    assert hidden == ([], [])
    assert len(list(section.rows(alice))) == 1
    assert "disclosures" in [each.code for each in on_file(alice)]


def test_a_reviewer_enters_it_once_and_an_auditor_reads_it(alice: User) -> None:
    reviewer, auditor = at_desk(Role.REVIEWER), at_desk(Role.AUDITOR)

    first, second = reviewer.post(NEW, form()), reviewer.post(NEW, form())

    assert first.headers["Location"] == second.headers["Location"] == LIST
    line = Disclosure.objects.get()
    assert (line.person_id, line.items) == (alice.pk, ["sign-ins", "name"])
    page = auditor.get(LIST).content.decode()
    assert "Example Police Office" in page
    assert f"account {alice.pk}" in page
    assert "alice@" not in page
    assert NEW not in page
    entry = AuditEntry.objects.get(act="disclosure.noted")
    assert (entry.target, entry.details) == (
        f"disclosure:{line.pk}", {"items": ["sign-ins", "name"], "secret": False}
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"authority": ""},
        {"ground": " "},
        {"disclosed_on": "2190-01-01"},
        {"contact": "nobody@people.example"},
        {"contact": "x"},
        {"items": "shoe-size"},
        {"key": "7"},
    ],
)
def test_what_does_not_fit_is_told_and_not_entered(alice: User, wrong: dict[str, str]) -> None:
    response = at_desk(Role.REVIEWER).post(NEW, form(**wrong))

    assert response.status_code == 422
    assert not Disclosure.objects.exists()


def test_a_report_about_nobody_in_particular_is_nobodys(alice: User) -> None:
    at_desk(Role.REVIEWER).post(NEW, form(contact=""))

    assert Disclosure.objects.get().person_id is None
    assert not disclosures_told(alice, today()).exists()


def test_postgresql_refuses_to_change_or_remove_a_line(alice: User) -> None:
    note(alice)

    for change in (lambda: Disclosure.objects.update(authority="Other"), lambda: Disclosure.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="permission denied|append-only"), transaction.atomic():
            change()


def test_no_line_of_the_register_is_out_of_reach(alice: User) -> None:
    auditor = at_desk(Role.AUDITOR)
    note(alice, authority="The very first")
    for _line in range(201):
        note(alice)

    pages = [auditor.get(LIST, {"page": page}).content.decode() for page in (1, 3)]

    assert "?page=2" in pages[0]
    assert ["The very first" in page for page in pages] == [False, True]


def test_the_register_costs_a_fixed_number_of_queries(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    auditor = at_desk(Role.AUDITOR)
    note(alice)
    auditor.get(LIST)
    with django_assert_num_queries(9):
        auditor.get(LIST)
    for _line in range(5):
        note(alice)

    with django_assert_num_queries(9):
        auditor.get(LIST)


def test_the_form_lists_what_was_given_in_words_about_the_person_and_not_to_them(client: Client, db: None) -> None:
    client.force_login(make_staff(Role.REVIEWER))

    page = client.get(NEW, headers={"accept-language": "en"}).content.decode()

    assert "Consents and refusals" in page
    items = page[page.index("<fieldset") : page.index("</fieldset>")].lower()
    assert " your " not in items
    assert " you<" not in items


def test_what_is_left_out_is_named_beside_its_field(client: Client, db: None) -> None:
    client.force_login(make_staff(Role.REVIEWER))

    page = client.post(NEW, {"key": str(KEY)}, headers={"accept-language": "en"}).content.decode()

    assert "Enter the law with its article." in page
    assert "This field is required" not in page
