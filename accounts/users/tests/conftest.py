"""A browser that goes through sign-in and sign-up."""

from dataclasses import dataclass, field

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.conftest import PostOffice

CODE_PAGE = "/account/login/code/"


@dataclass
class Visitor:
    """One browser. language: what it asks for."""

    post_office: PostOffice
    language: str = "en"
    browser: Client = field(default_factory=Client)

    def post(self, path: str, **data: str) -> HttpResponse:
        """Send a form."""
        response = self.browser.post(path, data, headers={"accept-language": self.language})
        assert isinstance(response, HttpResponse)
        return response

    def look(self, path: str) -> HttpResponse:
        """Open a page."""
        response = self.browser.get(path, headers={"accept-language": self.language})
        assert isinstance(response, HttpResponse)
        return response

    def read(self, path: str) -> str:
        """The words of a page."""
        response = self.look(path)
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    def ask(self, door: str, login: str, **data: str) -> HttpResponse:
        """Ask for a code. door: sign in or sign up by its URL name."""
        return self.post(reverse(door), login=login, **data)

    def sign_up(self, login: str, **data: str) -> HttpResponse:
        """Ask at sign-up."""
        return self.ask("account_signup", login, **data)

    def sign_in(self, login: str, **data: str) -> HttpResponse:
        """Ask at sign-in."""
        return self.ask("account_login", login, **data)

    def type_code(self, code: str = "") -> HttpResponse:
        """Type a code, otherwise the one that came last."""
        return self.post(CODE_PAGE, code=code or self.post_office.last_code())

    def type_wrong_code(self) -> HttpResponse:
        """Type one that was certainly not sent."""
        sent = self.post_office.last_text()
        return self.post(CODE_PAGE, code=next(code for code in ("111111", "222222") if code not in sent))

    @property
    def user_id(self) -> int | None:
        """Who is signed in here."""
        value = self.browser.session.get("_auth_user_id")
        return None if value is None else int(value)


@pytest.fixture
def visitor(db: None, post_office: PostOffice) -> Visitor:
    """Somebody with an English browser."""
    return Visitor(post_office)
