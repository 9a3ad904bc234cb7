"""Any PDF can be signed, and nobody can change it afterwards unnoticed."""

from io import BytesIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext
from reportlab.pdfgen.canvas import Canvas

from consent.ledger.receipts.keys import signing_key
from consent.ledger.receipts.pdf_signing import certificate_of, sign_pdf


def one_page(text: str = "one page") -> bytes:
    """A PDF without a signature."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pageCompression=0)
    canvas.drawString(72, 720, text)
    canvas.save()
    return buffer.getvalue()


def _status(pdf: bytes) -> PdfSignatureStatus:
    signature = PdfFileReader(BytesIO(pdf)).embedded_signatures[0]
    trusted = ValidationContext(trust_roots=[signature.signer_cert], allow_fetching=False)
    return validate_pdf_signature(signature, trusted)


def test_a_signed_document_is_whole_and_signed_by_the_receipts_key() -> None:
    pdf = sign_pdf(one_page(), reason="Receipt")

    status = _status(pdf)

    assert status.bottom_line
    assert status.signing_cert.public_key["public_key"].native == signing_key().public_key().public_bytes_raw()
    assert status.md_algorithm == "sha512"


def test_a_changed_byte_breaks_the_signature() -> None:
    pdf = sign_pdf(one_page("you agreed"), reason="Receipt")

    status = _status(pdf.replace(b"you agreed", b"you refuse"))

    assert not status.intact
    assert not status.bottom_line


def test_the_certificate_follows_from_key_and_name_alone() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

    first, again = certificate_of(private, "示例支付有限公司"), certificate_of(private, "示例支付有限公司")

    assert first == again
    assert first.subject == first.issuer
    assert "示例支付有限公司" in first.subject.rfc4514_string()


def test_a_long_name_of_a_company_is_cut_to_what_a_certificate_holds() -> None:
    certificate = certificate_of(Ed25519PrivateKey.generate(), "司" * 80)

    assert certificate.subject.rfc4514_string().count("司") == 2 * 21
