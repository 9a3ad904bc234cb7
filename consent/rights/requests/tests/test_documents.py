"""Pictures from strangers: only pictures, without anything else in them, and gone with the case (K33)."""

import base64
import io
import struct
import zlib
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.utils.translation import override
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pytest_django import Settings

from accounts.audit.models import AuditEntry
from accounts.models import User
from accounts.sealing.rules import current_key_name
from consent.rights.requests.actions import withdraw_request
from consent.rights.requests.documents import (
    FORGOTTEN_AFTER,
    add_documents,
    destroy_documents,
    live_documents,
    picture_of,
    sweep_documents,
)
from consent.rights.requests.errors import RequestError
from consent.rights.requests.models import RequestDocument, RightsRequest
from consent.rights.requests.pictures import LONGEST_SIDE, MAX_BYTES, SCAN, redrawn
from consent.rights.requests.tasks import destroy_old_documents
from consent.rights.requests.tests.factories import LATER, make_request, make_verified, person, picture

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
ZIP = b"PK\x03\x04" + bytes(64)


def png(width: int, height: int, data: bytes) -> bytes:
    """A PNG that claims a size, whatever is in it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


REFUSED = {
    "SVG": SVG,
    "PDF": PDF,
    "zip": ZIP,
    "GIF": b"GIF89a" + bytes(40),
    "HTML": b"<html><script>alert(1)</script></html>",
    "SVG that calls itself a PNG": b"\x89PNG\r\n\x1a\n" + SVG,
    "empty": b"",
    "cut off": picture(size=(400, 400))[:200],
    "50 MB": picture() + bytes(50 * 1024 * 1024),
    "JPEG with one byte too many": picture() + bytes(MAX_BYTES),
    "a bomb of a gigapixel": png(32_000, 32_000, zlib.compress(bytes(1_000_000))),
    "a size just too large": png(4_001, 5_000, zlib.compress(b"")),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_picture_of_reasonable_size_is_refused(content: bytes) -> None:
    with pytest.raises(ValidationError):
        redrawn(content)


def test_a_progressive_picture_that_repeats_a_scan_is_refused_before_it_is_drawn() -> None:
    honest = picture(size=(4000, 4000), progressive=True)
    scan = honest[honest.rindex(SCAN) : -2]

    bomb = honest[:-2] + scan * 5000 + honest[-2:]

    assert redrawn(honest)
    with override("en"), pytest.raises(ValidationError, match="too many points"):
        redrawn(bomb)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_comes_out_as_a_jpeg_of_the_same_look(kind: str) -> None:
    clean = Image.open(io.BytesIO(redrawn(picture(kind))))

    assert (clean.format, clean.size) == ("JPEG", (60, 40))
    assert abs(clean.getpixel((30, 20))[0] - 200) < 6  # type: ignore[index]


def test_nothing_that_was_hidden_in_or_behind_the_picture_remains() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x8825] = "Maker", {1: "N", 2: (31.0, 13.0, 0.0)}  # a camera and a place
    polyglot = picture(exif=exif.tobytes(), comment=b"<script>alert(1)</script>") + ZIP + SVG + b"<?php evil(); ?>"
    assert b"Maker" in polyglot

    clean = redrawn(polyglot)

    for trace in (b"Maker", b"script", b"PK\x03\x04", b"<?php", b"Exif"):
        assert trace not in clean
    assert not Image.open(io.BytesIO(clean)).getexif()


def test_text_that_a_png_carries_is_gone() -> None:
    info = PngInfo()
    info.add_text("Author", "Alice of 8 Example Road")

    assert b"Alice" not in redrawn(picture("PNG", pnginfo=info))


def test_a_picture_stands_upright_after_its_metadata_are_gone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter

    assert Image.open(io.BytesIO(redrawn(picture(exif=exif.tobytes())))).size == (40, 60)


def test_a_large_photograph_is_made_small_enough() -> None:
    clean = Image.open(io.BytesIO(redrawn(picture(size=(6_000, 4_000)))))

    assert max(clean.size) <= LONGEST_SIDE


@pytest.fixture
def request_of_alice(alice: User) -> RightsRequest:
    return make_request(alice)


def _add(request: RightsRequest, alice: User, count: int = 1) -> list[RequestDocument]:
    pictures = [("identity", redrawn(picture()))] * count
    return add_documents(request, pictures, actor=person(alice), at=LATER)


def test_documents_lie_sealed(request_of_alice: RightsRequest, alice: User) -> None:
    (document,) = _add(request_of_alice, alice)

    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM consent_requestdocument WHERE id = %s", [document.pk])
        (stored,) = cursor.fetchone()
    assert b"JFIF" not in bytes(stored)
    assert picture_of(document).startswith(b"\xff\xd8\xff")


def test_documents_are_sealed_anew_under_a_new_key(
    request_of_alice: RightsRequest, alice: User, settings: Settings
) -> None:
    (document,) = _add(request_of_alice, alice)
    settings.FIELD_KEY = f"{base64.b64encode(bytes(32)).decode()},{settings.FIELD_KEY}"

    call_command("rotate_keys", verbosity=0)

    stored = RequestDocument.objects.get(pk=document.pk)
    assert bytes(stored.content or b"")[:4].hex() == current_key_name()
    assert picture_of(stored) == picture_of(document)


def test_there_are_four_at_the_most(request_of_alice: RightsRequest, alice: User) -> None:
    _add(request_of_alice, alice, 3)

    with pytest.raises(RequestError):
        _add(request_of_alice, alice, 2)
    assert len(live_documents(request_of_alice)) == 3


def test_none_is_taken_once_identity_is_proven(alice: User) -> None:
    with pytest.raises(RequestError):
        _add(make_verified(alice), alice)


def test_documents_are_destroyed_when_the_case_ends(request_of_alice: RightsRequest, alice: User) -> None:
    (document,) = _add(request_of_alice, alice)

    withdraw_request(request_of_alice, actor=person(alice), at=LATER)

    document.refresh_from_db()
    assert (document.content, document.destroyed_at) == (None, LATER)
    assert AuditEntry.objects.get(act="request.documents_destroyed").details == {"count": 1}
    with pytest.raises(ValueError, match="destroyed"):
        picture_of(document)


def test_what_an_ended_case_left_behind_and_what_was_forgotten_is_swept(alice: User) -> None:
    ended, forgotten, fresh = (make_request(alice) for _ in range(3))
    for request in (ended, forgotten, fresh):
        _add(request, alice)
    RightsRequest.objects.filter(pk=ended.pk).update(status="withdrawn", ended_at=LATER)
    forgotten.documents.update(uploaded_at=LATER - FORGOTTEN_AFTER)

    assert sweep_documents(at=LATER + timedelta(hours=1)) == 2
    assert sweep_documents(at=LATER + timedelta(hours=1)) == 0
    assert [bool(live_documents(request)) for request in (ended, forgotten, fresh)] == [False, False, True]


def test_the_daily_job_sweeps(request_of_alice: RightsRequest, alice: User) -> None:
    _add(request_of_alice, alice)
    request_of_alice.documents.update(uploaded_at=LATER - timedelta(days=900))

    assert destroy_old_documents() == 1


def test_destroying_twice_is_noted_once(request_of_alice: RightsRequest, alice: User) -> None:
    _add(request_of_alice, alice)

    for _ in range(2):
        destroy_documents(request_of_alice, at=LATER)

    assert AuditEntry.objects.filter(act="request.documents_destroyed").count() == 1
