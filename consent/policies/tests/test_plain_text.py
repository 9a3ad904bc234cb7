"""Plain texts of policies, as they come: from the web, from Word, broken, mis-numbered, in old encodings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from consent.policies.rules.clauses import Clause, parse, to_json, walk
from consent.policies.rules.plain_text import ImportedText, read_plain_text


def read(text: str, language: str = "zh-hans") -> ImportedText:
    return read_plain_text(text, language)


def headings(imported: ImportedText) -> list[str]:
    return [chapter.label + chapter.title for chapter in imported.document.chapters]


def shape(clauses: Sequence[Clause]) -> str:
    """The labels of clauses, what is nested in brackets: "1、[（1） （2）] 2、"; a paragraph without a label is ¶."""
    return " ".join((c.label or "¶") + (f"[{shape(c.items)}]" if c.items else "") for c in clauses)


def shapes(imported: ImportedText) -> list[str]:
    return [shape(chapter.items) for chapter in imported.document.chapters]


def codes(imported: ImportedText) -> list[str]:
    return [finding.code for finding in imported.findings]


WITH_CONTENTS = """\
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


def test_a_heading_numbered_in_the_style_of_items_becomes_the_chapter_that_the_contents_name() -> None:
    imported = read(WITH_CONTENTS)

    assert headings(imported) == ["一、我们收集哪些信息", "二、Cookie的使用", "三、信息的保存", "四、联系我们"]
    assert shapes(imported) == ["1、 2、[（1） （2）]", "¶ ¶", "1、 2、", "¶"]
    assert codes(imported) == ["contents-left-out", "chapter-number"]
    finding = imported.findings[1]
    assert (finding.line, finding.parameters["printed"], finding.parameters["meant"]) == (19, "3、", "三、")
    assert imported.title == "晴川出行隐私政策"
    assert imported.document.chapters[0].lead == "为了让您叫到车，我们会用到下面的信息。"


def test_the_preamble_keeps_every_paragraph_but_the_title_and_the_list_of_contents() -> None:
    imported = read(WITH_CONTENTS)

    assert to_json(imported.document)["preamble"] == [
        "版本日期：2023年3月1日",
        "晴川出行（下称“我们”）提供打车和骑行服务。",
        "本政策包括以下内容：",
        "请您在使用前读完全文。",
    ]


def test_a_mis_numbered_heading_is_found_without_a_list_of_contents_because_its_list_begins_again() -> None:
    imported = read(
        "云杉书店隐私说明\n一、收集\n1、我们收集您的姓名。\n2、我们收集您的地址。\n二、使用\n我们用它寄书。\n"
        "3、 保存\n1、保存在国内。\n2、保存两年。\n四、联系\n请写信。\n"
    )

    assert headings(imported) == ["一、收集", "二、使用", "三、保存", "四、联系"]
    assert shapes(imported) == ["1、 2、", "¶", "1、 2、", "¶"]
    assert codes(imported) == ["chapter-number"]


def test_a_heading_that_also_continues_the_list_before_it_is_a_chapter_where_the_list_begins_again() -> None:
    imported = read(
        "一、收集\n1、收集姓名。\n2、收集住址。\n二、使用\n1、用于寄送。\n2、用于结算。\n3、保存和保护\n1、存放在境内。\n"
        "2、传输时加密。\n四、您的权利\n1、查询。\n2、更正。\n"
    )

    assert headings(imported) == ["一、收集", "二、使用", "三、保存和保护", "四、您的权利"]
    assert shapes(imported) == ["1、 2、"] * 4


def test_a_mis_numbered_heading_between_two_chapters_without_items_is_found() -> None:
    imported = read(
        "一、收集\n我们收集姓名。\n二、使用\n我们用姓名称呼您。\n3、保存\n我们保存两年。\n4、保护\n我们会加密。\n五、联系\n请来电。\n"
    )

    assert headings(imported) == ["一、收集", "二、使用", "三、保存", "四、保护", "五、联系"]


def test_short_items_that_look_like_headings_stay_items() -> None:
    imported = read(
        "一、收集\n1、注册\n注册时收集手机号。\n2、下单\n下单时收集地址。\n3、售后\n售后时收集照片。\n二、使用\n1、寄送\n用于寄送。\n"
        "2、结算\n用于结算。\n3、统计\n用于统计。\n三、联系\n请来电。\n"
    )

    assert headings(imported) == ["一、收集", "二、使用", "三、联系"]
    assert shapes(imported) == ["1、 2、 3、", "1、 2、 3、", "¶"]
    assert imported.document.chapters[0].items[0].text == "注册\n\n注册时收集手机号。"


