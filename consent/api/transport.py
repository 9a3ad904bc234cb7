"""What the API asks of the connection."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from consent.api.problems import ApiProblem, problem_response


class RefuseClearText:
    """Answer a call over http with a problem instead of a redirect: a client that follows one would send its key in
    clear with every call and never learn of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return problem_response(request, ApiProblem("https_required"))
        return self.get_response(request)
