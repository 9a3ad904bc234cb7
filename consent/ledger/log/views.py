"""The log's public addresses, as C2SP tlog-tiles has them, and two pages for people. Nothing here knows a person."""

import base64
import logging
from hashlib import sha256
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consent.ledger.log import selectors
from consent.ledger.log.errors import LogBroken, NoSuchSize
from consent.ledger.log.paths import tile_number
from consent.policies.views.conditional import conditional

FOR_EVER = "public, max-age=31536000, immutable"
SHORT = "public, max-age=5"  # the sealer's pace
HOUR = "public, max-age=3600"
TEXT, OCTETS, JSON = "text/plain; charset=utf-8", "application/octet-stream", "application/json"
PER_PAGE = 20
logger = logging.getLogger(__name__)


@login_not_required
@require_safe
def about(request: HttpRequest) -> HttpResponseBase:
    """What the log is, how large it is, and how anybody can check it."""
    latest = selectors.latest_checkpoint()
    known = [str(key) for key in selectors.verifiers()]
    context = {"checkpoint": latest, "keys": known, "section": "log"}
    parts = (latest and latest.tree_size, known)
    return conditional(request, parts, lambda: render(request, "log/about.html", context))


@login_not_required
@require_safe
def checkpoints(request: HttpRequest) -> HttpResponse:
    """The latest checkpoint, and those that others keep, newest first."""
    page = Paginator(selectors.witnessed_checkpoints(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "latest": selectors.latest_checkpoint(), "section": "log"}
    return render(request, "log/checkpoints.html", context)


@login_not_required
@require_safe
def checkpoint(request: HttpRequest, size: int | None = None) -> HttpResponseBase:
    """The latest signed note, or the one of a size."""
    found = selectors.latest_checkpoint() if size is None else selectors.checkpoint_of(size)
    if found is None:
        return _refused(404, _("There is no such checkpoint."))
    return _answer(request, found.note.encode(), TEXT, SHORT if size is None else FOR_EVER)


@login_not_required
@require_safe
def tile(request: HttpRequest, level: str, path: str, width: str = "") -> HttpResponseBase:
    """A tile, full or of `width` hashes. Either never changes."""
    n = tile_number(path)
    octets = None if n is None else selectors.tile_octets(int(level), n, int(width) if width else None)
    if octets is None:
        return _refused(404, _("The log has no such tile, or not yet."))
    return _answer(request, octets, OCTETS, FOR_EVER)


@login_not_required
@require_safe
def proof(request: HttpRequest, event_id: UUID) -> HttpResponseBase:
    """That an event is in the log."""
    try:
        found = selectors.proof_of(event_id)
    except LogBroken:
        logger.exception("no proof can be given")
        return _refused(500, _("This record does not fit the log. We have noted it and look into it."))
    if found is None:
        return _refused(404, _("The log has no record of this number, or it is not sealed yet."))
    return _answer(request, JsonResponse(found.as_json()).content, JSON, SHORT)


@login_not_required
@require_safe
def consistency(request: HttpRequest) -> HttpResponseBase:
    """That the log of one size begins with the log of another."""
    try:
        first, second = (_size(request.GET.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return _refused(400, _("Give two sizes: ?from=…&to=…"))
    try:
        path = selectors.as_base64(selectors.consistency_between(first, second))
    except NoSuchSize:
        return _refused(404, _("The log has never had such a size, or not yet."))
    return _answer(request, JsonResponse({"from": first, "to": second, "path": path}).content, JSON, FOR_EVER)


@login_not_required
@require_safe
def keys(request: HttpRequest) -> HttpResponseBase:
    """The keys that may have signed a checkpoint, a C2SP verifier key a line, the one that signs now first."""
    return _answer(request, "".join(f"{key}\n" for key in selectors.verifiers()).encode(), TEXT, HOUR)


def _size(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise ValueError
    return int(text)


def _answer(request: HttpRequest, body: bytes, content_type: str, caching: str) -> HttpResponseBase:
    etag = f'"{base64.urlsafe_b64encode(sha256(body).digest()[:18]).decode()}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(body, content_type=content_type)
    response.headers["ETag"], response.headers["Cache-Control"] = etag, caching
    return response


def _refused(status: int, words: str) -> HttpResponse:
    """In one sentence; not kept, since what is not there yet may come."""
    return HttpResponse(f"{words}\n", content_type=TEXT, status=status, headers={"Cache-Control": "no-store"})
