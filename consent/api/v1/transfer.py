"""Many consents at once: in from other systems, and out to auditors. Streams, whose size no memory bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from tempfile import TemporaryFile

import msgspec
from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from consent.api.calls import Call
from consent.api.documents import operation
from consent.api.framework import ApiView
from consent.api.problems import ApiProblem, invalid
from consent.api.v1.confines import check_instant
from consent.clients.models import Scope
from consent.ledger.transfer.actions import Counts, import_consents, note_export
from consent.ledger.transfer.formats import written
from consent.ledger.transfer.lines import ByteLines, Format
from consent.ledger.transfer.selectors import exported_events

NDJSON, CSV = "application/x-ndjson", "text/csv"
_FORMATS = {NDJSON: Format.NDJSON, CSV: Format.CSV}
_PIECE = 64 * 1024
_EXAMPLE = (
    '{"subject": "customer-1042", "policy": "privacy", "version": 1, "purpose": "ads", "status": "given", '
    '"at": "2025-06-01T08:00:00+08:00", "id": "crm-77"}\n'
)


class Ndjson(BaseRenderer):
    """One JSON object a line."""

    media_type, format, charset = NDJSON, "ndjson", "utf-8"


class Csv(BaseRenderer):
    """RFC 4180, with the names of the columns."""

    media_type, format, charset = CSV, "csv", "utf-8"


class Imports(ApiView):
    """Consents that were collected elsewhere."""

    scopes = {"POST": Scope.IMPORTS_WRITE}
    renderer_classes = (Ndjson,)

    @extend_schema(
        request={media: OpenApiTypes.STR for media in _FORMATS},
        examples=[OpenApiExample("One line", _EXAMPLE, request_only=True, media_type=NDJSON)],
    )
    @operation(media=[NDJSON], refusals=["unsupported_media_type"])
    def post(self, request: Request) -> StreamingHttpResponse:
        """Import a file of any length, a consent a line; the same file sent again adds nothing twice.

        Answers one object a line: after every few thousand lines the counts so far with `done` false, then each refused
        line with its number, code and sentences, and at the end the counts with `done` true. An answer without that
        last line was cut off: send the file again.
        """
        form = _FORMATS.get(request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower())
        if form is None:
            raise ApiProblem("unsupported_media_type", _("Send application/x-ndjson or text/csv."))
        return _stream(_imported(self.call, self.call.stream(), form), NDJSON)


class ExportedEvents(ApiView):
    """The company's events, for auditors."""

    scopes = {"GET": Scope.EXPORTS_READ}
    renderer_classes = (Ndjson, Csv)

    @operation(
        media=[NDJSON, CSV],
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="The first instant, with its time zone."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="The instant before which it ends."),
            OpenApiParameter("format", {"type": "string", "enum": list(Format)}, description="In place of Accept."),
        ],
        refusals=["invalid"],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Give every event in the order of time with its number in the log, and nothing that names a person."""
        since, until = _instant(request, "since"), _instant(request, "until")
        note_export(self.call.controller_id, actor=self.call.actor, at=self.call.at)
        events = exported_events(self.call.controller_id, since=since, until=until)
        renderer = request.accepted_renderer
        return _stream(written(events, Format(renderer.format)), renderer.media_type)


def _imported(call: Call, body: ByteLines, form: Format) -> Iterator[bytes]:
    """What is refused waits on disk until the body was read: a caller that sends all before it reads could not take it
    in before, and both sides would wait for each other. The counts keep the connection alive meanwhile."""
    encoder = msgspec.json.Encoder()
    counts = Counts()
    with TemporaryFile() as refused:
        for batch in import_consents(body, form, call.controller_id, actor=call.actor, at=call.at):
            counts = batch.so_far
            refused.write(encoder.encode_lines([refusal.as_json() for refusal in batch.refusals]))
            yield encoder.encode_lines([_told(counts, done=False)])
        refused.seek(0)
        while piece := refused.read(_PIECE):
            yield piece
    yield encoder.encode_lines([_told(counts, done=True)])


def _told(counts: Counts, *, done: bool) -> dict[str, int | bool]:
    return {"done": done, "new": counts.new, "repeated": counts.repeated, "refused": counts.refused}


def _stream(pieces: Iterator[bytes], media: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(pieces, f"{media}; charset=utf-8", headers={"Cache-Control": "private, no-store"})


def _instant(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.utcoffset() is None:
        raise invalid(f"?{name}", "format", _("Give an instant as RFC 3339 with its time zone."))
    return check_instant(instant, f"?{name}")
