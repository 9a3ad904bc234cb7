"""No code, token or recovery code is in a log, a task's arguments, an address, the cache or the database in clear."""

import logging
import re
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test import Client

from accounts.conftest import PostOffice
from accounts.models import Authenticator, User
from accounts.otp.freshness import SIGNED_IN_AT
from accounts.otp.tests.factories import token_of
from accounts.users.tests.conftest import Visitor

SINKS = ("mail.log", "asyncio")  # aiosmtpd, which plays the mail server here


class _Browser(Client):
    """Notes every address that it asks for or is sent to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        self.addresses += [f"{request['PATH_INFO']}?{request.get('QUERY_STRING')}", str(response.get("Location"))]
        return response


def _dump() -> str:
    """Every row of the tables, sessions and cache included, as anybody reads them who has the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t')  # noqa: S608 - names of our tables
            rows.append(str(cursor.fetchone()[0]))
    return "\n".join(rows)


@pytest.fixture
def sent_tasks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would go to the broker."""
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: sent.append(repr((args, options))))
    return sent


def test_of_everything_that_proves_nothing_is_left_anywhere(
    alice: User, post_office: PostOffice, caplog: pytest.LogCaptureFixture, sent_tasks: list[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = _Browser()
    visitor = Visitor(post_office, browser=browser)
    visitor.sign_in(alice.email)
    secrets = [post_office.last_code()]
    visitor.type_code()
    secrets += _add_everything(browser)
    secrets += _use_everything(browser, post_office, secrets[-1])

    lines = "\n".join(record.getMessage() for record in caplog.records if record.name not in SINKS)
    everything = {
        "log": lines,
        "tasks": "\n".join(sent_tasks),
        "addresses": "\n".join(browser.addresses),
        "database": _dump(),
    }
    assert len(secrets) == 15
    secrets += [secret.replace("-", "") for secret in secrets if "-" in secret]
    # Six digits also occur by chance within a longer number or a digest.
    found = [
        (place, secret)
        for place, text in everything.items()
        for secret in secrets
        if re.search(rf"(?<![0-9A-Za-z.+/-]){secret}(?![0-9A-Za-z+/-])", text)
    ]
    assert found == []


def _add_everything(browser: Client) -> list[str]:
    """An app and recovery codes; their secret, token and codes, the first of these last."""
    browser.get("/account/ways/app/")
    secret = str(browser.session["new_app"])
    token = token_of(Authenticator(key=secret))
    session = browser.session
    session[SIGNED_IN_AT] = 2**40
    session.save()
    page = browser.post("/account/ways/recovery-codes/").content.decode()
    codes = [line.split("</span>")[0] for line in page.split('<span class="mono">')[1:]]
    _begin(browser, "/account/ways/app/", "recovery")
    _show(browser, codes[9])
    browser.post("/account/ways/app/", {"code": token, "name": "phone"})
    assert Authenticator.objects.exists()
    return [secret, token, *reversed(codes)]


def _use_everything(browser: Client, post_office: PostOffice, code: str) -> list[str]:
    _begin(browser, "/account/ways/passkey/", "recovery")
    _show(browser, code)
    _begin(browser, "/account/contacts/email/remove/", "email", method="post")
    sent = post_office.last_code()
    _show(browser, f"{(int(sent) + 1) % 10**6:06d}")
    _show(browser, sent)
    return [f"{(int(sent) + 1) % 10**6:06d}", sent]


def _begin(browser: Client, path: str, way: str, *, method: str = "get") -> None:
    asked = getattr(browser, method)(path)
    assert asked.headers["Location"] == "/account/verify/", (path, asked.status_code)
    browser.post("/account/verify/", {"for": browser.session["step_up_pending"]["token"], "way": way})


def _show(browser: Client, code: str) -> None:
    browser.post("/account/verify/", {"for": browser.session["step_up_pending"]["token"], "code": code})