def test_a_list_of_contents_in_the_style_of_the_chapters_with_dots_and_pages_is_left_out() -> None:
    imported = read(
        "青禾商城用户协议\n目 录\n一、总则................1\n二、账户的注册……………2\n三、违约责任\t3\n\n青禾商城用户协议\n"
        "欢迎使用青禾商城。\n一、总则\n（一）本协议由您和青禾商城订立。\n（二）您应当年满十八周岁。\n二、账户的注册\n"
        "（一）您应当填写真实信息。\n三、违约责任\n（一）违约方赔偿损失。\n"
    )

    assert headings(imported) == ["一、总则", "二、账户的注册", "三、违约责任"]
    assert shapes(imported) == ["（一） （二）", "（一）", "（一）"]
    assert to_json(imported.document)["preamble"] == ["欢迎使用青禾商城。"]
    assert codes(imported) == ["contents-left-out"]


def test_a_list_of_contents_that_nothing_announces_is_left_out() -> None:
    imported = read(
        "白鹭地图Cookie政策\n一、什么是Cookie\n二、我们怎样使用Cookie\n三、如何管理Cookie\n一、什么是Cookie\nCookie是一个小文件。\n"
        "二、我们怎样使用Cookie\n1、登录。\n2、统计。\n三、如何管理Cookie\n您可以清除它。\n"
    )

    assert headings(imported) == ["一、什么是Cookie", "二、我们怎样使用Cookie", "三、如何管理Cookie"]
    assert imported.document.preamble == ()


def test_a_list_of_contents_with_sub_entries_is_left_out_whole() -> None:
    imported = read(
        "松间银行隐私政策\n目录\n一、收集\n（一）注册\n（二）转账\n二、共享\n（一）关联公司\n一、收集\n（一）注册\n您要填写姓名。\n"
        "（二）转账\n您要填写账号。\n二、共享\n（一）关联公司\n我们与关联公司共享。\n"
    )

    assert headings(imported) == ["一、收集", "二、共享"]
    assert shapes(imported) == ["（一） （二）", "（一）"]


def test_headings_without_numbers_are_known_from_the_list_of_contents() -> None:
    imported = read(
        "北斗云盘隐私政策\n目录\n信息的收集\n信息的使用\n联系我们\n本政策适用于北斗云盘。\n信息的收集\n我们收集文件名。\n信息的使用\n"
        "我们用它同步。\n联系我们\n请来信。\n"
    )

    assert headings(imported) == ["信息的收集", "信息的使用", "联系我们"]
    assert to_json(imported.document)["preamble"] == ["本政策适用于北斗云盘。"]


def test_a_repeated_chapter_number_is_corrected_and_told() -> None:
    imported = read("隐私政策\n一、收集\n我们收集姓名。\n二、使用\n我们使用姓名。\n二、保存\n我们保存姓名。\n四、删除\n我们删除姓名。\n")

    assert headings(imported) == ["一、收集", "二、使用", "三、保存", "四、删除"]
    assert [chapter.number for chapter in imported.document.chapters] == ["1", "2", "3", "4"]
    assert codes(imported) == ["chapter-number"]


def test_a_skipped_chapter_number_is_corrected_and_told() -> None:
    imported = read("隐私政策\n一、收集\n我们收集姓名。\n二、使用\n1、我们使用姓名。\n四、删除\n我们删除姓名。\n五、其他\n其他事项。\n")

    assert headings(imported) == ["一、收集", "二、使用", "三、删除", "四、其他"]
    assert codes(imported) == ["chapter-number", "chapter-number"]


def test_a_heading_that_lost_its_number_fills_the_gap_in_the_chapters() -> None:
    imported = read("隐私政策\n一、收集\n我们收集姓名。\n二、使用\n我们使用姓名。\n信息的保存\n我们保存姓名。\n四、删除\n我们删除姓名。\n")

    assert headings(imported) == ["一、收集", "二、使用", "三、信息的保存", "四、删除"]
    assert codes(imported) == ["chapter-without-number"]


