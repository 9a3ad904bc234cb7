"""Our Markdown of a policy: read into a tree, however it was typed, and written back without loss."""

from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent.policies.rules.clauses import Clause, Mark, PolicyDocument, glossary, parse, to_json, walk, write
from consent.policies.rules.inline import read_inline, write_inline
from consent.policies.tests.reading import shape
from consent.policies.tests.trees import documents, texts

POLICY = """
# 示例隐私政策

更新日期：2024年5月1日

## 一、收集

引言。

- 1、注册要用手机号码。

    > 一个就够。

- !2、绑卡要用卡号，
  以及姓名。

    其余的不用。

    - （1）只在绑卡时。
    - （2）只在付款时。

## 二、词语说明

本章没有编号。
"""


def test_the_json_of_a_policy_has_the_agreed_shape() -> None:
    as_json = to_json(parse(POLICY))

    assert (as_json["title"], as_json["preamble"]) == ("示例隐私政策", ["更新日期：2024年5月1日"])
    first, second = as_json["chapters"]
    assert {name: first[name] for name in ("number", "label", "title", "anchor", "text")} == {
        "number": "1", "label": "一、", "title": "收集", "anchor": "c1", "text": "引言。"
    }  # fmt: skip
    assert first["items"][0] == {
        "number": "1", "label": "1、", "text": "注册要用手机号码。", "anchor": "c1-1", "key": False,
        "gist": "一个就够。", "items": [],
    }  # fmt: skip
    assert second["items"][0]["anchor"] == "c2-p1"


def test_a_key_clause_has_its_paragraphs_and_its_nested_clauses() -> None:
    clause = parse(POLICY).chapters[0].items[1]

    assert (clause.key, clause.label, clause.number) == (True, "2、", "2")
    assert clause.text == "绑卡要用卡号，以及姓名。\n\n其余的不用。"
    assert [(item.anchor, item.label, item.text) for item in clause.items] == [
        ("c1-2-1", "（1）", "只在绑卡时。"),
        ("c1-2-2", "（2）", "只在付款时。"),
    ]


def test_every_clause_is_walked_in_reading_order() -> None:
    anchors = [clause.anchor for clause in walk(parse(POLICY))]

    assert anchors == ["c0-p1", "c1-1", "c1-2", "c1-2-1", "c1-2-2", "c2-p1"]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("- 1、甲\n- 2、乙\n    - （1）丙", "1、 2、[（1）]"),
        ("* 1、甲\n+ 2、乙", "1、 2、"),
        ("1. 甲\n2. 乙\n   - (a) 丙", "1. 2.[(a)]"),
        ("- 1. 甲\n- 2. 乙", "1. 2."),
        ("- 甲\n- 乙", "¶ ¶"),
        ("1.1 甲\n\n1.2 乙\n\n（1）丙\n\n1.3 丁", "1.1 1.2[（1）] 1.3"),
        ("1.1 甲，\n接着写。\n1.2 乙", "1.1 1.2"),
        ("甲\n\n乙", "¶ ¶"),
        ("- 1、甲\n\n最后一段。", "1、 ¶"),
        ("### （一）甲\n\n- 1、乙\n\n### （二）丙\n\n丁", "（一）[1、] （二）[¶]"),
        ("    缩进的段落", "¶"),
        ("- 1、甲\n\n        - （1）缩进太多", "1、[（1）]"),
        ("- 1、甲\n\n    （1）没有圆点", "1、[（1）]"),
        ("甲\n---\n乙", "¶ ¶"),
    ],
)
def test_hands_may_write_clauses_in_many_ways(markdown: str, expected: str) -> None:
    assert shape(parse(f"# T\n\n## 一、C\n\n{markdown}\n").chapters[0].items) == expected


@pytest.mark.parametrize(
    "markdown",
    [
        "!甲\n> 乙",
        "！甲\n\n> 乙",
        "- !甲\n    > 乙",
        "- ! 甲\n\n> 乙",
        "1. !甲\n\n    > 乙",
        "! 甲\n> 乙",
    ],
)
def test_the_key_sign_and_the_summary_are_understood_wherever_they_are_put(markdown: str) -> None:
    (clause,) = parse(f"## 一、C\n\n{markdown}\n").chapters[0].items

    assert (clause.text, clause.key, clause.gist) == ("甲", True, "乙")


