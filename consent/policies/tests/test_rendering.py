"""A text as sanitised HTML."""

import re

import pytest

from consent.policies.rules.clauses import parse
from consent.policies.rules.rendering import RenderedPolicy, render

TEXT = """# 政策

开头的话。

## 一、收集

引言。

- 1、注册要用手机号码。

    > 一个就够。
- ! 2、绑卡要用**卡号**，属于敏感信息。
    - （1）只在绑卡时。

## 二、词语说明

- 1、“敏感信息”是指：容易造成伤害的信息。
"""
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[点我](javascript:alert(1))",
    "[点我](data:text/html;base64,AAAA)",
    "[点我](vbscript:x)",
    "![图](https://evil.example/x.png)",
    '<a href="https://x" onclick="x()">y</a>',
    "<style>body{display:none}</style>",
    "<iframe src=//evil.example></iframe>",
    '"><svg onload=alert(1)>',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


def _render(text: str = TEXT, language: str = "zh-hans") -> RenderedPolicy:
    return render(parse(text), language)


def test_each_clause_has_its_address_and_its_number() -> None:
    html = _render().html

    assert '<h2 id="c1">一、收集</h2>' in html
    assert re.search(r'<div class="clause" id="c1-1"><a class="no" href="#c1-1"[^>]*>1、</a>', html)
    assert 'id="c1-2-1"' in html


def test_a_key_clause_is_marked_for_eye_and_screen_reader() -> None:
    html = _render().html

    assert re.search(r'<div class="clause key" id="c1-2">.*?<strong class="vh">重点条款：', html)  # K6
    assert re.search(r'<strong class="vh">Key clause: ', _render(language="en").html)


def test_the_plain_words_stand_beside_their_clause() -> None:
    assert re.search(r'<span class="gist"><b>简单说：</b>\s*一个就够。</span>', _render().html)


def test_a_defined_word_leads_to_its_definition_once_a_chapter() -> None:
    html = _render().html

    assert html.count("<dfn>敏感信息</dfn>") >= 1  # K122
    assert re.search(r'<a href="#c2-1"[^>]*><dfn>敏感信息</dfn></a>', html)


def test_the_contents_are_the_headings() -> None:
    assert [(entry.anchor, entry.text) for entry in _render().toc] == [("c1", "一、收集"), ("c2", "二、词语说明")]


def test_the_time_to_read_counts_characters_in_chinese_and_words_in_english() -> None:
    chinese = "# T\n\n## 一、C\n\n- 1、" + "字" * 800 + "\n- ! 2、" + "字" * 400 + "\n"
    english = "# T\n\n## 1. C\n\n1. " + "word " * 460 + "\n"

    assert 3 <= _render(chinese).minutes <= 4
    assert _render(chinese).key_minutes == 1
    assert 2 <= _render(english, "en").minutes <= 3


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    "place",
    [
        "# {}\n\n## 一、C\n\n- 1、x\n",
        "# T\n\n## 一、{}\n\n- 1、x\n",
        "# T\n\n## 一、C\n\n- 1、{}\n",
        "# T\n\n## 一、C\n\n- 1、x\n\n    > {}\n",
    ],
)
def test_nothing_in_a_text_becomes_active(attack: str, place: str) -> None:
    html = _render(place.format(attack)).html

    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", html))
    assert tags <= {"section", "h2", "div", "p", "a", "strong", "em", "code", "span", "b", "dfn", "br"}
    assert not re.search(r"<[^>]*\s(on\w+|style|src)\s*=", html)
    assert not re.search(r'href="(?!#|https?:|mailto:|tel:|/)', html)


def test_words_are_shown_as_they_were_written() -> None:
    html = _render("# T\n\n## 一、C\n\n- 1、甲 < 乙 & 丙 > 丁 \\*星\\*\n").html

    assert "甲 &lt; 乙 &amp; 丙 &gt; 丁 *星*" in html
