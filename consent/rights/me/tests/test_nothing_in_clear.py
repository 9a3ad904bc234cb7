"""After everything that a person does with their account, nothing of them stands anywhere in clear (K72)."""

import base64
import logging
import re
from email.message import EmailMessage

import pytest
from django.db import connection
from django.urls import reverse

from accounts.conftest import PostOffice
from accounts.models import Challenge, User
from accounts.notices.tasks import send_due
from accounts.otp.step_up import Act
from accounts.otp.tests.factories import prove
from accounts.profile.actions import write_items
from accounts.profile.models import ProfileChange, Source
from accounts.profile.preferences import Label, put_labels
from accounts.users.rules import Contact, ContactKind
from accounts.users.tests.conftest import Visitor
from conftest import owner_connection
from consent.policies.tests.factories import make_policy, make_version
from consent.rights.me.tests.conftest import IDENTITY
from consent.rights.me.tests.test_editing import STAFF

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL, OTHER_EMAIL = "wanderer.lin@people.example", "second.lin@people.example"
PHONE, OTHER_PHONE = "+8613912345678", "+8613987654321"
NAME, ADDRESS, NUMBER = "林望舒", "南方市示例区银杏路 27 号 3 单元 402", "11010519491231002X"
LABEL, OCCUPATION = "常坐夜班地铁", "灯塔看守人"
PLAIN = (EMAIL, OTHER_EMAIL, PHONE, PHONE[3:], OTHER_PHONE[3:], NAME, ADDRESS, "银杏路", NUMBER, LABEL, OCCUPATION)


def _dump() -> str:
    """Every table of every schema of the portal, as its owner copies it out."""
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        tables = owner.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        ).fetchall()
        parts = []
        for (table,) in tables:
            with owner.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                parts.append(f"-- {table}\n" + b"".join(bytes(row) for row in copy).decode())
    return "\n".join(parts)


def _forms(value: str) -> list[str]:
    """The value as it might stand in a dump: as text, as the octets of a binary column, as base64."""
    octets = value.encode()
    inner = base64.b64encode(octets).decode().rstrip("=")[:-1]
    return [value.lower(), octets.hex(), inner.lower(), re.sub(r"\s", "", value).lower()]


def _live(visitor: Visitor, post_office: PostOffice) -> User:
    """Sign up, tell everything, change everything, be sent everything."""
    visitor.sign_up(EMAIL)
    visitor.type_code()
    user = User.objects.naming(Contact(ContactKind.EMAIL, EMAIL)).get()
    for field, values in {
        "name": {"name": NAME},
        "address": {"address": ADDRESS},
        "occupation": {"occupation": OCCUPATION},
        "id-number": {"id-kind": "resident-card", "id-number": NUMBER, "id-expiry": "2040-01-31"},
    }.items():
        visitor.read(f"/account/profile/{field}/")
        assert visitor.post(f"/account/profile/{field}/", **values).status_code == 302
    visitor.post("/account/profile/id-number/", **{"id-kind": "passport", "id-number": NUMBER})
    visitor.post("/account/settings/", language="zh-hans", theme="", allows_profiling="on", findable_by_phone="on")
    words = {"zh-hans": LABEL}
    put_labels(user, "shibei", [Label("group", words, words, user.date_joined)], actor=STAFF, at=user.date_joined)
    write_items(user, {"address": ADDRESS + " 室"}, source=Source.STAFF, actor=STAFF, at=user.date_joined)
    for kind, value in (("phone", PHONE), ("email", OTHER_EMAIL), ("phone", OTHER_PHONE)):
        _change(visitor, user, kind, value)
    send_due()
    undo = next(word for mail in post_office.mails for word in _words(mail).split() if "/undo/" in word)
    visitor.post(re.sub(r"^https?://[^/]+", "", undo))
    send_due()
    visitor.sign_in(EMAIL)
    visitor.type_code(_code(post_office, EMAIL))
    for name in ("account", "profile:history", "profile:settings"):
        visitor.read(reverse(name))
    return user


def _change(visitor: Visitor, user: User, kind: str, value: str) -> None:
    Challenge.objects.filter(act="contact.prove").delete()  # so that there is no pause to keep
    prove(visitor.browser, user, Act("contact.change", "", {"kind": kind, "to": value}))
    where = visitor.post(f"/account/contacts/{kind}/", new=value)["Location"]
    assert visitor.post(where, code=_code(visitor.post_office, value))["Location"] == "/account/#contacts"


def _words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _code(post_office: PostOffice, to: str) -> str:
    if to.startswith("+"):
        text = str(next(each["text"] for each in reversed(post_office.texts) if each["phone"] == to))
    else:
        mail = next(each for each in reversed(post_office.mails) if each["To"] == to)
        text = _words(mail)
    found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    assert found
    return found.group()


def test_a_dump_of_every_table_and_every_log_names_nobody(
    visitor: Visitor, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    make_version(make_policy(asks_account_holders=False), [IDENTITY])
    caplog.set_level(logging.INFO)
    for name in ("accounts", "consent", "portal", "django.request"):
        caplog.set_level(logging.DEBUG, logger=name)

    user = _live(visitor, post_office)
    dump, said = _dump().lower(), _said(caplog.records)

    assert ProfileChange.objects.filter(user=user).count() >= 7
    assert "accounts_profileitem" in dump
    for value in PLAIN:
        for form in _forms(value):
            assert form not in dump, (value, _where(dump, form))
            assert form not in said, value


def _said(records: list[logging.LogRecord]) -> str:
    """What the portal logged; `mail.log` is the mail server of the test."""
    format_line = logging.Formatter("%(name)s %(message)s").format
    return "\n".join(format_line(record) for record in records if record.name != "mail.log").lower()


def _where(dump: str, form: str) -> str:
    """The table and line in which it was found."""
    before = dump[: dump.index(form)]
    return before[before.rindex("-- ") :].splitlines()[0] + " … " + before[-200:]


def test_the_scan_would_find_a_value_that_stands_in_clear(alice: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET name = %s WHERE id = %s", [NAME, alice.pk])

    assert NAME in _dump()
