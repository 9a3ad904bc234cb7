"""What somebody sees when something is not there, not allowed, or broken: what is not lost, and what to do."""

import logging
from collections.abc import Callable
from secrets import token_hex

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
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


class FormsOnlyMiddleware:
    """405 in words: somebody comes here who pressed a button after their session was over, and signed in again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content or request.method == "HEAD":
            return response
        page = _page(
            request,
            405,
            _("Nothing was sent here"),
            _("This address only takes what a form sends. If you had just pressed a button: nothing was recorded."),
            _("Go back to the page with the button and press it once more."),
        )
        page["Allow"] = response["Allow"]
        return page


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
