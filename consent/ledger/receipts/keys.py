"""The public halves of both rings as JSON Web Keys, and a receipt's signature. Retired keys stay in the list."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from consent.ledger.keyring import log_ring, receipt_ring
from consent.ledger.log.rules.notes import Verifier

ALGORITHM = "Ed25519"
TYPE = "consent-receipt+jws"
MOST_OCTETS = 1_000_000  # of a receipt handed in to be checked


class NoSigningKey(Exception):
    """Nothing can be signed: every key of RECEIPT_KEYS is a retired one (HTTP 500)."""


class UnknownKey(ValueError):
    """Signed by a key that is none of ours, or by none."""


def key_set() -> dict[str, Any]:
    """Every key of both rings, receipts first. Source: RFC 7517, RFC 8037, RFC 9864."""
    receipts = [_jwk(key.public, receipt_kid(key.public)) for key in receipt_ring().keys]
    return {"keys": receipts + [_jwk(verifier.public, verifier.key_id) for verifier in log_verifiers()]}


def log_verifiers() -> list[Verifier]:
    """The keys that the log's checkpoints may be signed by."""
    return [Verifier(settings.LOG_NAME, key.public) for key in log_ring().keys]


def receipt_kid(public: bytes) -> str:
    """The RFC 7638 thumbprint of a public key of 32 bytes, base64url."""
    return _base64url(sha256(_json({"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)})).digest())


def signing_key() -> Ed25519PrivateKey:
    """The key that signs now. Raises NoSigningKey."""
    for key in receipt_ring().keys:
        if key.private:
            return key.private
    raise NoSigningKey


def signing_kid() -> str:
    """The kid of the key that signs now, empty where none can."""
    return next((receipt_kid(key.public) for key in receipt_ring().signers), "")


def sign(payload: bytes) -> str:
    """The compact JWS of a receipt; the same payload and key give the same text. Source: RFC 7515, RFC 9864."""
    private = signing_key()
    header = {"alg": ALGORITHM, "kid": receipt_kid(private.public_key().public_bytes_raw()), "typ": TYPE}
    return jws.serialize_compact(header, payload, OKPKey.import_key(private), algorithms=[ALGORITHM])


def header_of(compact: str) -> dict[str, Any]:
    """The protected header of a compact JWS, not yet trusted. Raises ValueError where it is none."""
    try:
        header: object = jws.extract_compact(compact.encode("ascii")).headers()
    except (JoseError, UnicodeEncodeError) as error:
        raise ValueError("this is no compact JWS") from error
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header


def signed_payload(compact: str) -> tuple[bytes, str]:
    """What a compact JWS says, and the kid of the key that signed it, one of the receipts' ring, retired or not.

    Raises UnknownKey where none of ours has that kid, ValueError where the signature is wrong.
    """
    header = header_of(compact)
    kid = header.get("kid") if header.get("typ") == TYPE else None
    public = next((key.public for key in receipt_ring().keys if receipt_kid(key.public) == kid), None)
    if public is None:
        raise UnknownKey
    if header != {"alg": ALGORITHM, "kid": kid, "typ": TYPE}:
        raise ValueError("the signature is of another kind than ours")
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _base64url(public)})
    try:
        return jws.deserialize_compact(compact, key, registry=_registry()).payload, str(kid)
    except JoseError as error:
        raise ValueError("the signature is wrong") from error


def _registry() -> jws.JWSRegistry:
    registry = jws.JWSRegistry(algorithms=[ALGORITHM])
    registry.max_payload_length = MOST_OCTETS
    return registry


def _jwk(public: bytes, kid: str) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(public), "kid": kid, "use": "sig", "alg": ALGORITHM}


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _json(value: dict[str, str]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
