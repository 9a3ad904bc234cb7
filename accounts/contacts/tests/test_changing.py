"""A contact changes with proof of the new one and word to the former one, who can undo it (K14, K119)."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit.models import AuditEntry
from accounts.audit.rules import Actor, ActorKind
from accounts.conftest import PostOffice
from accounts.contacts.actions import ask_later, change_contact, confirm_contact, note_bounce, remove_contact
from accounts.contacts.errors import ContactTaken, LastContact
from accounts.contacts.models import ContactChange
from accounts.contacts.selectors import asks_about_contacts
from accounts.contacts.undoing import undo_change
from accounts.models import Challenge, SignIn, User
from accounts.notices.models import Notice
from accounts.otp.step_up import Act
from accounts.otp.tests.factories import prove
from accounts.users.rules import Contact, ContactKind
from accounts.users.tests.conftest import Visitor
from conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "+8613900139000"
PHONE = "/account/contacts/phone/"
ACT = Act("contact.change", "", {"kind": "phone", "to": NEW})


@pytest.fixture
def chen(make_user: Callable[..., User]) -> User:
    """Somebody with an address and a number."""
    return make_user(email="chen@people.example", phone="+8613800138001", language="en")


@pytest.fixture
def at_home(chen: User, post_office: PostOffice) -> Client:
    """Chen's browser."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(chen)
    return client


def _actor(user: User) -> Actor:
    return Actor(ActorKind.SUBJECT, user.pk)


def _ask(client: Client, user: User, new: str = NEW, kind: str = "phone") -> str:
    """Step up and ask for the code; where the answer leads."""
    prove(client, user, Act("contact.change", "", {"kind": kind, "to": new}))
    return str(client.post(f"/account/contacts/{kind}/", {"new": new}).headers.get("Location", ""))


def _change(user: User, value: str = NEW, kind: ContactKind = ContactKind.PHONE) -> ContactChange:
    return change_contact(user, Contact(kind, value), actor=_actor(user), at=timezone.now())


def _remove(user: User) -> ContactChange | None:
    return remove_contact(user, ContactKind.PHONE, actor=_actor(user), at=timezone.now())


def _token(notice: Notice) -> str:
    found = re.search(r"/account/undo/([^/]+)/", notice.parameters["url"])
    assert found
    return found.group(1)


def _told() -> set[str]:
    return {notice.destination for notice in Notice.objects.all()}


def test_without_showing_who_one_is_nothing_is_sent(at_home: Client, post_office: PostOffice) -> None:
    response = at_home.post(PHONE, {"new": NEW})

    assert response["Location"] == "/account/verify/"
    assert post_office.count == 0


def test_a_proof_for_one_new_number_is_of_no_use_for_another(
    at_home: Client, chen: User, post_office: PostOffice
) -> None:
    prove(at_home, chen, ACT)

    response = at_home.post(PHONE, {"new": "+8613900139999"})

    assert response["Location"] == "/account/verify/"
    assert post_office.count == 0


def test_the_code_that_went_to_the_new_number_makes_it_theirs(
    at_home: Client, chen: User, post_office: PostOffice
) -> None:
    where = _ask(at_home, chen)

    done = at_home.post(where, {"code": post_office.last_code()})

    chen.refresh_from_db()
    assert (where, done["Location"]) == (f"{PHONE}code/", "/account/#contacts")
    assert (chen.phone, chen.email) == (NEW, "chen@people.example")
    assert chen.phone_verified_at
    assert post_office.texts[-1]["phone"] == NEW
    assert list(User.objects.naming(Contact(ContactKind.PHONE, NEW))) == [chen]


def test_a_first_contact_of_a_kind_is_added_and_not_changed(make_user: Callable[..., User]) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(email="new@people.example", language="en"))

    page = " ".join(client.get(PHONE).content.decode().split())
    client.post(PHONE, {"new": NEW})
    asked = client.get("/account/verify/").content.decode()

    assert "<title> Add a mobile number" in page
    assert "Change the mobile number" not in page
    assert "add 139 **** 9000 as your mobile number" in asked


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("phone", "abc12345678", "Enter a mobile number of 11 digits."),
        ("phone", "new@people.example", "Enter a mobile number of 11 digits."),
        ("email", "x" * 300, "That is not an e-mail address."),
        ("email", "13900139000", "That is not an e-mail address."),
        ("email", "x" * 400, "That is much too long."),
    ],
)
def test_what_does_not_fit_is_answered_for_the_kind_that_is_asked_for(
    at_home: Client, kind: str, typed: str, said: str
) -> None:
    page = at_home.post(f"/account/contacts/{kind}/", {"new": typed}).content.decode()

    assert said in page
    assert "Enter a mobile number of 11 digits, or" not in page


