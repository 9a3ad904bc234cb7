"""Parsed and rendered texts, kept by content: a published text never changes, so it is worked out once a process."""

from functools import lru_cache

from consent.policies.models import PolicyText
from consent.policies.rules.clauses import PolicyDocument, parse
from consent.policies.rules.publishing import text_digest
from consent.policies.rules.rendering import RenderedPolicy, render


def parsed(text: PolicyText) -> PolicyDocument:
    """The text's tree of clauses."""
    return _parsed(text.markdown)


def rendered(text: PolicyText) -> RenderedPolicy:
    """The text as sanitised HTML with its table of contents."""
    return _rendered(text.sha256 or text_digest(text.markdown), text.language, text.markdown)


@lru_cache(maxsize=64)
def _parsed(markdown: str) -> PolicyDocument:
    return parse(markdown)


@lru_cache(maxsize=64)
def _rendered(_digest: str, language: str, markdown: str) -> RenderedPolicy:
    return render(_parsed(markdown), language)
