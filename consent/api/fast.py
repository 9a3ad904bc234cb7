"""Operations that are called most: answered by a plain function, documented like any view of the framework.

The framework's request, its serializers and its negotiation cost more than the statement that such a call takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from consent.api.calls import Call, finished
from consent.api.framework import BearerKey
from consent.api.problems import ApiProblem, problem_response

Operation = Callable[..., HttpResponse]


class FastView(APIView):
    """A method of such a view takes a Call and the parts of the address. scopes: what a key needs, by method."""

    authentication_classes = (BearerKey,)
    scopes: ClassVar[Mapping[str, str]]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # type: ignore[override]
        """A function with the marks by which the framework knows a view's."""
        view = cls()
        methods = {name: cast(Operation, getattr(view, name.lower())) for name in cls.scopes}
        if "GET" in methods:
            methods["HEAD"] = methods["GET"]
        allowed = ", ".join(methods)

        def answer(request: HttpRequest, **parts: Any) -> HttpResponse:
            limits: dict[str, str] = {}
            try:
                call = Call.of(request)
                taken = call.take()
                limits = taken.headers
                if not taken.granted:
                    raise ApiProblem("too_many_requests")
                method = request.method or ""
                if method not in methods:
                    raise ApiProblem("method_not_allowed", headers={"Allow": allowed})
                call.check_scope(cls.scopes["GET" if method == "HEAD" else method])
                response = methods[method](call, **parts)
            except Exception as error:  # every error has an answer of its own
                response = problem_response(request, error)
            return finished(response, limits)

        marks = {"cls": cls, "initkwargs": initkwargs, "csrf_exempt": True}
        vars(answer).update(marks)
        return answer
