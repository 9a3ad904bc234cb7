"""What somebody hands in to be checked: pasted, uploaded, or a number. Nothing of it is kept.

A PDF is only taken apart once its signature is found to be ours: a stranger's file never meets the PDF parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha512
from io import BytesIO
from typing import Any, ClassVar
from uuid import UUID

from asn1crypto import cms
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.ledger.keyring import receipt_ring
from consent.ledger.receipts.keys import MOST_OCTETS, receipt_kid

MOST_NESTING = 32
_JWS = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_NUMBER = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.I)
_CHECK_URL = re.compile(rf"\S*/check/({_NUMBER.pattern})/(?:\?leaf=([0-9a-f]{{32}}))?", re.ASCII | re.I)
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,8})\s+(\d{1,8})\s+(\d{1,8})\s*\]")
_HEX = re.compile(rb"<([0-9A-Fa-f]+)>")


class Unreadable(Exception):
    """Nothing that could be checked. message: what is wrong and what to do, for people."""

    message: ClassVar[str | Promise] = _("This is no receipt. Choose the JSON or PDF file that you downloaded here.")


class NothingGiven(Unreadable):
    """An empty form."""

    message = _("Paste a receipt, or choose its file.")


class TooLarge(Unreadable):
    """More than MOST_OCTETS."""

    message = _("This file is too large for a receipt; a receipt has less than 1 MB.")


class NotOurPdf(Unreadable):
    """A PDF without a signature of ours that covers all of it."""

    message = _(
        "This PDF was changed after it was signed, or it was not issued here. Try the file as you downloaded it."
    )


class PdfWithoutReceipt(Unreadable):
    """A PDF of ours that carries no receipt."""

    message = _("This PDF was signed here and is unchanged, but it carries no receipt.")


@dataclass(frozen=True, slots=True)
class Submission:
    """jws: compact, empty where there is none. record: None where only the JWS was given. proof: as it was given, not
    yet looked at. pdf_kid: the key that signed the PDF in which it came. number, leaf_mark: of a paper receipt."""

    jws: str = ""
    record: dict[str, Any] | None = None
    proof: dict[str, Any] | None = None
    pdf_kid: str = ""
    number: UUID | None = None
    leaf_mark: str = ""


def read_submission(octets: bytes) -> Submission:
    """What was handed in: a bundle, a JWS, a PDF with a bundle inside, a receipt's number, or the address in its code.

    Raises Unreadable (422) with what to do.
    """
    if len(octets) > MOST_OCTETS:
        raise TooLarge
    if octets.lstrip().startswith(b"%PDF-"):
        return _from_pdf(octets.lstrip())
    try:
        text = octets.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Unreadable from error
    if not text:
        raise NothingGiven
    if _NUMBER.fullmatch(text):
        return Submission(number=UUID(text))
    if address := _CHECK_URL.fullmatch(text):
        return Submission(number=UUID(address[1]), leaf_mark=(address[2] or "").lower())
    if _JWS.fullmatch(compact := "".join(text.split())):
        return Submission(jws=compact)
    return _from_bundle(text)


def _from_bundle(text: str, pdf_kid: str = "") -> Submission:
    bundle = strict_json(text)
    if not isinstance(bundle, dict):
        raise Unreadable
    jws, record, proof = bundle.get("jws"), bundle.get("record"), bundle.get("proof")
    if not isinstance(jws, str) or not isinstance(record, dict) or not isinstance(proof, dict | None):
        raise Unreadable
    return Submission(jws, record, proof, pdf_kid)


def strict_json(text: str) -> Any:
    """A JSON value in which no name occurs twice and nothing is nested too deep. Raises Unreadable."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        _check_nesting(value)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check_nesting(value: Any) -> None:
    layer: Iterable[Any] = [value]
    for _depth in range(MOST_NESTING):
        below: list[Any] = []
        for each in layer:
            below.extend(each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        if not below:
            return
        layer = below
    raise ValueError("nested too deep")


def _from_pdf(octets: bytes) -> Submission:
    kid = signer_of_pdf(octets)
    if not kid:
        raise NotOurPdf
    return _from_bundle(_attachment(octets).decode(), kid)


def _attachment(octets: bytes) -> bytes:
    from pyhanko.pdf_utils.misc import PdfError  # a sixth of a worker's memory, which few need
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        names = PdfFileReader(BytesIO(octets)).root["/Names"]["/EmbeddedFiles"]["/Names"]
        return bytes(names[1]["/EF"]["/F"].data)
    except (PdfError, KeyError, IndexError, TypeError) as error:
        raise PdfWithoutReceipt from error


def signer_of_pdf(octets: bytes) -> str:
    """The kid of our key, in use or retired, that signed this PDF from the first byte to the last; empty without one.

    Source: ISO 32000-2 12.8.1 (byte range); RFC 5652 5.4, RFC 8419 (Ed25519 in CMS).
    """
    ranges = _BYTE_RANGE.findall(octets)
    if not ranges:
        return ""
    before, start, length = map(int, ranges[-1])
    contents = _HEX.fullmatch(octets, before, start)
    if not contents or len(contents[1]) % 2 or start + length != len(octets):
        return ""
    digest = sha512(octets[:before] + octets[start:]).digest()
    try:
        signer = cms.ContentInfo.load(bytes.fromhex(contents[1].decode()))["content"]["signer_infos"][0]
        attributes = {each["type"].native: each["values"] for each in signer["signed_attrs"]}
        if attributes["message_digest"][0].native != digest:
            return ""
        signed, signature = signer["signed_attrs"].untag().dump(), signer["signature"].native
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return next((receipt_kid(key.public) for key in receipt_ring().keys if _signed(key.public, signature, signed)), "")


def _signed(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
