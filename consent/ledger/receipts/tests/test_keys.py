"""Receipts are signed so that anybody can check them, with keys that outlive their use."""

import base64
import json
from collections.abc import Callable

import pytest
from django.test import Client
from jwcrypto import jwk, jws

from consent.ledger.log.rules.notes import Verifier
from consent.ledger.receipts.keys import NoSigningKey, UnknownKey, key_set, sign, signed_payload
from consent.ledger.receipts.record import canonical
from consent.ledger.receipts.tests.factories import NEW_SEED, OLD_SEED, fixed_record

UseKeys = Callable[..., None]


def _public(seed: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed)).public_key().public_bytes_raw()


def test_another_library_verifies_a_receipt_with_the_published_keys() -> None:
    compact = sign(canonical(fixed_record()))

    token = jws.JWS()
    token.deserialize(compact)
    [key] = [key for key in key_set()["keys"] if key["kid"] == token.jose_header["kid"]]
    token.allowed_algs = ["Ed25519"]
    token.verify(jwk.JWK(**key))

    assert json.loads(token.payload) == fixed_record()
    assert token.jose_header["alg"] == "Ed25519"


def test_a_key_id_is_the_thumbprint_that_another_library_makes() -> None:
    key = next(key for key in key_set()["keys"] if "+" not in key["kid"])

    thumbprint = jwk.JWK(**{name: key[name] for name in ("kty", "crv", "x")}).thumbprint()

    assert key["kid"] == thumbprint


def test_the_same_record_is_signed_the_same_way() -> None:
    assert sign(b"one") == sign(b"one")


def test_a_receipt_from_before_a_rotation_still_verifies(use_keys: UseKeys) -> None:
    use_keys(receipts=OLD_SEED)
    before = sign(b"said before")

    use_keys(receipts=f"{NEW_SEED}, public:{base64.b64encode(_public(OLD_SEED)).decode()}")
    after = sign(b"said after")

    assert signed_payload(before)[0] == b"said before"
    assert signed_payload(after)[0] == b"said after"
    assert signed_payload(before)[1] != signed_payload(after)[1]


def test_a_key_that_was_dropped_is_unknown(use_keys: UseKeys) -> None:
    use_keys(receipts=OLD_SEED)
    before = sign(b"said before")

    use_keys(receipts=NEW_SEED)

    with pytest.raises(UnknownKey):
        signed_payload(before)


def test_retired_keys_alone_sign_nothing(use_keys: UseKeys) -> None:
    use_keys(receipts=f"public:{base64.b64encode(_public(OLD_SEED)).decode()}")

    with pytest.raises(NoSigningKey):
        sign(b"anything")


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}])
def test_a_token_that_asks_for_another_algorithm_is_refused(header: dict[str, str]) -> None:
    kid = key_set()["keys"][0]["kid"]
    protected = json.dumps(header | {"kid": kid, "typ": "consent-receipt+jws"}).encode()
    first = base64.urlsafe_b64encode(protected).rstrip(b"=").decode()
    _head, payload, signature = sign(b"anything").split(".")

    with pytest.raises(ValueError, match="signature"):
        signed_payload(f"{first}.{payload}.{signature}")


def test_what_the_key_signed_for_another_use_is_no_receipt() -> None:
    head, payload, signature = sign(b"anything").split(".")
    other = head.replace(head[-8:], "AAAAAAAA")

    with pytest.raises(ValueError, match=r".+"):
        signed_payload(f"{other}.{payload}.{signature}")


@pytest.mark.django_db
def test_every_key_of_both_rings_is_published_for_every_site(client: Client, use_keys: UseKeys) -> None:
    retired = base64.b64encode(_public(OLD_SEED)).decode()
    use_keys(receipts=f"{NEW_SEED} public:{retired}", log=f"{NEW_SEED} public:{retired}")

    response = client.get("/.well-known/jwks.json")
    keys = response.json()["keys"]

    assert [base64.urlsafe_b64decode(key["x"] + "=") for key in keys] == 2 * [_public(NEW_SEED), _public(OLD_SEED)]
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "max-age=3600" in response["Cache-Control"]
    assert not response.cookies
    assert "d" not in keys[0]


@pytest.mark.django_db
def test_a_key_of_the_log_is_named_as_in_its_checkpoints(settings: object) -> None:
    [key] = [key for key in key_set()["keys"] if "+" in key["kid"]]
    name = key["kid"].rpartition("+")[0]

    verifier = Verifier(name, base64.urlsafe_b64decode(key["x"] + "="))

    assert str(verifier).startswith(key["kid"])
