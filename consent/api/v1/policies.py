"""The company's policies: their versions, words and registers."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from consent.api.calls import Call, conditional, json_response
from consent.api.documents import operation
from consent.api.framework import ApiView, Json
from consent.api.problems import ApiProblem
from consent.api.v1.answers import (
    Clauses,
    PolicyAnswer,
    PolicyList,
    TextAnswer,
    VersionAnswer,
    VersionDetail,
    VersionList,
)
from consent.api.v1.confines import address
from consent.api.v1.parameters import LANGUAGE, NUMBER, SLUG
from consent.clients.models import Scope
from consent.policies.models import PolicyText
from consent.policies.rendering import parsed, rendered
from consent.policies.rules.clauses import to_json
from consent.policies.selectors import (
    Edition,
    PolicyHistory,
    choose_text,
    policy_history,
    published_policies,
    register_of,
    texts_of,
)


class Policies(ApiView):
    """The company's policies."""

    scopes = {"GET": Scope.POLICIES_READ}

    @operation(PolicyList, conditional=True)
    def get(self, request: Request) -> HttpResponse:
        """List every published policy of your company."""
        histories = published_policies(self.call.at)
        mine = [history for history in histories if history.policy.controller_id == self.call.controller_id]
        return _conditional(self.call, PolicyList([_policy(history) for history in mine]))


class OnePolicy(ApiView):
    """A policy."""

    scopes = {"GET": Scope.POLICIES_READ}

    @operation(PolicyAnswer, parameters=[SLUG], conditional=True)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Say which version of a policy is in effect, and which comes next."""
        return _conditional(self.call, _policy(_history(self.call, slug)))


class Versions(ApiView):
    """The versions of a policy."""

    scopes = {"GET": Scope.POLICIES_READ}

    @operation(VersionList, parameters=[SLUG], conditional=True)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """List every published version of a policy, newest first."""
        history = _history(self.call, slug)
        return _conditional(self.call, VersionList([_version(history, edition) for edition in history.editions]))


class OneVersion(ApiView):
    """A version of a policy."""

    scopes = {"GET": Scope.POLICIES_READ}

    @operation(VersionDetail, parameters=[SLUG, NUMBER], conditional=True)
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        """Give a version with its register: purposes, data, lawful basis, recipients, retention."""
        history = _history(self.call, slug)
        return _conditional(self.call, _detail(history, _edition(history, number)))


class Markdown(BaseRenderer):
    """Exactly the bytes whose SHA-256 is recorded."""

    media_type, format, charset = "text/markdown", "md", "utf-8"


class Html(BaseRenderer):
    """Sanitised."""

    media_type, format, charset = "text/html", "html", "utf-8"


class VersionText(ApiView):
    """The words of a version."""

    scopes = {"GET": Scope.POLICIES_READ}
    renderer_classes = (Json, Markdown, Html)

    @operation(Clauses, media=["text/markdown", "text/html"], parameters=[SLUG, NUMBER, LANGUAGE], conditional=True)
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        """Give the words as a tree of clauses, as Markdown or as HTML, as Accept or ?format= (json, md, html) asks."""
        history = _history(self.call, slug)
        edition = _edition(history, number)
        text = _text(texts_of(edition.version)[edition.version.pk], request.query_params.get("language"))
        renderer = request.accepted_renderer
        if renderer.format == "json":
            response = json_response(_clauses(history, edition, text))
        else:
            words = text.markdown if renderer.format == "md" else rendered(text).html
            response = HttpResponse(words, f"{renderer.media_type}; charset=utf-8")
        response["Content-Language"] = text.language
        return conditional(self.call.request, response)


def _conditional(call: Call, answer: object) -> HttpResponse:
    return conditional(call.request, json_response(answer))


def _history(call: Call, slug: str) -> PolicyHistory:
    history = policy_history(slug, call.at)
    if history is None or history.policy.controller_id != call.controller_id:
        raise ApiProblem("not_found")
    return history


def _edition(history: PolicyHistory, number: int) -> Edition:
    edition = history.edition(number)
    if edition is None:
        raise ApiProblem("not_found")
    return edition


def _text(texts: dict[str, PolicyText], language: str | None) -> PolicyText:
    """The language that is named, or else the best one for the reader."""
    text = texts.get(language) if language else choose_text(texts, get_language() or "", settings.LANGUAGE_CODE)
    if text is None:
        raise ApiProblem("not_found")
    return text


def _policy(history: PolicyHistory) -> PolicyAnswer:
    policy = history.policy
    return PolicyAnswer(
        policy=policy.slug,
        title=policy.title,
        asks_account_holders=policy.asks_account_holders,
        in_effect=history.current.version.number if history.current else None,
        scheduled=history.scheduled.version.number if history.scheduled else None,
        url=address(f"policies/{policy.slug}"),
    )


def _version(history: PolicyHistory, edition: Edition) -> VersionAnswer:
    version = edition.version
    return VersionAnswer(
        policy=history.policy.slug,
        number=version.number,
        status=edition.status,
        published_at=_instant(version.published_at),
        effective_at=_instant(version.effective_at),
        entered_at=_instant(version.entered_at) if version.entered_at else None,
        change_kinds=version.change_kinds,
        change_summary=version.change_summary,
        url=address(f"policies/{history.policy.slug}/versions/{version.number}"),
    )


def _detail(history: PolicyHistory, edition: Edition) -> VersionDetail:
    version, plain = edition.version, _version(history, edition)
    texts = texts_of(version)[version.pk]
    return VersionDetail(
        **{name: getattr(plain, name) for name in plain.__struct_fields__},
        controller=version.controller_block or {},
        texts=[
            TextAnswer(language, text.sha256, text.notice_sha256, f"{plain.url}/text?language={language}")
            for language, text in sorted(texts.items())
        ],
        purposes=[purpose.facts() for purpose in register_of(version)],
    )


def _clauses(history: PolicyHistory, edition: Edition, text: PolicyText) -> Clauses:
    tree = to_json(parsed(text))
    return Clauses(history.policy.slug, edition.version.number, text.language, text.sha256, **tree)


def _instant(at: datetime | None) -> datetime:
    if at is None:
        raise ValueError("a draft has no instant")
    return at
