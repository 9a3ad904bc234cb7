"""Checkpoints: the log's size and root as a signed note, and the keys by which others check it. Pure.

Source: C2SP signed-note, tlog-checkpoint (Ed25519, algorithm byte 0x01).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
DASH = "\N{EM DASH}"
KEY_HASH_BYTES = 4


class NoteError(ValueError):
    """A note that cannot be read, or that nobody known has signed; the message says which."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under the log's name. public: 32 bytes."""

    name: str
    public: bytes

    @property
    def key_hash(self) -> bytes:
        """The first 4 bytes of the SHA-256 over name and key, by which a signature names its key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_HASH_BYTES]

    @property
    def key_id(self) -> str:
        """`name+hash`."""
        return f"{self.name}+{self.key_hash.hex()}"

    def __str__(self) -> str:
        """The verifier key as C2SP writes it."""
        return f"{self.key_id}+{base64.b64encode(ED25519 + self.public).decode()}"

    def holds(self, message: bytes, signature: bytes) -> bool:
        """Whether this key signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint as read. text: what was signed. signatures: (name, hash of the key, signature)."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def sign_note(origin: str, size: int, root: bytes, keys: Iterable[Ed25519PrivateKey]) -> str:
    """A checkpoint signed by each of the keys, under the log's name, which is its origin."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    lines = []
    for key in keys:
        key_hash = Verifier(origin, key.public_key().public_bytes_raw()).key_hash
        lines.append(f"{DASH} {origin} {base64.b64encode(key_hash + key.sign(text.encode())).decode()}\n")
    return f"{text}\n{''.join(lines)}"


def read_note(note: str) -> Note:
    """Raises NoteError if it is no checkpoint."""
    body, separator, signed = note.rpartition("\n\n")
    text = body + "\n"
    try:
        origin, size, root = text.split("\n")[:3]
        signatures = tuple(_signature(line) for line in signed.splitlines())
        octets = base64.b64decode(root, validate=True)
        if not (
            separator and origin and signatures and len(octets) == 32 and size == str(int(size)) and int(size) >= 0
        ):
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise NoteError("this is no signed checkpoint") from error
    return Note(origin, int(size), octets, text, signatures)


def open_note(note: str, verifiers: Iterable[Verifier]) -> Note:
    """The checkpoint, if one of the keys signed it. A signature of a key that is known must be right.

    Raises NoteError otherwise.
    """
    known = {(verifier.name, verifier.key_hash): verifier for verifier in verifiers}
    read = read_note(note)
    signed = False
    for name, key_hash, signature in read.signatures:
        if (verifier := known.get((name, key_hash))) is None:
            continue
        if not verifier.holds(read.text.encode(), signature):
            raise NoteError("the signature of a known key is wrong")
        signed = signed or verifier.name == read.origin
    if not signed:
        raise NoteError("no known key has signed it")
    return read


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, name, blob = line.split(" ")
    octets = base64.b64decode(blob, validate=True)
    if dash != DASH or not name or len(octets) <= KEY_HASH_BYTES:
        raise ValueError
    return name, octets[:KEY_HASH_BYTES], octets[KEY_HASH_BYTES:]