def test_a_summary_belongs_to_the_clause_above_it_also_where_that_is_nested() -> None:
    chapter = parse("## 一、C\n\n- 1、甲\n    - （1）乙\n\n> 简单\n").chapters[0]

    assert chapter.items[0].gist == ""
    assert chapter.items[0].items[0].gist == "简单"


def test_a_paragraph_before_the_first_clause_is_the_lead_in_unless_it_is_key() -> None:
    chapter = parse("## 一、C\n\n引言。\n\n!要紧的引言。\n\n- 1、甲\n").chapters[0]

    assert chapter.lead == "引言。"
    assert [(clause.anchor, clause.key) for clause in chapter.items] == [("c1-p1", True), ("c1-1", False)]


def test_a_number_that_stands_twice_has_two_anchors() -> None:
    chapter = parse("## 一、C\n\n- 1、甲\n- 1、乙\n    - （1）丙\n- 1、丁\n- 戊\n").chapters[0]

    assert [c.anchor for c in chapter.items] == ["c1-1", "c1-1b", "c1-1c", "c1-p1"]
    assert chapter.items[1].items[0].anchor == "c1-1b-1"


def test_bold_stays_bold_beside_chinese_punctuation() -> None:
    clause = parse("## 一、C\n\n**重点：**请读，*这里*和`代码`，[这里](https://x.example/a_b)。\n").chapters[0].items[0]

    assert clause.text == "重点：请读，这里和代码，这里。"
    assert clause.marks == (
        Mark(0, 3, "strong"),
        Mark(6, 8, "em"),
        Mark(9, 11, "code"),
        Mark(12, 14, "link", "https://x.example/a_b"),
    )


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "vbscript:x", "file:///x"]
)
def test_a_link_to_anywhere_but_the_web_is_left_as_text(href: str) -> None:
    assert read_inline(f"[点我]({href})").marks == []


@settings(max_examples=60, deadline=None)
@given(documents())
def test_a_tree_that_is_written_and_read_again_is_the_same(document: PolicyDocument) -> None:
    markdown = write(document)

    assert parse(markdown) == document
    assert write(parse(markdown)) == markdown


@settings(max_examples=200, deadline=None)
@given(texts(max_size=40), st.data())
def test_marks_survive_being_written(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    kind: Literal["strong", "em", "link"] = data.draw(st.sampled_from(["strong", "em", "link"]))
    if text[start].isspace() or text[end - 1].isspace():
        return
    mark = Mark(start, end, kind, "https://x.example/?a=(1)&b=_2_" if kind == "link" else "")

    read = read_inline(write_inline(text, [mark]))

    assert (read.text, read.marks) == (text, [mark])


@pytest.mark.parametrize("markdown", ["&#32;a&nbsp;", "[ a ]()", "**&#32;a**&#32;", "[ a](https://x.example/)"])
def test_a_paragraph_has_no_space_at_its_ends(markdown: str) -> None:
    document = parse(markdown)

    assert [clause.text for clause in document.preamble] == ["a"]
    assert parse(write(document)) == document


@settings(max_examples=300, deadline=None)
@example("[ ]()")
@given(st.text(alphabet="#->!*_`[]()1. 、（）一甲a\n\t", max_size=60))
def test_any_text_is_read_and_what_was_read_is_written_without_loss(markdown: str) -> None:
    document = parse(markdown)

    assert parse(write(document)) == document


def test_a_glossary_is_made_of_the_words_that_a_policy_defines() -> None:
    document = parse("""
## 一、收集

- 1、“注册”是指：不在词语一章，不算。

## 二、词语说明

- 1、本政策中的“登录要素”是指：账户名和密码。
- 2、匿名化，见下。
- 3、**去标识化**：另存的信息不在时认不出个人。
- 4、本政策所称关联公司是指：甲公司。
- 5、"Cookie" means a small file.
""")

    assert [(t.term, t.definition, t.anchor) for t in glossary(document)] == [
        ("登录要素", "账户名和密码。", "c2-1"),
        ("去标识化", "另存的信息不在时认不出个人。", "c2-3"),
        ("关联公司", "甲公司。", "c2-4"),
        ("Cookie", "a small file.", "c2-5"),
    ]


def test_a_chapter_of_explanations_does_not_make_words_of_what_stands_before_a_colon() -> None:
    document = parse("## 一、其他说明\n\n- 1、客服电话：400-000-1234。\n")

    assert glossary(document) == []


def test_plain_values_can_be_made_by_hand() -> None:
    clause = Clause("1", "1、", "甲")

    assert (clause.anchor, clause.key, clause.gist, clause.items) == ("", False, "", ())
