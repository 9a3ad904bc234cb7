"""Signed notes are read, checked and refused as C2SP has it."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.ledger.log.rules.notes import NoteError, Verifier, open_note, read_note, sign_note

ROOT = bytes(range(32))
OLD, NEW, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))


def verifier(key: Ed25519PrivateKey, name: str = "portal.example/log") -> Verifier:
    return Verifier(name, key.public_key().public_bytes_raw())


def test_a_note_has_the_form_of_a_checkpoint() -> None:
    note = sign_note("portal.example/log", 123, ROOT, [OLD])

    body, signature = note.split("\n\n")
    assert body == f"portal.example/log\n123\n{base64.b64encode(ROOT).decode()}"
    assert signature.startswith("— portal.example/log ")
    assert base64.b64decode(signature.split(" ")[2])[:4] == verifier(OLD).key_hash


def test_a_published_verifier_key_has_its_hash() -> None:
    """The example of C2SP's and Go's signed note."""
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    name, _hash, octets = key.split("+", 2)

    assert str(Verifier(name, base64.b64decode(octets)[1:])) == key


def test_the_published_note_verifies_under_its_key() -> None:
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    text = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )

    assert signature[:4] == Verifier("PeterNeumann", public).key_hash
    assert Verifier("PeterNeumann", public).holds(text, signature[4:])
    assert not Verifier("PeterNeumann", public).holds(text + b"x", signature[4:])


def test_during_a_rotation_both_keys_open_the_note() -> None:
    note = sign_note("portal.example/log", 5, ROOT, [NEW, OLD])

    for known in ([verifier(OLD)], [verifier(NEW)], [verifier(NEW), verifier(OLD), verifier(STRANGER)]):
        assert (open_note(note, known).size, open_note(note, known).root) == (5, ROOT)


def test_a_note_that_nobody_known_signed_is_refused() -> None:
    note = sign_note("portal.example/log", 5, ROOT, [STRANGER])

    with pytest.raises(NoteError, match="no known key"):
        open_note(note, [verifier(OLD), verifier(NEW)])
    with pytest.raises(NoteError, match="no known key"):
        open_note(note, [verifier(STRANGER, "another.example/log")])


def test_a_changed_note_is_refused() -> None:
    note = sign_note("portal.example/log", 5, ROOT, [OLD])

    with pytest.raises(NoteError, match="wrong"):
        open_note(note.replace("\n5\n", "\n6\n"), [verifier(OLD)])


@pytest.mark.parametrize(
    "note",
    ["", "\n\n", "a\n1\nAA==\n\n— a AAAAAAAA\n", "a\nx\n" + "A" * 43 + "=\n\n— a AAAAAAAA\n", "no signature\n1\nx\n"],
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(NoteError, match="no signed checkpoint"):
        read_note(note)
