"""The digital signature inside a PDF: PAdES, by the key that signs receipts.

A PDF signature needs a certificate. Ours is signed by its own key and says nothing that the key does not: a reader
compares its public key with /.well-known/jwks.json. It follows from key and name alone, so it never has to be kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO

from asn1crypto import keys, x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    CertificateBuilder,
    KeyUsage,
    Name,
    NameAttribute,
    SubjectKeyIdentifier,
)
from cryptography.x509.oid import NameOID
from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from consent.ledger.receipts.keys import signing_key

FIELD = "Assent"
NAME_OCTETS = 64  # RFC 5280: ub-organization-name, ub-common-name
VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
VALID_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280 4.1.2.5: no date of expiry
USAGES = {
    name: name in ("digital_signature", "content_commitment")
    for name in (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
}


def sign_pdf(pdf: bytes, *, reason: str, company: str = "") -> bytes:
    """The document with a certifying signature, after which no change is allowed.

    pdf: as reportlab writes it. reason: why it is signed, shown by readers. company: who signs, the portal's name where
    it is empty. Raises NoSigningKey. Source: ISO 32000-2 12.8, ISO/TS 32002 (Ed25519), ETSI EN 319 142-1.
    """
    private = signing_key()
    company = company or settings.PORTAL_NAME
    certificate = x509.Certificate.load(certificate_of(private, company).public_bytes(Encoding.DER))
    octets = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register(certificate)
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        reason=reason,
        name=company,
        md_algorithm="sha512",  # the one that Ed25519 in CMS allows (RFC 8419)
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
    )
    signer = SimpleSigner(certificate, keys.PrivateKeyInfo.load(octets), store)
    signed = signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), metadata, signer)
    return bytes(signed.getvalue())


def certificate_of(private: Ed25519PrivateKey, company: str) -> Certificate:
    """The key's own certificate; the same key and name give the same bytes, since Ed25519 uses no randomness."""
    public = private.public_key()
    serial = int.from_bytes(sha256(public.public_bytes_raw()).digest()[:16], "big") | 1
    text = company.encode()[:NAME_OCTETS].decode(errors="ignore")
    name = Name([NameAttribute(NameOID.ORGANIZATION_NAME, text), NameAttribute(NameOID.COMMON_NAME, text)])
    return (
        CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
        .add_extension(BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(KeyUsage(**USAGES), critical=True)
        .add_extension(SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(private, None)
    )