def test_whoever_was_reached_before_is_told_with_a_link_and_the_trail_names_no_number(
    at_home: Client, chen: User, post_office: PostOffice
) -> None:
    where = _ask(at_home, chen)

    at_home.post(where, {"code": post_office.last_code()})

    assert _told() == {"+8613800138001", "chen@people.example"}
    assert all("139 **** 9000" in notice.parameters["change"] for notice in Notice.objects.all())
    entry = AuditEntry.objects.get(act="contact.changed")
    assert entry.details == {"kind": "phone", "change": ContactChange.objects.get().pk}


def test_a_second_contact_is_added_and_the_first_one_told(
    alice: User, post_office: PostOffice, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(alice)

    client.post(_ask(client, alice), {"code": post_office.last_code()})

    alice.refresh_from_db()
    assert (alice.email, alice.phone) == ("alice@people.example", NEW)
    assert _told() == {"alice@people.example"}
    with django_assert_num_queries(2):  # session, person
        client.get(PHONE)


def test_a_wrong_code_changes_nothing_and_the_form_sent_twice_changes_once(
    at_home: Client, chen: User, post_office: PostOffice
) -> None:
    where = _ask(at_home, chen)
    code = post_office.last_code()
    wrong = at_home.post(where, {"code": "000000" if code != "000000" else "111111"})
    at_home.post(where, {"code": code})

    again = at_home.post(where, {"code": code})

    assert "can try 4 more times" in wrong.content.decode()
    assert again["Location"] == PHONE
    assert ContactChange.objects.count() == 1


def test_somebody_elses_contact_gets_the_same_answer_and_no_code(
    at_home: Client, chen: User, bob: User, post_office: PostOffice
) -> None:
    free = _ask(at_home, chen)
    free_page = at_home.get(free)
    prove(at_home, chen, Act("contact.change", "", {"kind": "phone", "to": bob.phone}))
    Challenge.objects.filter(act="contact.prove").delete()  # so that there is no pause to keep

    taken = at_home.post(PHONE, {"new": bob.phone})
    taken_page = at_home.get(taken["Location"])

    assert taken["Location"] == free
    assert len(taken_page.content) == len(free_page.content)
    assert post_office.texts[-1]["phone"] == bob.phone
    assert not re.search(r"(?<!\d)\d{6}(?!\d)", post_office.last_text())
    assert "The code is wrong" in at_home.post(free, {"code": "123456"}).content.decode()
    bob.refresh_from_db()
    assert bob.phone == "+8613800138000"


def test_two_at_once_on_the_same_new_number_leave_it_with_one(alice: User, bob: User, post_office: PostOffice) -> None:
    def change(user: User) -> bool:
        try:
            _change(user)
        except ContactTaken:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(change, [alice, bob]))

    assert sorted(results) == [False, True]
    assert User.objects.naming(Contact(ContactKind.PHONE, NEW)).count() == 1