def test_full_width_digits_and_half_width_brackets_are_numbers_too() -> None:
    imported = read(
        "１、总则\n(1)本政策适用于全部产品。\n(2)本政策由我们解释。\n２、收集\n(1)我们收集手机号。\n  (2)我们收集邮箱。\n３、其他\n　　(1)本政策自公布之日起生效。\n"
    )

    assert headings(imported) == ["１、总则", "２、收集", "３、其他"]
    assert shapes(imported) == ["(1) (2)", "(1) (2)", "(1)"]
    assert [clause.number for clause in imported.document.chapters[0].items] == ["1", "2"]


def test_chapters_of_an_agreement_may_be_numbered_in_articles() -> None:
    imported = read(
        "服务协议\n第一条 协议的范围\n1、本协议约定双方的权利。\n2、平台规则是本协议的一部分。\n第二条 账户\n您应当妥善保管账户。\n"
        "第三条　费用\n（一）会员费按月收取。\n（二）手续费按笔收取，见第二条规定。\n第四条：争议\n由法院管辖。\n"
    )

    assert headings(imported) == ["第一条协议的范围", "第二条账户", "第三条费用", "第四条：争议"]
    assert shapes(imported) == ["1、 2、", "¶", "（一） （二）", "¶"]


def test_articles_that_are_sentences_are_chapters_without_a_title() -> None:
    imported = read(
        "会员规则\n第一条 为了明确会员的权利，制定本规则。\n第二条 定义：本规则所称会员，是指完成注册的人。\n第三条 会员应当遵守下列要求：\n"
        "（一）不出借账户；\n（二）不发布虚假信息。\n第四条 本规则自公布之日起施行。\n"
    )

    assert [(c.label, c.title) for c in imported.document.chapters] == [
        ("第一条", ""), ("第二条", "定义"), ("第三条", ""), ("第四条", "")
    ]  # fmt: skip
    assert imported.document.chapters[2].lead == "会员应当遵守下列要求："
    assert shapes(imported)[2] == "（一） （二）"


def test_articles_run_on_through_the_chapters_of_a_charter() -> None:
    imported = read(
        "个人信息保护制度\n第一章 总则\n第一条 为了保护个人信息，制定本制度。\n第二条 本制度适用于全体员工。\n第二章 职责\n第三条 法务部负责解释。\n"
        "第四条 各部门应当：\n（一）登记；\n（二）报告。\n第三章 附则\n第五条 本制度自发布之日起施行。\n"
    )

    assert headings(imported) == ["第一章总则", "第二章职责", "第三章附则"]
    assert shapes(imported) == ["第一条 第二条", "第三条 第四条[（一） （二）]", "第五条"]
    assert codes(imported) == []


def test_one_list_in_chapter_numerals_inside_an_article_makes_no_chapters() -> None:
    imported = read(
        "第一条 范围\n本协议适用于下列服务：\n一、支付；\n二、转账；\n三、查询。\n第二条 费用\n按公示收取。\n第三条 其他\n另行约定。\n"
    )

    assert headings(imported) == ["第一条范围", "第二条费用", "第三条其他"]
    assert shapes(imported) == ["一、 二、 三、", "¶", "¶"]


def test_bracketed_chinese_numbers_may_be_the_direct_items_with_letters_below() -> None:
    imported = read(
        "一、范围\n本政策适用于收银服务。\n二、收集\n（一）注册信息\n您注册时提供姓名。\n（二）设备信息，分为两类：\n"
        "a、必须收集的信息，不提供则无法使用；\nb、改善体验的信息，可以不提供。\n（三）其他信息。\n三、保存\n期满删除。\n"
    )

    assert shapes(imported) == ["¶", "（一） （二）[a、 b、] （三）", "¶"]
    assert imported.document.chapters[1].items[1].items[1].number == "2"


def test_chapters_and_items_may_both_be_numbered_with_plain_digits() -> None:
    imported = read(
        "1、信息的收集\n（1）我们收集手机号。\n①用于登录。\n②用于找回密码。\n（2）我们收集邮箱。\n2、信息的使用\n（1）我们用来通知您。\n3、联系我们\n请来信。\n"
    )

    assert headings(imported) == ["1、信息的收集", "2、信息的使用", "3、联系我们"]
    assert shapes(imported) == ["（1）[① ②] （2）", "（1）", "¶"]


