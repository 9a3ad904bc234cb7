"""A session in the database says nothing without the key."""

import base64
import zlib

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from accounts.models import User
from accounts.users.sessions import EncryptedSerializer
from accounts.users.tests.conftest import Visitor


def key() -> str:
    """A new key as FIELD_KEY wants it."""
    return base64.b64encode(base64.urlsafe_b64decode(Fernet.generate_key())).decode()


def test_neither_code_nor_contact_nor_person_can_be_read(alice: User, visitor: Visitor) -> None:
    visitor.sign_in(alice.email)

    stored = Session.objects.get().session_data
    payload = stored.split(":")[0].removeprefix(".")
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    if stored.startswith("."):
        raw = zlib.decompress(raw)
    for secret in (alice.email, visitor.post_office.last_code(), "account_entrance"):
        assert secret not in stored
        assert secret.encode() not in raw


def test_what_goes_in_comes_out() -> None:
    data = {"name": "陈一", "number": 7, "list": [1, None]}

    assert EncryptedSerializer().loads(EncryptedSerializer().dumps(data)) == data


def test_a_key_can_be_changed_without_signing_anybody_out(settings: Settings) -> None:
    settings.FIELD_KEY = old = key()
    sealed = EncryptedSerializer().dumps({"a": 1})

    settings.FIELD_KEY = f"{key()}, {old}"
    assert EncryptedSerializer().loads(sealed) == {"a": 1}

    settings.FIELD_KEY = key()
    with pytest.raises(InvalidToken):
        EncryptedSerializer().loads(sealed)


@pytest.mark.django_db
def test_a_session_under_an_unknown_key_is_empty(settings: Settings) -> None:
    store = SessionStore()
    store["a"] = 1
    store.save()

    settings.FIELD_KEY = key()

    assert SessionStore(store.session_key).get("a") is None


@pytest.mark.parametrize("wrong", ["", "abc", "QUJD", "not base64 at all!"])
def test_a_wrong_key_fails_loudly(wrong: str, settings: Settings) -> None:
    settings.FIELD_KEY = wrong

    with pytest.raises(ImproperlyConfigured, match="FIELD_KEY"):
        EncryptedSerializer().dumps({})