def test_an_unproven_contact_of_another_account_is_taken_from_it(chen: User, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(phone=NEW, phone_index=Contact(ContactKind.PHONE, NEW).index)

    _change(chen)

    alice.refresh_from_db()
    assert alice.phone == ""


@pytest.mark.parametrize("typed", ["", "12345", "chen@people.example", "+8613800138001"])
def test_what_is_no_new_number_is_refused_in_words(at_home: Client, typed: str, post_office: PostOffice) -> None:
    page = at_home.post(PHONE, {"new": typed})

    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert post_office.count == 0


def test_a_kind_that_does_not_exist_is_not_found(at_home: Client) -> None:
    for path in ("/account/contacts/fax/", "/account/contacts/fax/code/"):
        assert at_home.get(path).status_code == 404
    for path in ("/account/contacts/fax/remove/", "/account/contacts/fax/confirm/"):
        assert at_home.post(path).status_code == 404


def test_the_code_page_of_another_browser_knows_nothing(at_home: Client, chen: User) -> None:
    where = _ask(at_home, chen)
    other = Client()
    other.force_login(chen)

    assert other.get(where)["Location"] == PHONE


def test_the_former_contacts_are_told_what_exactly_became_of_one(make_user: Callable[..., User]) -> None:
    chen = make_user(email="chen@people.example", language="en")

    for act in (_change, lambda user: _change(user, "+8613900139001"), _remove):
        act(chen)
        chen.refresh_from_db()

    assert {notice.parameters["change"] for notice in Notice.objects.all()} == {
        "The mobile number 139 **** 9000 was added to your account.",
        "The mobile number of your account is now 139 **** 9001.",
        "The mobile number 139 **** 9001 was removed from your account.",
    }


def test_the_link_shows_first_and_undoes_only_on_the_button(chen: User, post_office: PostOffice) -> None:
    _change(chen)
    token = _token(Notice.objects.first())  # type: ignore[arg-type]
    looked = Client().get(f"/account/undo/{token}/")
    before = User.objects.get(pk=chen.pk).phone

    done = Client().post(f"/account/undo/{token}/")

    chen.refresh_from_db()
    assert (looked.status_code, before) == (200, NEW)
    assert all(shown in looked.content.decode() for shown in ("138 **** 8001", "139 **** 9000"))
    assert (done.status_code, chen.phone) == (200, "+8613800138001")
    assert AuditEntry.objects.filter(act="contact.change_undone").count() == 1
    assert NEW in _told()


def test_undoing_ends_every_session_and_works_once(at_home: Client, chen: User) -> None:
    SignIn.objects.create(user=chen, at=NOW, result="entered", session_key=at_home.session.session_key or "")
    _change(chen)
    token = _token(Notice.objects.first())  # type: ignore[arg-type]

    first = Client().post(f"/account/undo/{token}/")
    second = Client().post(f"/account/undo/{token}/")

    assert (first.status_code, second.status_code) == (200, 410)
    assert at_home.get("/account/").status_code == 302
    assert not Session.objects.filter(session_key=at_home.session.session_key or "").exists()


def test_undoing_takes_back_what_was_changed_after_it_too(alice: User) -> None:
    _change(alice, "thief@people.example", ContactKind.EMAIL)
    token = _token(Notice.objects.get())
    alice.refresh_from_db()
    _change(alice)

    undo_change(token, at=timezone.now())

    alice.refresh_from_db()
    assert (alice.email, alice.phone) == ("alice@people.example", "")
    assert not ContactChange.objects.filter(undone_at=None).exists()


@pytest.mark.parametrize("token", ["", "x" * 43])
def test_a_link_that_was_never_sent_is_gone(token: str) -> None:
    assert Client().get(f"/account/undo/{token or 'y'}/").status_code == 410


def test_after_72_hours_the_link_is_gone(chen: User) -> None:
    _change(chen)
    token = _token(Notice.objects.first())  # type: ignore[arg-type]
    ContactChange.objects.update(undo_until=timezone.now() - timedelta(seconds=1))

    assert Client().post(f"/account/undo/{token}/").status_code == 410
    assert User.objects.get(pk=chen.pk).phone == NEW


def test_a_former_contact_that_is_somebody_elses_by_now_stays_theirs(chen: User, alice: User) -> None:
    _change(chen)
    token = _token(Notice.objects.first())  # type: ignore[arg-type]
    _change(alice, "+8613800138001")

    response = Client().post(f"/account/undo/{token}/")

    alice.refresh_from_db()
    chen.refresh_from_db()
    assert response.status_code == 200
    assert (alice.phone, chen.phone, chen.email) == ("+8613800138001", "", "chen@people.example")


def test_a_contact_is_removed_only_if_another_proven_one_stays(chen: User, alice: User) -> None:
    remove_contact(chen, ContactKind.EMAIL, actor=_actor(chen), at=NOW)

    assert User.objects.get(pk=chen.pk).email == ""
    assert _told() == {"+8613800138001", "chen@people.example"}
    for person, kind in ((chen, ContactKind.PHONE), (alice, ContactKind.EMAIL)):
        with pytest.raises(LastContact):
            remove_contact(person, kind, actor=_actor(person), at=NOW)


def test_removing_needs_a_proof(at_home: Client, chen: User) -> None:
    refused = at_home.post("/account/contacts/email/remove/")
    prove(at_home, chen, Act("contact.remove", "", {"kind": "email"}))

    done = at_home.post("/account/contacts/email/remove/")

    assert (refused["Location"], done["Location"]) == ("/account/verify/", "/account/#contacts")
    assert User.objects.get(pk=chen.pk).email == ""


def test_a_contact_that_bounced_is_asked_about_until_the_person_answers(at_home: Client, chen: User) -> None:
    note_bounce(chen.pk, ContactKind.EMAIL, NOW)
    asked = at_home.get("/account/").content.decode()

    at_home.post("/account/contacts/email/confirm/")

    assert "A message came back" in asked
    assert "A message came back" not in at_home.get("/account/").content.decode()
    assert AuditEntry.objects.filter(act="contact.confirmed").count() == 1


def test_whoever_signs_in_after_a_bounce_is_asked_at_once(alice: User, post_office: PostOffice) -> None:
    note_bounce(alice.pk, ContactKind.EMAIL, NOW)
    visitor = Visitor(post_office)
    visitor.sign_in("alice@people.example")

    visitor.type_code()

    assert "A message that we sent you came back." in visitor.read("/policies/")


def test_a_new_contact_has_not_bounced(chen: User) -> None:
    note_bounce(chen.pk, ContactKind.PHONE, NOW)

    _change(chen)

    assert User.objects.get(pk=chen.pk).phone_bounced_at is None


def test_a_bounce_of_a_contact_that_is_not_proven_asks_nothing(alice: User) -> None:
    note_bounce(alice.pk, ContactKind.PHONE, NOW)
    confirm_contact(alice, ContactKind.PHONE, actor=_actor(alice), at=NOW)

    alice.refresh_from_db()
    assert alice.phone_bounced_at is None
    assert not AuditEntry.objects.filter(act="contact.confirmed").exists()


def test_whoever_did_not_confirm_for_a_year_is_asked_at_sign_in_and_answers_once(
    chen: User, post_office: PostOffice
) -> None:
    long_ago = timezone.now() - timedelta(days=366)
    User.objects.update(email_verified_at=long_ago, phone_verified_at=timezone.now())
    visitor = Visitor(post_office)
    visitor.sign_in("chen@people.example")

    visitor.type_code()

    assert "still yours?" in visitor.read("/policies/")
    assert "Are these still yours?" in visitor.read("/account/")
    visitor.post("/account/contacts/still-mine/")
    assert "Are these still yours?" not in visitor.read("/account/")
    assert AuditEntry.objects.filter(act="contacts.confirmed", target=f"user:{chen.pk}").count() == 1


def test_whoever_answers_later_is_left_alone_for_two_weeks(chen: User) -> None:
    at = timezone.now()
    User.objects.update(email_verified_at=at - timedelta(days=366))

    ask_later(User.objects.get(), at=at)

    asked = [asks_about_contacts(User.objects.get(), at=at + timedelta(days=days)) for days in (0, 13, 14)]
    assert asked == [False, False, True]


@pytest.mark.parametrize(("days", "is_asked"), [(364, False), (366, True)])
def test_the_months_are_counted_from_the_last_word_or_the_oldest_proof(chen: User, days: int, is_asked: bool) -> None:
    at = timezone.now()
    User.objects.update(email_verified_at=at - timedelta(days=900), contacts_confirmed_at=at - timedelta(days=days))

    assert asks_about_contacts(User.objects.get(), at=at) is is_asked


def test_whoever_has_one_contact_and_came_in_by_it_has_answered(alice: User, post_office: PostOffice) -> None:
    User.objects.update(email_verified_at=timezone.now() - timedelta(days=366))
    visitor = Visitor(post_office)
    visitor.sign_in("alice@people.example")

    visitor.type_code()

    assert "still yours?" not in visitor.read("/policies/")
    assert User.objects.get().contacts_confirmed_at is not None


def test_only_its_owner_answers_and_only_by_a_form(chen: User, alice: User, at_home: Client) -> None:
    for where in ("still-mine", "later"):
        assert Client().post(f"/account/contacts/{where}/")["Location"].startswith("/account/login/")
        assert at_home.get(f"/account/contacts/{where}/").status_code == 405
        at_home.post(f"/account/contacts/{where}/")

    alice.refresh_from_db()
    assert (alice.contacts_confirmed_at, alice.contacts_ask_after) == (None, None)