def test_numbers_inside_sentences_are_no_labels() -> None:
    imported = read(
        "一、费用\n1、超时按标准的\n1.5倍计费，自\n2020年起执行。\n3、4号楼的用户免收，\n10:30以前下单的也免收。\n2、其他费用另行公示。\n"
        "3、14周岁以下的免费。\n4.5折以下的活动另行公示。\n二、其他\n12.5%的用户会抽到奖，1,000元封顶。\n"
    )

    assert headings(imported) == ["一、费用", "二、其他"]
    assert shapes(imported) == ["1、 2、 3、", "¶"]
    assert "3、4号楼的用户免收，" in imported.document.chapters[0].items[0].text


def test_an_english_text_with_articles_decimals_and_letters_is_read() -> None:
    imported = read(
        "Harbour Pay Privacy Policy\nLast updated: 1 May 2024\nThis policy tells you how we use personal data.\n"
        "1. What we collect\nWe collect the following data.\n1.1 Account data, such as your name.\n1.2 Payment data:\n"
        "(a) the card number;\n(b) the amount, up to 1.5 times the limit:\n(i) in your currency;\n(ii) in ours.\n"
        "2. How we use it\n2.1 To run the service.\n3. Contact\nWrite to us. Section 2 says why.\n",
        "en",
    )

    assert headings(imported) == ["1.What we collect", "2.How we use it", "3.Contact"]
    assert shapes(imported) == ["1.1 1.2[(a) (b)[(i) (ii)]]", "2.1", "¶"]
    assert imported.title == "Harbour Pay Privacy Policy"


def test_an_english_list_of_contents_is_left_out_and_wrapped_lines_are_put_together() -> None:
    imported = read(
        "Terms of Service\n\nContents\nArticle 1 Scope\nArticle 2 Payment\nArticle 3 Law\n\nArticle 1 Scope\n\n"
        "These terms apply to every order that is placed through the website of\nHarbour Pay, and to every service that goes with"
        " such an order, whoever\nhas placed it.\n\nArticle 2 Payment\n\n(a) The price is due when the order is placed, unless the"
        " parties have\nagreed otherwise in writing beforehand.\n(b) Late payment bears interest at the rate which the law of the"
        " place\nprovides for.\n\nArticle 3 Law\n\nThe law of the place where Harbour Pay has its registered office applies\nto"
        " these terms.\n",
        "en",
    )

    assert headings(imported) == ["Article 1Scope", "Article 2Payment", "Article 3Law"]
    assert shapes(imported) == ["¶", "(a) (b)", "¶"]
    assert imported.document.chapters[1].items[1].text.endswith("the law of the place provides for.")


def test_roman_chapters_with_capital_letters_below_are_read() -> None:
    imported = read(
        "Cookie Notice\nI. Scope\nThis notice covers our sites.\nII. Kinds of cookies\nA. Needed cookies.\nB. Optional cookies.\n"
        "III. Choices\nYou may refuse.\n",
        "en",
    )

    assert headings(imported) == ["I.Scope", "II.Kinds of cookies", "III.Choices"]
    assert shapes(imported) == ["¶", "A. B.", "¶"]


def test_a_number_alone_on_its_line_takes_the_next_line() -> None:
    imported = read("一、\n信息的收集\n1、\n我们收集姓名。\n2、\n我们收集电话。\n二、\n信息的使用\n我们使用姓名。\n")

    assert headings(imported) == ["一、信息的收集", "二、信息的使用"]
    assert [c.text for c in imported.document.chapters[0].items] == ["我们收集姓名。", "我们收集电话。"]


def test_an_annex_is_a_chapter_with_the_number_it_has() -> None:
    imported = read("隐私政策\n一、收集\n我们收集姓名。\n二、共享\n见附件一。\n附件一：第三方清单\n1、甲公司。\n2、乙公司。\n")

    assert headings(imported) == ["一、收集", "二、共享", "附件一：第三方清单"]
    assert codes(imported) == []


