"""Which lines of a plain text are its chapters, with right, wrong, missing and repeated numbers."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from consent.policies.rules.clauses import PolicyDocument, to_json
from consent.policies.rules.plain_text import UnreadableText, decode, read_plain_text
from consent.policies.tests.reading import codes, headings, read, shape, shapes
from consent.policies.tests.trees import flat_policies

WITH_CONTENTS = """
    晴川出行隐私政策
    版本日期：2023年3月1日
    晴川出行（下称“我们”）提供打车和骑行服务。
    本政策包括以下内容：
    1、我们收集哪些信息
    2、Cookie的使用
    3、信息的保存
    4、联系我们
    请您在使用前读完全文。
    一、我们收集哪些信息
    为了让您叫到车，我们会用到下面的信息。
    1、手机号码，用来登录。
    2、位置信息，包括：
    （1）上车点；
    （2）下车点。
    二、Cookie的使用
    我们用Cookie记住您的登录状态。
    您可以在浏览器里清除Cookie。
    3、信息的保存
    1、信息存放在境内的机房。
    2、订单保存三年。
    四、联系我们
    请拨打客服电话。
"""


def test_a_heading_numbered_like_an_item_is_the_chapter_that_the_contents_name() -> None:
    imported = read(WITH_CONTENTS)

    assert headings(imported) == ["一、我们收集哪些信息", "二、Cookie的使用", "三、信息的保存", "四、联系我们"]
    assert shapes(imported) == ["1、 2、[（1） （2）]", "¶ ¶", "1、 2、", "¶"]
    assert codes(imported) == ["contents-left-out", "chapter-number"]
    assert imported.findings[1].line == 19
    assert imported.findings[1].parameters == {"heading": "信息的保存", "printed": "3、", "meant": "三、"}


def test_the_preamble_keeps_every_paragraph_but_the_title_and_the_list_of_contents() -> None:
    imported = read(WITH_CONTENTS)

    assert imported.title == "晴川出行隐私政策"
    assert imported.document.chapters[0].lead == "为了让您叫到车，我们会用到下面的信息。"
    assert to_json(imported.document)["preamble"] == [
        "版本日期：2023年3月1日",
        "晴川出行（下称“我们”）提供打车和骑行服务。",
        "本政策包括以下内容：",
        "请您在使用前读完全文。",
    ]


def test_a_mis_numbered_heading_needs_no_list_of_contents_where_a_list_begins_again_below_it() -> None:
    imported = read("""
        云杉书店隐私说明
        一、收集
        1、我们收集您的姓名。
        2、我们收集您的地址。
        二、使用
        我们用它寄书。
        3、 保存
        1、保存在国内。
        2、保存两年。
        四、联系
        请写信。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、保存", "四、联系"]
    assert shapes(imported) == ["1、 2、", "¶", "1、 2、", "¶"]
    assert codes(imported) == ["chapter-number"]


