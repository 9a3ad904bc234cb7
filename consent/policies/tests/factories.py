"""Controllers, policies and published versions for tests: the same input gives the same rows and digests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from consent.policies import schedule
from consent.policies.models import Controller, DataItem, LawfulBasis, Policy, PolicyText, PolicyVersion, Purpose
from consent.policies.rules.publishing import VersionContent, notice, notice_digest, text_digest

FIRST_EFFECT = datetime(2025, 1, 1, tzinfo=UTC)  # version 1; each later one takes effect 30 days after the one before
NOTICE_DAYS = 10
MARKDOWN = {
    "zh-hans": "# 示例支付隐私政策（第 {number} 版）\n\n## 一、 我们如何收集\n\n我们按照本政策处理您的信息。\n",
    "en": "# Privacy policy of Example Pay (version {number})\n\n## 1 What we collect\n\nWe process as stated here.\n",
}


def make_controller(slug: str = "pay") -> Controller:
    """A company with everything that publication asks for."""
    return Controller.objects.create(
        slug=slug,
        name={"zh-hans": "示例支付有限公司", "en": "Example Pay Ltd"},
        brand={"zh-hans": "示例支付", "en": "Example Pay"},
        address={"zh-hans": "南方市示例区示例路 8 号", "en": "8 Example Road"},
        phone="400-000-1234",
    )


def make_policy(controller: Controller | None = None, slug: str = "privacy", **fields: Any) -> Policy:
    """A policy without versions; a controller is made where none is given."""
    title = {"zh-hans": "示例支付隐私政策", "en": "Privacy policy"}
    return Policy.objects.create(controller=controller or make_controller(), slug=slug, title=title, **fields)


def facts(code: str, **changes: Any) -> dict[str, Any]:
    """A line of the register that rests on consent, as `Purpose.facts()`, with what is to differ. items: codes, a
    sensitive one with an exclamation mark behind it, one that is never shared with a minus."""
    items = changes.pop("items", ["phone"])
    if changes.get("lawful_basis", LawfulBasis.CONSENT) != LawfulBasis.CONSENT:
        changes = {
            "exemption": "E1",
            "citation": {"zh-hans": "《反洗钱法》", "en": "Anti-Money Laundering Law"},
        } | changes
    return {
        "code": code,
        "title": {"zh-hans": f"用途 {code}", "en": f"Purpose {code}"},
        "description": {"zh-hans": "为了演示", "en": "To show it"},
        "lawful_basis": LawfulBasis.CONSENT,
        "exemption": "",
        "citation": {},
        "necessity": "improvement",
        "is_sensitive": False,
        "needs_separate_consent": False,
        "is_marketing": False,
        "validity_days": None,
        "recipients": {},
        "recipient_codes": [],
        "retention": {"zh-hans": "12 个月", "en": "12 months"},
        "refusal_consequence": {"zh-hans": "其他功能照常。", "en": "Everything else stays as it is."},
        "items": [_item(item) for item in items],
    } | changes


def make_version(
    policy: Policy,
    purposes: Sequence[str | Mapping[str, Any]] = ("ads", "location"),
    *,
    change_kinds: Sequence[str] = (),
    published_at: datetime | None = None,
    effective_at: datetime | None = None,
    entered_at: datetime | None = None,
    languages: Sequence[str] = ("zh-hans", "en"),
) -> PolicyVersion:
    """The policy's next version, published and known to this process. purposes: codes, or lines made by `facts`."""
    number = policy.versions.count() + 1
    effective_at = effective_at or FIRST_EFFECT + timedelta(days=30 * (number - 1))
    version = PolicyVersion.objects.create(
        policy=policy,
        number=number,
        change_kinds=list(change_kinds),
        change_summary={"zh-hans": "有三处变化。", "en": "Three things change."} if number > 1 else {},
        refusal_consequence={"zh-hans": "暂时不能开通账户。", "en": "No account can be opened for now."},
        controller_block=policy.controller.block(),
        effective_at=effective_at,
    )
    register = [facts(purpose) if isinstance(purpose, str) else dict(purpose) for purpose in purposes]
    for position, line in enumerate(register):
        _make_purpose(version, position, line)
    _make_texts(version, register, languages)
    version.published_at = published_at or effective_at - timedelta(days=NOTICE_DAYS)
    version.entered_at = entered_at
    version.save(update_fields=["published_at", "entered_at"])  # from here on PostgreSQL refuses every change
    schedule.refresh()
    return version


def _item(item: str | Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(item, str):
        return dict(item)
    code = item.rstrip("!-")
    return {
        "code": code,
        "name": {"zh-hans": f"信息 {code}", "en": f"Item {code}"},
        "is_sensitive": "!" in item,
        "never_shared": item.endswith("-"),
    }


def _make_purpose(version: PolicyVersion, position: int, line: Mapping[str, Any]) -> None:
    fields = {key: value for key, value in line.items() if key != "items"}
    purpose = Purpose.objects.create(version=version, position=position, **fields)
    for place, item in enumerate(line["items"]):
        DataItem.objects.create(purpose=purpose, position=place, **item)


def _make_texts(version: PolicyVersion, register: Sequence[Mapping[str, Any]], languages: Sequence[str]) -> None:
    texts = {language: MARKDOWN[language].format(number=version.number) for language in languages}
    content = VersionContent(
        number=version.number,
        texts=texts,
        chapters={},
        purposes=register,
        controller=version.controller_block or {},
        change_kinds=version.change_kinds,
        change_summary=version.change_summary,
        refusal_consequence=version.refusal_consequence,
        effective_at=version.effective_at,
    )
    for language, markdown in texts.items():
        PolicyText.objects.create(
            version=version,
            language=language,
            markdown=markdown,
            sha256=text_digest(markdown),
            notice_sha256=notice_digest(notice(content, version.policy.slug, language)),
        )
