"""The keys that checkpoints and receipts are signed with. The first signs; retired ones stay known, so that what they
signed can still be checked."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

PUBLIC = "public:"


@dataclass(frozen=True, slots=True)
class Key:
    """public: 32 bytes. private: None where only the public half is kept."""

    public: bytes
    private: Ed25519PrivateKey | None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """keys: the one that signs first, then those that signed before, newest first."""

    keys: tuple[Key, ...]

    @property
    def signers(self) -> tuple[Key, ...]:
        """Those whose private half is here."""
        return tuple(key for key in self.keys if key.private)


def read_ring(name: str, text: str) -> KeyRing:
    """The ring written as base64 seeds of 32 bytes, and retired keys as `public:` and their base64; separated by
    commas or white space. Raises ImproperlyConfigured, which names the setting and never shows a key."""
    return KeyRing(tuple(_key(name, word) for word in text.replace(",", " ").split()))


@cache
def log_ring() -> KeyRing:
    """The keys of the log's checkpoints."""
    return read_ring("LOG_KEYS", settings.LOG_KEYS)


@cache
def receipt_ring() -> KeyRing:
    """The keys of receipts."""
    return read_ring("RECEIPT_KEYS", settings.RECEIPT_KEYS)


def _key(name: str, word: str) -> Key:
    try:
        octets = base64.b64decode(word.removeprefix(PUBLIC), validate=True)
    except binascii.Error:
        octets = b""
    if len(octets) != 32:
        raise ImproperlyConfigured(f"{name}: each key must be 32 bytes in base64, a retired one with {PUBLIC} before")
    if word.startswith(PUBLIC):
        return Key(octets, None)
    private = Ed25519PrivateKey.from_private_bytes(octets)
    return Key(private.public_key().public_bytes_raw(), private)
