"""manage.py import_policy: plain text in, a draft out, or one plain sentence and nothing."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.audit.models import AuditEntry
from consent.policies.models import Controller, Policy, PolicyVersion
from consent.policies.rules.clauses import parse
from consent.policies.tests.factories import make_policy, make_version

TEXT = """示例隐私政策
本政策说明我们如何处理您的信息。
一、我们收集什么
1、注册信息
（1）手机号码；
（2）电子邮箱。
2、设备信息用于安全。
二、我们怎样保护
我们加密保存您的信息。
三、怎样联系我们
您可以拨打客服电话。
"""

pytestmark = pytest.mark.django_db


def _import(file: Path, policy: str = "privacy", controller: str = "pay", language: str = "zh-hans") -> str:
    said = StringIO()
    call_command(
        "import_policy", str(file), controller=controller, policy=policy, language=language, stdout=said, no_color=True
    )
    return said.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small policy as plain text."""
    path = tmp_path / "policy.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_text_becomes_a_draft_of_a_new_policy(file: Path) -> None:
    said = _import(file)

    version = PolicyVersion.objects.get(policy__slug="privacy")
    chapters = parse(version.texts.get().markdown).chapters
    assert version.is_draft
    assert [chapter.title for chapter in chapters] == ["我们收集什么", "我们怎样保护", "怎样联系我们"]
    assert [len(item.items) for item in chapters[0].items] == [2, 0]
    assert Policy.objects.get().title == {"zh-hans": "示例隐私政策"}
    assert "3" in said
    assert AuditEntry.objects.filter(act="policy.imported").count() == 1


def test_an_existing_policy_gets_the_text_in_its_next_draft(file: Path) -> None:
    policy = make_policy()
    make_version(policy, languages=["zh-hans"])

    _import(file)

    draft = PolicyVersion.objects.get(policy=policy, published_at=None)
    assert draft.number == 2
    assert "注册信息" in draft.texts.get(language="zh-hans").markdown
    assert draft.purposes.count() == 2  # the register of the version before is kept for editing


def test_a_second_import_replaces_the_text_of_its_language(file: Path) -> None:
    _import(file)
    file.write_text(TEXT.replace("设备信息", "日志信息"), encoding="utf-8")

    _import(file)

    version = PolicyVersion.objects.get()
    assert version.number == 1
    assert "日志信息" in version.texts.get().markdown


def test_another_language_joins_the_same_draft(file: Path) -> None:
    _import(file)
    file.write_text("Policy\n1. What we collect\nYour number.\n2. How we protect it\nWell.\n", encoding="utf-8")

    _import(file, language="en")

    assert sorted(text.language for text in PolicyVersion.objects.get().texts.all()) == ["en", "zh-hans"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n\t \n",
        b"\x00\x01\x02binary",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        b"PK\x03\x04" + bytes(100),
        "没有标题的文字。\n只有一段。\n".encode(),
        "一、甲\n正文。\n".encode() + b"a" * (2 * 1024 * 1024),
    ],
    ids=["empty", "blank", "binary", "pdf", "zip", "no headings", "too large"],
)
def test_what_is_no_policy_gets_one_plain_sentence_and_creates_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(data)

    with pytest.raises(CommandError) as refused:
        _import(path)

    assert "\n" not in str(refused.value)
    assert not Controller.objects.exists()
    assert not Policy.objects.exists()


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing.txt"):
        _import(tmp_path / "nothing.txt")


@pytest.mark.parametrize("slug", ["", "两个字", "a b", "../x"])
def test_a_short_name_that_cannot_stand_in_an_address_is_refused(file: Path, slug: str) -> None:
    with pytest.raises(CommandError, match="--policy"):
        _import(file, policy=slug)

    assert not Controller.objects.exists()


def test_a_policy_of_another_company_is_not_overwritten(file: Path) -> None:
    make_policy()

    with pytest.raises(CommandError, match="privacy"):
        _import(file, controller="other")

    assert not Controller.objects.filter(slug="other").exists()