def test_a_heading_that_would_continue_the_list_above_it_is_a_chapter_where_a_list_begins_again() -> None:
    imported = read("""
        一、收集
        1、收集姓名。
        二、使用
        1、用于寄送。
        2、用于结算。
        3、保存和保护
        1、存放在境内。
        2、传输时加密。
        四、您的权利
        1、查询。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、保存和保护", "四、您的权利"]
    assert shapes(imported) == ["1、", "1、 2、", "1、 2、", "1、"]


def test_a_title_among_sentences_that_fills_a_gap_in_the_chapters_is_a_chapter() -> None:
    imported = read("""
        一、收集
        我们收集姓名。
        二、您的权利
        1、您可以查询。
        2、您可以更正。
        3、第三方的责任
        我们不对第三方负责。
        四、联系
        请来电。
    """)

    assert headings(imported) == ["一、收集", "二、您的权利", "三、第三方的责任", "四、联系"]


def test_two_mis_numbered_headings_in_a_row_are_both_chapters() -> None:
    imported = read("""
        一、收集
        我们收集姓名。
        二、使用
        我们用姓名称呼您。
        3、保存
        我们保存两年。
        4、保护
        我们会加密。
        五、联系
        请来电。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、保存", "四、保护", "五、联系"]


def test_a_heading_in_brackets_among_chapters_without_them_is_a_chapter() -> None:
    imported = read("""
        一、收集
        （一）注册时收集。
        （二）支付时收集。
        （二）使用
        （一）用于登录。
        三、联系
        请来电。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、联系"]


def test_short_items_that_look_like_headings_stay_items() -> None:
    imported = read("""
        一、收集
        1、注册
        注册时收集手机号。
        2、下单
        下单时收集地址。
        3、售后
        售后时收集照片。
        二、使用
        1、寄送
        用于寄送。
        2、结算
        用于结算。
        3、统计
        用于统计。
        三、联系
        请来电。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、联系"]
    assert shapes(imported) == ["1、 2、 3、", "1、 2、 3、", "¶"]
    assert imported.document.chapters[0].items[0].text == "注册\n\n注册时收集手机号。"


def test_a_list_of_contents_in_the_style_of_the_chapters_with_dots_and_pages_is_left_out() -> None:
    imported = read("""
        青禾商城用户协议
        目 录
        一、总则................1
        二、账户的注册……………2
        三、违约责任\t3

        青禾商城用户协议
        欢迎使用青禾商城。
        一、总则
        （一）本协议由您和青禾商城订立。
        （二）您应当年满十八周岁。
        二、账户的注册
        （一）您应当填写真实信息。
        三、违约责任
        （一）违约方赔偿损失。
    """)

    assert headings(imported) == ["一、总则", "二、账户的注册", "三、违约责任"]
    assert shapes(imported) == ["（一） （二）", "（一）", "（一）"]
    assert to_json(imported.document)["preamble"] == ["欢迎使用青禾商城。"]
    assert codes(imported) == ["contents-left-out"]


def test_a_list_of_contents_that_nothing_announces_is_left_out() -> None:
    imported = read("""
        白鹭地图Cookie政策
        一、什么是Cookie
        二、我们怎样使用Cookie
        三、如何管理Cookie
        一、什么是Cookie
        Cookie是一个小文件。
        二、我们怎样使用Cookie
        1、登录。
        2、统计。
        三、如何管理Cookie
        您可以清除它。
    """)

    assert headings(imported) == ["一、什么是Cookie", "二、我们怎样使用Cookie", "三、如何管理Cookie"]
    assert imported.document.preamble == ()


def test_a_list_of_contents_with_sub_entries_is_left_out_whole() -> None:
    imported = read("""
        松间银行隐私政策
        目录
        一、收集
        （一）注册
        （二）转账
        二、共享
        （一）关联公司
        一、收集
        （一）注册
        您要填写姓名。
        （二）转账
        您要填写账号。
        二、共享
        （一）关联公司
        我们与关联公司共享。
    """)

    assert headings(imported) == ["一、收集", "二、共享"]
    assert shapes(imported) == ["（一） （二）", "（一）"]


def test_headings_without_numbers_are_known_from_the_list_of_contents() -> None:
    imported = read("""
        北斗云盘隐私政策
        目录
        信息的收集
        信息的使用
        联系我们
        本政策适用于北斗云盘。
        信息的收集
        我们收集文件名。
        信息的使用
        我们用它同步。
        联系我们
        请来信。
    """)

    assert headings(imported) == ["信息的收集", "信息的使用", "联系我们"]
    assert to_json(imported.document)["preamble"] == ["本政策适用于北斗云盘。"]


def test_a_repeated_chapter_number_is_corrected_and_told() -> None:
    imported = read("""
        隐私政策
        一、收集
        我们收集姓名。
        二、使用
        我们使用姓名。
        二、保存
        我们保存姓名。
        四、删除
        我们删除姓名。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、保存", "四、删除"]
    assert [chapter.number for chapter in imported.document.chapters] == ["1", "2", "3", "4"]
    assert codes(imported) == ["chapter-number"]


def test_a_skipped_chapter_number_is_corrected_in_every_chapter_after_it() -> None:
    imported = read("""
        隐私政策
        一、收集
        我们收集姓名。
        二、使用
        1、我们使用姓名。
        四、删除
        我们删除姓名。
        五、其他
        其他事项。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、删除", "四、其他"]
    assert codes(imported) == ["chapter-number", "chapter-number"]


def test_a_heading_that_lost_its_number_fills_the_gap_in_the_chapters() -> None:
    imported = read("""
        隐私政策
        一、收集
        我们收集姓名。
        二、使用
        我们使用姓名。
        信息的保存
        我们保存姓名。
        四、删除
        我们删除姓名。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、信息的保存", "四、删除"]
    assert codes(imported) == ["chapter-without-number"]


def test_an_annex_is_a_chapter_with_the_number_it_has() -> None:
    imported = read("""
        隐私政策
        一、收集
        我们收集姓名。
        二、共享
        见附件一。
        附件一：第三方清单
        1、甲公司。
        2、乙公司。
    """)

    assert headings(imported) == ["一、收集", "二、共享", "附件一：第三方清单"]
    assert codes(imported) == []


@pytest.mark.parametrize("text", ["今天天气很好。\n我们去公园。\n1、带水。\n2、带伞。", "你好", "1、苹果。\n2、梨。"])
def test_a_text_without_chapter_headings_is_refused(text: str) -> None:
    with pytest.raises(UnreadableText, match="chapter headings|章"):
        read(text)


def test_a_text_with_more_paragraphs_than_any_policy_is_refused() -> None:
    with pytest.raises(UnreadableText):
        read("一、总则\n" + "1、甲。\n" * 10_001)


@settings(max_examples=100, deadline=None)
@given(flat_policies())
def test_a_flattened_policy_is_read_back_as_the_tree_it_was(policy: tuple[str, PolicyDocument]) -> None:
    text, document = policy

    assert read_plain_text(text, "zh-hans").document == document


def test_the_real_policy_gives_all_ten_chapters_and_tells_what_is_wrong_in_it(shared_folder: Path) -> None:
    imported = read(decode((shared_folder / "policy-k.zh.txt").read_bytes()))

    assert [c.label for c in imported.document.chapters] == [f"{n}、" for n in "一二三四五六七八九十"]
    assert [len(c.items) for c in imported.document.chapters] == [8, 4, 6, 2, 3, 4, 1, 1, 3, 3]
    fifth = imported.document.chapters[4].items
    assert shape(fifth) == "（一）[1、[（1） （2） （3）] 2、 3、 4、] （二）[1． 2．] （三）"
    assert [(f.code, f.line) for f in imported.findings] == [
        ("contents-left-out", 5),
        ("chapter-number", 56),
        ("chapter-number", 94),
        ("residue", 123),
    ]
    assert len(imported.document.preamble) == 7


def test_the_real_policy_reads_the_same_without_its_list_of_contents(shared_folder: Path) -> None:
    text = decode((shared_folder / "policy-k.zh.txt").read_bytes())
    lines = text.split("\n")

    without = read("\n".join(lines[:4] + lines[14:]))

    assert without.document.chapters == read(text).document.chapters
