"""What everybody may read: policies, their versions, and what changed between two of them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from consent.policies.models import PolicyText
from consent.policies.publication import content_of
from consent.policies.rendering import parsed, rendered
from consent.policies.rules.clauses import to_json
from consent.policies.rules.differences import compare
from consent.policies.rules.publishing import notice, notice_bytes
from consent.policies.selectors import (
    Edition,
    PolicyHistory,
    choose_text,
    policy_history,
    published_policies,
    register_of,
    texts_of,
)
from consent.policies.views.conditional import conditional


@require_safe
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every published policy with the version in effect and the one to come, but for what staff alone accept."""
    histories = [each for each in published_policies(timezone.now()) if each.policy.slug != settings.STAFF_UNDERTAKING]
    context = {"histories": histories, "section": "policies"}
    return render(request, "policies/list.html", context)


@require_safe
def policy(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The policy as it now stands: the version in effect, or the first one to come."""
    history = _history(slug)
    return _page(request, _Shown.of(request, history, history.current or history.editions[-1]))


@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """One version under its permanent address."""
    history = _history(slug)
    return _page(request, _Shown.of(request, history, _edition(history, number)))


@require_safe
def version_json(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """The version as data: chapters with their nested items, register, digests."""
    history = _history(slug)
    shown = _Shown.of(request, history, _edition(history, number))
    return conditional(request, shown.parts, lambda: JsonResponse(_as_json(shown), json_dumps_params=_JSON))


@require_safe
def version_markdown(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """The version's Markdown: exactly the bytes whose SHA-256 is recorded."""
    history = _history(slug)
    text = _Shown.of(request, history, _edition(history, number)).text
    return conditional(
        request, (text.sha256,), lambda: HttpResponse(text.markdown, content_type="text/markdown; charset=utf-8")
    )


@require_safe
def version_notice(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """What a person was shown when asked: the canonical JSON whose SHA-256 stands in each event."""
    history = _history(slug)
    shown = _Shown.of(request, history, _edition(history, number))
    content = content_of(shown.edition.version, [shown.text])
    body = notice_bytes(notice(content, slug, shown.text.language))
    return conditional(
        request, (shown.text.notice_sha256,), lambda: HttpResponse(body, content_type="application/json")
    )


@require_safe
def changes(request: HttpRequest, slug: str, old: int, new: int) -> HttpResponseBase:
    """What changed between any two versions, clause by clause."""
    history = _history(slug)
    before, after = _edition(history, old), _edition(history, new)
    texts = texts_of(before.version, after.version)
    new_text = _chosen(request, texts[after.version.pk])
    old_text = texts[before.version.pk].get(new_text.language) or _chosen(request, texts[before.version.pk])
    parts = (old_text.sha256, new_text.sha256, before.status, after.status)
    return conditional(
        request,
        parts,
        lambda: render(request, "policies/changes.html", _changes(history, before, after, old_text, new_text)),
    )


_JSON = {"ensure_ascii": False, "indent": 1}


@dataclass(frozen=True)
class _Shown:
    """A version and the text of it that this reader is shown."""

    history: PolicyHistory
    edition: Edition
    text: PolicyText
    languages: tuple[str, ...]

    @classmethod
    def of(cls, request: HttpRequest, history: PolicyHistory, edition: Edition) -> "_Shown":
        texts = texts_of(edition.version)[edition.version.pk]
        return cls(history, edition, _chosen(request, texts), tuple(sorted(texts)))

    @property
    def parts(self) -> tuple[object, ...]:
        statuses = tuple((e.version.number, e.status) for e in self.history.editions)
        return (self.text.sha256, self.text.language, self.text.notice_sha256, statuses)


def _history(slug: str) -> PolicyHistory:
    history = policy_history(slug, timezone.now())
    if history is None:
        raise Http404
    return history


def _edition(history: PolicyHistory, number: int) -> Edition:
    edition = history.edition(number)
    if edition is None:
        raise Http404
    return edition


def _chosen(request: HttpRequest, texts: dict[str, PolicyText]) -> PolicyText:
    wanted = request.GET.get("language") or get_language() or settings.LANGUAGE_CODE
    text = choose_text(texts, wanted, settings.LANGUAGE_CODE)
    if text is None:
        raise Http404
    return text


def _page(request: HttpRequest, shown: _Shown) -> HttpResponseBase:
    return conditional(request, shown.parts, lambda: render(request, "policies/policy.html", _page_context(shown)))


def _page_context(shown: _Shown) -> dict[str, Any]:
    return {
        "history": shown.history,
        "edition": shown.edition,
        "version": shown.edition.version,
        "text": shown.text,
        "languages": shown.languages,
        "document": rendered(shown.text),
        "purposes": register_of(shown.edition.version),
        "company": shown.edition.version.controller_block,
        "now": timezone.now(),
        "section": "policies",
    }


def _as_json(shown: _Shown) -> dict[str, Any]:
    version = shown.edition.version
    assert version.published_at is not None and version.effective_at is not None  # noqa: PT018, S101 - narrowed for types
    return {
        "policy": shown.history.policy.slug,
        "controller": version.controller_block,
        "number": version.number,
        "status": shown.edition.status,
        "published_at": version.published_at.isoformat(),
        "effective_at": version.effective_at.isoformat(),
        "entered_at": version.entered_at.isoformat() if version.entered_at else None,
        "language": shown.text.language,
        "languages": shown.languages,
        "sha256": shown.text.sha256,
        "notice_sha256": shown.text.notice_sha256,
        "change_kinds": version.change_kinds,
        "change_summary": version.change_summary,
        **to_json(parsed(shown.text)),
        "purposes": [purpose.facts() for purpose in register_of(version)],
    }


def _changes(
    history: PolicyHistory, before: Edition, after: Edition, old_text: PolicyText, new_text: PolicyText
) -> dict[str, Any]:
    every = compare(parsed(old_text), parsed(new_text))
    return {
        "history": history,
        "before": before,
        "after": after,
        "text": new_text,
        "changes": [change for change in every if change.kind != "same"],
        "unchanged": sum(1 for change in every if change.kind == "same"),
        "company": after.version.controller_block,
        "section": "policies",
    }
