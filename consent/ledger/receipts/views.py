"""A person's receipts, the public check, and the keys by which anybody checks."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.users.requests import SignedInRequest
from consent.ledger.gate import gate_exempt
from consent.ledger.log.errors import LogBroken
from consent.ledger.log.selectors import checkpoint_of, proof_of
from consent.ledger.receipts.checking import Verdict, check, check_with_log, contradicted
from consent.ledger.receipts.errors import NoConsentToState, PersonErased
from consent.ledger.receipts.findings import findings
from consent.ledger.receipts.kantara import kantara_receipt
from consent.ledger.receipts.keys import key_set, log_verifiers
from consent.ledger.receipts.qr import qr_code
from consent.ledger.receipts.selectors import Receipt, log_entry, own_event, receipt_for
from consent.ledger.receipts.sheet import not_proven, record_facts, sheet_of
from consent.ledger.receipts.submissions import Submission, TooLarge, Unreadable, read_submission
from consent.ledger.rules import YES

PROGRAM = settings.BASE_DIR / "tools" / "verify_receipt.py"
FORM_OCTETS = settings.FILE_UPLOAD_MAX_MEMORY_SIZE  # up to here a file stays in memory; a pasted text may have grown

logger = logging.getLogger(__name__)
Own = Callable[[SignedInRequest, UUID], HttpResponse]


def _told_where_the_log_is_broken(view: Own) -> Own:
    """500 in plain words where the row is not the one that was signed: a receipt for it would be a false one."""

    @wraps(view)
    def told(request: SignedInRequest, event_id: UUID) -> HttpResponse:
        try:
            return view(request, event_id)
        except LogBroken:
            logger.exception("No receipt for event %s", event_id)
            said = {
                "heading": _("The log contradicts this record"),
                "explanation": _("It was changed after it had been signed. No receipt is issued for what it says now."),
                "advice": _("A receipt that you kept from before still proves what you answered. Please tell us."),
            }
            return render(request, "error.html", said, status=500)

    return told


@never_cache
@gate_exempt
@login_required
@require_safe
@_told_where_the_log_is_broken
def receipt(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """The receipt as a page."""
    mine = _own(request, event_id)
    context = {
        "receipt": mine,
        "sheet": sheet_of(mine, request.user),
        "code": qr_code(mine.check_url) if mine.proof else None,
        "has_kantara": mine.event.status in YES,
        "section": "consents",
    }
    return render(request, "receipts/receipt.html", context)


@never_cache
@gate_exempt
@login_required
@require_safe
@_told_where_the_log_is_broken
def bundle(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """Record, signature and proof as one file."""
    mine = _own(request, event_id)
    return _file(mine.as_json(), "application/json", f"{mine.file_name}.json")


@never_cache
@gate_exempt
@login_required
@require_safe
@_told_where_the_log_is_broken
def pdf(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """The receipt on paper, signed, with the file inside."""
    from consent.ledger.receipts.pdf import receipt_pdf  # a sixth of a worker's memory, which few need

    mine = _own(request, event_id)
    return _file(receipt_pdf(mine, request.user), "application/pdf", f"{mine.file_name}.pdf")


@never_cache
@gate_exempt
@login_required
@require_safe
@_told_where_the_log_is_broken
def kantara(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """The receipt in Kantara's form; 404 where nothing was consented to."""
    mine = _own(request, event_id)
    try:
        return JsonResponse(kantara_receipt(mine.event, mine.record), json_dumps_params={"ensure_ascii": False})
    except NoConsentToState as error:
        raise Http404 from error


@never_cache
@gate_exempt
@csrf_exempt  # it reads no session and changes nothing; so a form may be checked without cookies
@require_http_methods(["GET", "HEAD", "POST"])
def check_page(request: HttpRequest) -> HttpResponse:
    """Anybody checks a receipt: pasted, as a file, or by its number. Nothing of it is kept or logged."""
    if request.method != "POST":
        return render(request, "receipts/check.html", {"section": "check"})
    try:
        submission = read_submission(_handed_in(request))
    except Unreadable as error:
        status = 413 if isinstance(error, TooLarge) else 422
        return render(request, "receipts/check.html", {"problem": error.message, "section": "check"}, status=status)
    if submission.number:
        mark = f"?{urlencode({'leaf': submission.leaf_mark})}" if submission.leaf_mark else ""
        return redirect(reverse("check:entry", args=[submission.number]) + mark)
    return render(request, "receipts/check.html", _checked(submission))


@never_cache
@gate_exempt
@require_safe
def entry(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """What the log has for a printed receipt. leaf: the mark in its code, compared where it is given."""
    found, broken = None, False
    try:
        found = log_entry(event_id)
    except LogBroken:
        broken = True
    mark = request.GET.get("leaf", "").lower()
    context = {
        "broken": broken,
        "number": event_id,
        "entry": found,
        "mark": mark,
        "fits": found is not None and mark == found.mark,
        "section": "check",
    }
    return render(request, "receipts/entry.html", context, status=200 if found or broken else 404)


@gate_exempt
@cache_control(public=True, max_age=3600)
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Every key that ever signed a receipt or a checkpoint, for anybody on any site."""
    headers = {"Access-Control-Allow-Origin": "*"}
    return JsonResponse(key_set(), content_type="application/jwk-set+json", headers=headers)


@gate_exempt
@cache_control(public=True, max_age=3600)
@require_safe
def program(request: HttpRequest) -> FileResponse:
    """The program with which anybody checks receipts without this site."""
    return FileResponse(PROGRAM.open("rb"), as_attachment=True, content_type="text/x-python")


def _own(request: SignedInRequest, event_id: UUID) -> Receipt:
    event = own_event(request.user, event_id)
    if event is None:
        raise Http404
    try:
        return receipt_for(event)
    except PersonErased as error:
        raise Http404 from error


def _handed_in(request: HttpRequest) -> bytes:
    """Raises TooLarge before a byte is read, or for the file alone; Unreadable for a form in an unknown encoding."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > FORM_OCTETS:
        raise TooLarge
    request.upload_handlers = [MemoryFileUploadHandler(request)]  # nothing reaches the disk
    try:
        file = request.FILES.get("file")
        return file.read() if file else request.POST.get("receipt", "").encode()
    except (LookupError, UnicodeError) as error:
        raise Unreadable from error


def _checked(submission: Submission) -> dict[str, Any]:
    verdict = check(submission, log_verifiers())
    if verdict.record is not None:
        verdict = _with_log(verdict, UUID(verdict.record["header"]["record_id"]))
    return {
        "verdict": verdict,
        "findings": findings(verdict),
        "facts": record_facts(verdict.record) if verdict.record else (),
        "not_proven": not_proven(verdict.record) if verdict.record else (),
        "section": "check",
    }


def _with_log(verdict: Verdict, event_id: UUID) -> Verdict:
    try:
        sealed = proof_of(event_id)
    except LogBroken:
        return contradicted(verdict)
    then = checkpoint_of(verdict.place.size) if verdict.place else None
    return check_with_log(verdict, sealed, bytes(then.root) if then else b"")


def _file(content: str | bytes, content_type: str, name: str) -> HttpResponse:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=disposition)
