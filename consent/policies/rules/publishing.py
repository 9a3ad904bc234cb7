"""What must hold before a version may be published, and the digest of what a person will be shown.

A version that changes who processes what, or who receives it, cannot pass as editorial: the difference of the
registers decides which kinds of change it must declare (K109-K116).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import rfc8785
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.policies.recipients.rules import RecipientFacts, sharing_problems
from consent.policies.rules.problems import Problem, ProblemCode
from consent.policies.rules.register import SILENT, register_changes


@dataclass(frozen=True)
class VersionContent:
    """A version as plain values. texts: language → Markdown. purposes: as `Purpose.facts()`.
    controller: as `Controller.block()`. recipients: those that the controller has described, by code."""

    number: int
    texts: Mapping[str, str]
    chapters: Mapping[str, int]
    purposes: Sequence[Mapping[str, Any]]
    controller: Mapping[str, Any]
    change_kinds: Sequence[str] = ()
    change_summary: Mapping[str, str] = field(default_factory=dict)
    refusal_consequence: Mapping[str, str] = field(default_factory=dict)
    effective_at: datetime | None = None
    recipients: Mapping[str, RecipientFacts] = field(default_factory=dict)


def publication_problems(
    draft: VersionContent, before: VersionContent | None, *, effective_at: datetime, at: datetime
) -> list[Problem]:
    """Everything that stands in the way of publishing `draft` at the instant `at`; before: the version before it.
    Source: K2, K3, K13, K24, K109-K116, Y24, Y37."""
    return [*_about_the_content(draft, before), *_about_the_date(before, effective_at, at)]


def past_version_problems(
    draft: VersionContent,
    before: VersionContent | None,
    *,
    published_at: datetime,
    effective_at: datetime,
    at: datetime,
    is_published_here: bool,
) -> list[Problem]:
    """Everything that stands in the way of entering `draft` at the instant `at` as one that was in force already.

    is_published_here: whether a version of the policy was published on the portal. Source: K1, K118, Y37."""
    problems = _about_the_content(draft, before)
    if not published_at <= effective_at <= at:
        message = _("A version from before was published first, then took effect, and both lie in the past.")
        problems.append(Problem(ProblemCode.NOT_IN_THE_PAST, message))
    if is_published_here:
        message = _("A version of this policy was published here. From then on every change is announced.")
        problems.append(Problem(ProblemCode.PUBLISHED_HERE, message))
    return [*problems, *_about_the_order(before, effective_at)]


def _about_the_content(draft: VersionContent, before: VersionContent | None) -> list[Problem]:
    return [
        *_about_texts(draft),
        *_about_controller(draft.controller),
        *_about_the_register(draft),
        *(_about_the_change(draft, before) if before else []),
    ]


def _about_texts(draft: VersionContent) -> list[Problem]:
    if not any(text.strip() for text in draft.texts.values()):
        return [Problem(ProblemCode.NO_TEXT, _("There is no text yet."))]
    return [
        Problem(ProblemCode.NO_CHAPTERS, _("The text (%(language)s) has no chapter headings.") % {"language": language})
        for language, count in draft.chapters.items()
        if not count
    ]


def _about_controller(block: Mapping[str, Any]) -> list[Problem]:
    if any(block["name"].values()) and any(block["address"].values()) and (block["phone"] or block["email"]):
        return []
    message = _("The responsible company needs a registered name, an address, and a telephone number or an e-mail.")
    return [Problem(ProblemCode.CONTROLLER_INCOMPLETE, message)]


def _about_the_date(before: VersionContent | None, effective_at: datetime, at: datetime) -> list[Problem]:
    if effective_at <= at:
        return [Problem(ProblemCode.EFFECTIVE_IN_PAST, _("A change takes effect in the future. Choose a later time."))]
    return _about_the_order(before, effective_at)


def _about_the_order(before: VersionContent | None, effective_at: datetime) -> list[Problem]:
    if before and before.effective_at and effective_at <= before.effective_at:
        message = _("The version before takes effect later than that. Choose a time after it.")
        return [Problem(ProblemCode.EFFECTIVE_OUT_OF_ORDER, message)]
    return []


def _about_the_register(draft: VersionContent) -> list[Problem]:
    problems = []
    languages = [language for language, text in draft.texts.items() if text.strip()]
    if not _said_in(draft.refusal_consequence, languages):
        message = _("Say what happens to somebody who refuses the policy as a whole, in each language of the text.")
        problems.append(Problem(ProblemCode.NO_REFUSAL_CONSEQUENCE, message))
    for purpose in draft.purposes:
        if missing := _missing_in(purpose, languages):
            lacks = {"code": purpose["code"], "missing": ", ".join(str(name) for name in missing)}
            problems.append(
                Problem(ProblemCode.PURPOSE_INCOMPLETE, _("Purpose “%(code)s” lacks: %(missing)s.") % lacks)
            )
        problems += sharing_problems(purpose, draft.recipients)
    return problems


def _missing_in(purpose: Mapping[str, Any], languages: Sequence[str]) -> list[Promise]:
    missing: list[Promise] = []
    if not _said_in(purpose["title"], languages):
        missing.append(_("a title in each language"))
    if not purpose["items"]:
        missing.append(_("the items of information it uses"))
    if purpose["lawful_basis"] == "consent" and not _said_in(purpose["refusal_consequence"], languages):
        missing.append(_("what happens if it is refused, in each language"))
    if purpose["lawful_basis"] != "consent" and not any(purpose["citation"].values()):
        missing.append(_("its source in law"))
    return missing


def _said_in(texts: Mapping[str, str], languages: Sequence[str]) -> bool:
    return bool(languages) and all(texts.get(language, "").strip() for language in languages)


def _about_the_change(draft: VersionContent, before: VersionContent) -> list[Problem]:
    problems = []
    languages = [language for language, text in draft.texts.items() if text.strip()]
    if not _said_in(draft.change_summary, languages):
        message = _("Say in a few sentences what changed, in each language of the text.")
        problems.append(Problem(ProblemCode.NO_SUMMARY, message))
    for kind in sorted(required_kinds(draft, before) - set(draft.change_kinds)):
        message = _("The register or the company's details changed, so the kind of change %(kind)s must be declared.")
        problems.append(Problem(ProblemCode.KIND_MISSING, message % {"kind": kind}))
    return problems


def required_kinds(draft: VersionContent, before: VersionContent) -> set[str]:
    """The kinds of change that the differences themselves prove: M1 company, M2 purposes, M3 recipients, M6 contact."""
    kinds = {str(kind) for kind in register_changes(before.purposes, draft.purposes).suggested_kinds}
    if any(draft.controller[key] != before.controller[key] for key in ("name", "address")):
        kinds.add("M1")
    if any(draft.controller[key] != before.controller[key] for key in ("phone", "email")):
        kinds.add("M6")
    return kinds


def text_digest(markdown: str) -> str:
    """Lower-case hex SHA-256 of the Markdown as it is served."""
    return sha256(markdown.encode()).hexdigest()


def notice(version: VersionContent, policy: str, language: str) -> dict[str, Any]:
    """What a person is shown in one language when they are asked: the text by its digest, and every question.

    A fact that a line is silent about leaves no trace, so notices from before that fact existed keep their digest.
    """
    return {
        "policy": policy,
        "version": version.number,
        "language": language,
        "text_sha256": text_digest(version.texts[language]),
        "controller": dict(version.controller),
        "change_kinds": sorted(version.change_kinds),
        "change_summary": version.change_summary.get(language, ""),
        "refusal_consequence": version.refusal_consequence.get(language, ""),
        "purposes": [_in_language(purpose, language) for purpose in version.purposes],
    }


def _in_language(facts: Mapping[str, Any], language: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in facts.items():
        if key in SILENT and value == SILENT[key]:
            continue
        if isinstance(value, Mapping):
            shown[key] = value.get(language) or next((text for text in value.values() if text), "")
        elif isinstance(value, list):
            shown[key] = [_in_language(item, language) if isinstance(item, Mapping) else item for item in value]
        else:
            shown[key] = value
    return shown


def notice_bytes(content: Mapping[str, Any]) -> bytes:
    """RFC 8785 canonical JSON, the bytes that are hashed and served."""
    return rfc8785.dumps(dict(content))


def notice_digest(content: Mapping[str, Any]) -> str:
    """Lower-case hex SHA-256 of the notice's canonical JSON."""
    return sha256(notice_bytes(content)).hexdigest()


def content_digest(version: VersionContent) -> str:
    """Lower-case hex SHA-256 over everything that publishing would freeze: a code asked for one content publishes
    no other."""
    shown = [notice(version, "", language) for language in sorted(version.texts)]
    return sha256(rfc8785.dumps([version.refusal_consequence, version.change_summary, *shown])).hexdigest()
