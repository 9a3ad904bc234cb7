"""Personal values at rest: sealed under FIELD_KEY, and findable by a keyed index under INDEX_KEY.

A sealed value is `<8 hex digits that name the key>:<base64 of 12 bytes nonce, AES-256-GCM ciphertext and tag>`. Its
label, which names the column, is authenticated: what was sealed for one column opens in no other.
"""

import base64
import binascii
import hmac
import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32


class NotOpened(Exception):
    """The value is sealed under a key that is not here, for another column, or damaged (HTTP 500)."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """name: 8 hex digits that say nothing about the key itself."""

    name: str
    cipher: AESGCM


def seal(text: str, label: str) -> str:
    """text as it is stored; an empty text stays empty. label: `table.column`."""
    return _write(text.encode(), label) if text else ""


def opened(sealed: str, label: str) -> str:
    """The text that was sealed for label. Raises NotOpened."""
    return _read(sealed, label).decode() if sealed else ""


def seal_bytes(content: bytes, label: str) -> bytes:
    """A file as it is stored."""
    key = _ring(settings.FIELD_KEY)[0]
    nonce = os.urandom(NONCE_BYTES)
    return bytes.fromhex(key.name) + nonce + key.cipher.encrypt(nonce, content, label.encode())


def opened_bytes(sealed: bytes | memoryview, label: str) -> bytes:
    """The file that was sealed for label. Raises NotOpened."""
    content = bytes(sealed)
    return _decrypt(content[:4].hex(), content[4:], label)


def current_key_name() -> str:
    """The name of the key that seals now; values under others wait for `rotate_keys`."""
    return _ring(settings.FIELD_KEY)[0].name


def blind_index(kind: str, value: str) -> bytes | None:
    """32 bytes by which an exact value can be found and from which nobody can tell it without INDEX_KEY; None for an
    empty one. kind: `email` or `phone`; the same text of two kinds has two indexes."""
    return hmac.digest(index_key(), f"assent/index/1/{kind}:{value}".encode(), "sha256") if value else None


def index_key() -> bytes:
    """32 bytes. It never changes: what is known by its index alone could not be found again."""
    return _one_key("INDEX_KEY", settings.INDEX_KEY)


def _write(content: bytes, label: str) -> str:
    key = _ring(settings.FIELD_KEY)[0]
    nonce = os.urandom(NONCE_BYTES)
    return f"{key.name}:{base64.b64encode(nonce + key.cipher.encrypt(nonce, content, label.encode())).decode()}"


def _read(sealed: str, label: str) -> bytes:
    name, _colon, body = sealed.partition(":")
    try:
        return _decrypt(name, base64.b64decode(body, validate=True), label)
    except binascii.Error as error:
        raise NotOpened(label) from error


def _decrypt(name: str, body: bytes, label: str) -> bytes:
    key = next((key for key in _ring(settings.FIELD_KEY) if key.name == name), None)
    if key is None:
        raise NotOpened(label)
    try:
        return key.cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], label.encode())
    except (InvalidTag, ValueError) as error:
        raise NotOpened(label) from error


@cache
def _ring(keys: str) -> tuple[SealingKey, ...]:
    return tuple(_sealing_key(_one_key("FIELD_KEY", word)) for word in keys.replace(",", " ").split())


def _sealing_key(key: bytes) -> SealingKey:
    # Not the key itself: the sessions are under that one.
    own = hmac.digest(key, b"assent/sealing/1", "sha256")
    return SealingKey(sha256(b"assent/sealing/name" + own).hexdigest()[:8], AESGCM(own))


@cache
def _one_key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{name} must be {KEY_BYTES} random bytes in base64")
    return key
