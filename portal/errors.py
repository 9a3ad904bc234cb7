"""What somebody sees when something is not there, not allowed, or broken: what is not lost, and what to do."""

import logging
from secrets import token_hex

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400"""
    return _page(
        request, 400, _("That could not be read"), _("Nothing was changed."), _("Go back and try it once more.")
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403; not found and not yours are the same words."""
    return not_found(request, exception, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None, *, status: int = 404) -> HttpResponse:
    """404"""
    return _page(
        request,
        status,
        _("There is nothing here"),
        _("The page does not exist, or it is not for the account you are signed in with."),
        _("Check the address, or start from the policies."),
    )


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form came from elsewhere, or from before a sign-in."""
    return _page(
        request,
        403,
        _("This form is no longer valid"),
        _("Nothing was recorded. The page was open too long, or cookies are off."),
        _("Open the page again and send it once more."),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """500, with a number under which the log has the cause."""
    reference = f"E-{token_hex(4)}"
    logger.error("%s %s failed, told the person %s", request.method, request.path, reference)
    try:
        return _page(
            request,
            500,
            _("Something went wrong on our side"),
            _("What you recorded before is not lost. This last step was not recorded."),
            _("Try it again in a minute. If it stays, write to us and quote the number."),
            reference,
        )
    except Exception:  # the page itself needs the database for the session: without it, plain words remain
        logger.exception("the error page failed as well")
        chinese, english = "出了点问题，您之前的记录没有丢。", "Something went wrong; nothing recorded before is lost."
        words = f"{chinese} {english} {reference}"
        return HttpResponse(words, status=500, content_type="text/plain; charset=utf-8")


def _page(
    request: HttpRequest,
    status: int,
    heading: Promise,
    explanation: Promise,
    advice: Promise,
    reference: str = "",
) -> HttpResponse:
    context = {"heading": heading, "explanation": explanation, "advice": advice, "reference": reference}
    return render(request, "error.html", context, status=status)
