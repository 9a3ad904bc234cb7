"""What changed between two texts, clause by clause."""

import random
import time
import unicodedata

from hypothesis import given, settings

from consent.policies.rules.clauses import PolicyDocument, parse, walk
from consent.policies.rules.differences import ClauseChange, compare
from consent.policies.rules.spans import compare_texts
from consent.policies.tests.trees import documents, paragraphs

OLD = """# 政策

## 一、收集

- 1、我们收集您的姓名和电话。
- 2、登录时我们记录设备型号、系统版本和 IP 地址，用来判断是不是您本人。

## 二、保存

- 1、身份资料自业务关系结束起保存 5 年。期满后删除。
- 2、交易记录存放在境内。
"""


def changes(old: str, new: str) -> list[ClauseChange]:
    return [change for change in compare(parse(old), parse(new)) if change.kind != "same"]


def test_a_changed_clause_is_shown_to_the_character_and_a_number_is_never_cut() -> None:
    (change,) = changes(OLD, OLD.replace("保存 5 年", "保存 10 年"))

    assert (change.kind, change.old_anchor, change.new_anchor) == ("changed", "c2-1", "c2-1")
    assert change.new_path == ("二、保存",)
    assert change.spans == (
        ("equal", "身份资料自业务关系结束起保存 "),
        ("delete", "5"),
        ("insert", "10"),
        ("equal", " 年。期满后删除。"),
    )


def test_a_new_clause_is_added_and_those_below_it_are_moved_not_changed() -> None:
    new = OLD.replace("- 1、我们", "- 1、全新的一条规定，前所未有。\n- 2、我们").replace("- 2、登录", "- 3、登录")

    found = changes(OLD, new)

    assert [(c.kind, c.old_label, c.new_label) for c in found] == [
        ("added", "", "1、"),
        ("moved", "1、", "2、"),
        ("moved", "2、", "3、"),
    ]
    assert found[1].title == "一、收集 › 1、 → 2、"


def test_a_removed_clause_stands_where_it_used_to() -> None:
    new = OLD.replace("- 2、登录时我们记录设备型号、系统版本和 IP 地址，用来判断是不是您本人。\n", "")

    every = compare(parse(OLD), parse(new))

    assert [(c.part, c.kind) for c in every][2:5] == [("clause", "same"), ("clause", "removed"), ("heading", "same")]
    assert every[3].title == "一、收集 › 2、"


def test_a_clause_that_is_replaced_altogether_is_shown_as_removed_and_then_added() -> None:
    found = changes(OLD, OLD.replace("交易记录存放在境内。", "我们每年请人检查安全措施，并公布结果。"))

    assert [(c.kind, c.old_text, c.new_text) for c in found] == [
        ("removed", "交易记录存放在境内。", ""),
        ("added", "", "我们每年请人检查安全措施，并公布结果。"),
    ]


def test_a_clause_that_moved_to_another_chapter_with_a_word_changed_is_recognised() -> None:
    new = OLD.replace("- 2、交易记录存放在境内。\n", "").replace("## 二", "- 3、交易记录都存放在境内。\n\n## 二")

    (change,) = changes(OLD, new)

    assert (change.kind, change.old_anchor, change.new_anchor) == ("changed", "c2-2", "c1-3")
    assert change.old_path == ("二、保存",)
    assert change.new_path == ("一、收集",)


def test_a_clause_that_moved_to_another_chapter_word_for_word_is_moved() -> None:
    new = OLD.replace("- 2、交易记录存放在境内。\n", "").replace("## 二", "- 3、交易记录存放在境内。\n\n## 二")

    (change,) = changes(OLD, new)

    assert change.kind == "moved"


def test_a_new_chapter_number_is_no_change_of_the_clauses_in_it() -> None:
    new = OLD.replace("## 二、保存", "## 二、使用\n\n- 1、我们用它登录和结算，别无他用。\n\n## 三、保存")

    found = changes(OLD, new)

    assert [(c.kind, c.part, c.new_anchor) for c in found] == [
        ("added", "heading", "c2"),
        ("added", "clause", "c2-1"),
        ("moved", "heading", "c3"),
    ]


def test_titles_lead_ins_and_the_preamble_are_compared_too() -> None:
    old = "# 政策\n\n更新于2023年。\n\n## 一、收集信息\n\n引言在此。\n\n- 1、甲方乙方。\n"

    found = changes(old, "# 新政策\n\n更新于2024年。\n\n## 一、收集个人信息\n\n引言就在此。\n\n- 1、甲方乙方。\n")

    assert [(c.kind, c.part) for c in found] == [
        ("changed", "title"),
        ("changed", "clause"),
        ("changed", "heading"),
        ("changed", "lead"),
    ]


def test_a_renamed_chapter_keeps_its_clauses() -> None:
    found = changes(OLD, OLD.replace("## 二、保存", "## 二、资料存放多久"))

    assert [(c.kind, c.part) for c in found] == [("changed", "heading")]


def test_words_emoji_and_accents_are_never_cut() -> None:
    spans = compare_texts("共 12 项，见👨‍👩‍👧的画像，café𠮷", "共 120 项，见👨‍👩‍👦的画像，cafe𠮶")

    assert [text for op, text in spans if op == "insert"] == ["120", "👨‍👩‍👦", "cafe𠮶"]
    for _, text in spans:
        assert not unicodedata.combining(text[0])


def test_a_few_changes_in_three_hundred_clauses_are_found_at_once() -> None:
    dice = random.Random(7)
    clauses = ["".join(chr(dice.randrange(0x4E00, 0x5200)) for _ in range(200)) for _ in range(300)]
    changed = [text[:90] + "改动" + text[95:] if place % 30 == 0 else text for place, text in enumerate(clauses)]

    def document(texts: list[str]) -> PolicyDocument:
        return parse("## 一、C\n\n" + "\n\n".join(f"- {place}、{text}" for place, text in enumerate(texts, 1)))

    before, after = document(clauses), document(changed)
    start = time.perf_counter()
    found = compare(before, after)

    assert time.perf_counter() - start < 1
    assert sum(change.kind == "changed" for change in found) == 10


@settings(max_examples=300, deadline=None)
@given(paragraphs(), paragraphs())
def test_the_spans_give_back_both_texts_exactly(old: str, new: str) -> None:
    spans = compare_texts(old, new)

    assert "".join(text for op, text in spans if op != "insert") == old
    assert "".join(text for op, text in spans if op != "delete") == new


@settings(max_examples=40, deadline=None)
@given(documents(), documents())
def test_each_clause_of_both_texts_is_told_once_in_the_order_of_the_new_one(
    old: PolicyDocument, new: PolicyDocument
) -> None:
    told = [change for change in compare(old, new) if change.part in ("clause", "lead")]

    assert [c.new_anchor for c in told if c.new_anchor and c.part == "clause"] == [c.anchor for c in walk(new)]
    leads = sum(bool(chapter.lead) for chapter in old.chapters)
    assert sum(bool(c.old_anchor) for c in told) == len(list(walk(old))) + leads
    assert all(change.kind == "same" for change in compare(new, new))