def test_residue_of_editors_is_removed_and_told() -> None:
    imported = read(
        '隐私政策\n{ TOC \\o "1-3" \\h \\z \\u }\n一、收集_Toc123456\n[bookmark: _GoBack]1、我们收集姓名\ufffc。\n2、见错误!未找到引用源。[批注1：核对]\n'
        "3、按\u200b月保存。\n- 3 -\n二、使用\n我们使用姓名 PAGEREF _Toc42 \\h 7\n"
    )

    assert headings(imported) == ["一、收集", "二、使用"]
    assert [c.text for c in imported.document.chapters[0].items] == ["我们收集姓名。", "见", "按月保存。"]
    assert sorted(set(codes(imported))) == ["invisible", "page-mark", "residue"]
    assert len([code for code in codes(imported) if code == "residue"]) == 6


def test_jumps_and_repetitions_among_clauses_are_told_with_their_line_and_left_as_printed() -> None:
    imported = read("隐私政策\n一、收集\n1、姓名。\n2、电话。\n4、住址。\n4、邮箱。\n（2）工作邮箱。\n二、使用\n2、通知。\n")

    assert shapes(imported)[0] == "1、 2、 4、 4、[（2）]"
    assert [(f.code, f.line) for f in imported.findings] == [
        ("number-jump", 5), ("number-repeated", 6), ("number-start", 7), ("number-start", 9)
    ]  # fmt: skip
    anchors = [clause.anchor for clause in walk(imported.document)]
    assert anchors == ["c1-1", "c1-2", "c1-4", "c1-4b", "c1-4b-2", "c2-2"]


def test_differences_between_the_list_of_contents_and_the_headings_are_told() -> None:
    imported = read(
        "隐私政策\n目录\n一、信息的收集\n二、信息怎样使用\n三、投诉\n一、信息的收集\n我们收集姓名。\n二、信息的使用\n我们使用姓名。\n三、联系我们\n请来电。\n"
    )

    assert codes(imported) == [
        "contents-left-out", "contents-no-heading", "contents-differ", "contents-not-listed"
    ]  # fmt: skip


def test_markdown_signs_in_the_text_survive_exactly() -> None:
    text = "按 *星号* 与 _下划线_、`代码`、<b>标签</b>、[链接](https://x.example)、a_b、&amp; 与 #号 收费。"

    imported = read(f"一、!收费#\n1、{text}\n2、# 井号开头。\n3、！叹号开头。\n（1）1. 再编号。\n二、其他\n> 引号开头。\n- 短横开头。\n")

    assert imported.document.chapters[0].title == "!收费#"
    first, second, third = imported.document.chapters[0].items
    assert (first.text, second.text, third.text, third.key) == (text, "# 井号开头。", "！叹号开头。", False)
    assert third.items[0].text == "1. 再编号。"
    assert parse(imported.markdown) == imported.document


def test_the_real_policy_gives_all_ten_chapters_and_tells_what_is_wrong_in_it(shared_folder: Path) -> None:
    from consent.policies.rules.plain_text import decode

    imported = read(decode((shared_folder / "policy-k.zh.txt").read_bytes()))

    assert [c.label for c in imported.document.chapters] == [f"{n}、" for n in "一二三四五六七八九十"]
    assert [len(c.items) for c in imported.document.chapters] == [8, 4, 6, 2, 3, 4, 1, 1, 3, 3]
    assert shape(imported.document.chapters[4].items) == "（一）[1、[（1） （2） （3）] 2、 3、 4、] （二）[1． 2．] （三）"
    assert [(f.code, f.line) for f in imported.findings] == [
        ("contents-left-out", 5), ("chapter-number", 56), ("chapter-number", 94), ("residue", 123)
    ]  # fmt: skip
    assert len(imported.document.preamble) == 7


def test_lines_without_a_number_hold_the_lists_that_begin_again_below_them() -> None:
    imported = read(
        "云帆商城隐私政策\n一、收集\n在下列功能中我们收集信息。\n注册\n1、手机号。\n2、昵称。\n下单\n1、地址。\n2、备注，包括：\n（1）时间；\n（2）楼层。\n"
        "售后\n1、照片。\n二、使用\n我们用它寄送。\n三、联系\n请来电。\n"
    )

    assert headings(imported) == ["一、收集", "二、使用", "三、联系"]
    assert shapes(imported)[0] == "¶[1、 2、] ¶[1、 2、[（1） （2）]] ¶[1、]"
    assert imported.document.chapters[0].lead == "在下列功能中我们收集信息。"
    assert codes(imported) == []
