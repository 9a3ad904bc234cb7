"""The vault's own key: what it seals opens in no other place of the portal, and the portal's keys do not open it."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder

from accounts.sealing.rules import NotOpened

NAME_BYTES, NONCE_BYTES, KEY_BYTES = 4, 12, 32


@dataclass(frozen=True, slots=True)
class _Key:
    name: bytes
    cipher: AESGCM
    index: bytes


def seal_record(content: Any, label: str) -> bytes:
    """Anything that JSON can say. label: `mark/item` of the record, authenticated with it."""
    key, nonce = _ring(settings.VAULT_KEY)[0], os.urandom(NONCE_BYTES)
    text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    return key.name + nonce + key.cipher.encrypt(nonce, text.encode(), label.encode())


def opened_record(sealed: bytes, label: str) -> Any:
    """What `seal_record` was given. Raises NotOpened."""
    name, nonce, body = sealed[:NAME_BYTES], sealed[NAME_BYTES : NAME_BYTES + NONCE_BYTES], sealed[16:]
    key = next((key for key in _ring(settings.VAULT_KEY) if key.name == name), None)
    if key is None:
        raise NotOpened("vault")
    try:
        return json.loads(key.cipher.decrypt(nonce, body, label.encode()))
    except InvalidTag as error:
        raise NotOpened("vault") from error


def vault_index(kind: str, value: str) -> bytes:
    """32 bytes under which a value is found now. kind: `email`, `phone` or `id-number`."""
    return _index(_ring(settings.VAULT_KEY)[0], kind, value)


def vault_indexes(kind: str, value: str) -> list[bytes]:
    """The same under every key that is known, for a search."""
    return [_index(key, kind, value) for key in _ring(settings.VAULT_KEY)]


def _index(key: _Key, kind: str, value: str) -> bytes:
    return hmac.digest(key.index, f"{kind}:{value}".encode(), "sha256")


@cache
def _ring(keys: str) -> tuple[_Key, ...]:
    words = keys.replace(",", " ").split()
    if not words:
        raise ImproperlyConfigured("VAULT_KEY is needed where DATABASE_VAULT_URL is given")
    return tuple(_key(word) for word in words)


def _key(word: str) -> _Key:
    try:
        key = base64.b64decode(word, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"VAULT_KEY must be {KEY_BYTES} random bytes in base64")
    own = hmac.digest(key, b"assent/vault/1", "sha256")
    return _Key(
        sha256(b"assent/vault/name" + own).digest()[:NAME_BYTES], AESGCM(own), hmac.digest(own, b"index", "sha256")
    )
