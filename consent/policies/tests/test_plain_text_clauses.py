"""How the clauses of a chapter are numbered and nested in plain texts of many styles."""

from consent.policies.rules.clauses import parse
from consent.policies.tests.reading import codes, headings, read, shapes


def test_full_width_digits_and_half_width_brackets_are_numbers_and_indents_do_not_matter() -> None:
    imported = read("""
        １、总则
        (1)本政策适用于全部产品。
        (2)本政策由我们解释。
        ２、收集
        (1)我们收集手机号。
          (2)我们收集邮箱。
        ３ 、其他
        \u3000\u3000(1)本政策自公布之日起生效。
    """)

    assert headings(imported) == ["１、总则", "２、收集", "３、其他"]
    assert shapes(imported) == ["(1) (2)", "(1) (2)", "(1)"]
    assert [clause.number for clause in imported.document.chapters[0].items] == ["1", "2"]


def test_chapters_of_an_agreement_may_be_articles() -> None:
    imported = read("""
        服务协议
        第一条 协议的范围
        1、本协议约定双方的权利。
        2、平台规则是本协议的一部分。
        第二条 账户
        您应当妥善保管账户。
        第三条\u3000费用
        （一）会员费按月收取。
        （二）手续费按笔收取，
        第二条规定的账户另计。
        第四条：争议
        由法院管辖。
    """)

    assert headings(imported) == ["第一条协议的范围", "第二条账户", "第三条费用", "第四条：争议"]
    assert shapes(imported) == ["1、 2、", "¶", "（一） （二）", "¶"]


def test_articles_that_are_sentences_are_chapters_without_a_title() -> None:
    imported = read("""
        会员规则
        第一条 为了明确会员的权利，制定本规则。
        第二条 定义：本规则所称会员，是指完成注册的人。
        第三条 会员应当遵守下列要求：
        （一）不出借账户；
        （二）不发布虚假信息。
        第四条 本规则自公布之日起施行。
    """)

    assert headings(imported) == ["第一条", "第二条定义", "第三条", "第四条"]
    assert imported.document.chapters[2].lead == "会员应当遵守下列要求："
    assert shapes(imported) == ["¶", "¶", "（一） （二）", "¶"]


def test_articles_run_on_through_the_chapters_and_sections_of_a_charter() -> None:
    imported = read("""
        个人信息保护制度
        第一章 总则
        第一节 目的
        第一条 为了保护个人信息，制定本制度。
        第二节 范围
        第二条 本制度适用于全体员工。
        第二章 职责
        第三条 法务部负责解释。
        第四条 各部门应当：
        （一）登记；
        （二）报告。
        第三章 附则
        第五条 本制度自发布之日起施行。
    """)

    assert headings(imported) == ["第一章总则", "第二章职责", "第三章附则"]
    assert shapes(imported) == ["第一节[第一条] 第二节[第二条]", "第三条 第四条[（一） （二）]", "第五条"]
    assert codes(imported) == []


def test_one_list_in_chapter_numerals_inside_an_article_makes_no_chapters() -> None:
    imported = read("""
        第一条 范围
        本协议适用于下列服务：
        一、支付；
        二、转账；
        三、查询。
        第二条 费用
        按公示收取。
        第三条 其他
        另行约定。
    """)

    assert headings(imported) == ["第一条范围", "第二条费用", "第三条其他"]
    assert shapes(imported) == ["一、 二、 三、", "¶", "¶"]


def test_articles_may_have_decimal_clauses() -> None:
    imported = read("""
        用户协议
        第一条 定义
        1.1 平台：本公司运营的网站。
        1.2 用户：
        1.2.1 个人用户；
        1.2.2 企业用户。
        第二条 账号
        2.1 您应妥善保管，损失按
        1.5倍赔偿。
        2.2 不得出借。
    """)

    assert shapes(imported) == ["1.1 1.2[1.2.1 1.2.2]", "2.1 2.2"]
    assert [c.anchor for c in imported.document.chapters[0].items[1].items] == ["c1-2-1", "c1-2-2"]


def test_bracketed_chinese_numbers_may_be_the_direct_items_with_letters_below() -> None:
    imported = read("""
        一、范围
        本政策适用于收银服务。
        二、收集
        （一）注册信息
        您注册时提供姓名。
        （二）设备信息，分为两类：
        a、必须收集的信息，不提供则无法使用；
        b、改善体验的信息，可以不提供。
        （三）其他信息。
        三、保存
        期满删除。
    """)

    assert shapes(imported) == ["¶", "（一） （二）[a、 b、] （三）", "¶"]
    assert [clause.number for clause in imported.document.chapters[1].items[1].items] == ["1", "2"]


def test_chapters_in_plain_digits_have_bracketed_items_with_circled_ones_below() -> None:
    imported = read("""
        1、信息的收集
        （1）我们收集手机号。
        ①用于登录。
        ②用于找回密码。
        （2）我们收集邮箱。
        2、信息的使用
        （1）我们用来通知您。
        3、联系我们
        请来信。
    """)

    assert headings(imported) == ["1、信息的收集", "2、信息的使用", "3、联系我们"]
    assert shapes(imported) == ["（1）[① ②] （2）", "（1）", "¶"]


def test_chapters_and_items_may_even_share_one_style() -> None:
    imported = read("""
        隐私政策
        目录
        1、收集
        2、使用
        3、联系
        1、收集
        1、我们收集姓名。
        2、我们收集电话。
        2、使用
        1、我们用来登录。
        3、联系
        请来电。
    """)

    assert headings(imported) == ["1、收集", "2、使用", "3、联系"]
    assert shapes(imported) == ["1、 2、", "1、", "¶"]


def test_numbers_inside_sentences_are_no_labels() -> None:
    imported = read("""
        一、费用
        1、超时按标准的
        1.5倍计费，自
        2020年起执行。
        3、4号楼的用户免收，
        10:30以前下单的也免收。
        2、其他费用另行公示。
        3、14周岁以下的免费。
        4.5折以下的活动另行公示。
        二、其他
        12.5%的用户会抽到奖，1,000元封顶。
    """)

    assert headings(imported) == ["一、费用", "二、其他"]
    assert shapes(imported) == ["1、 2、 3、", "¶"]
    assert "3、4号楼的用户免收，" in imported.document.chapters[0].items[0].text


def test_an_english_text_with_decimals_letters_and_small_roman_numbers_is_read() -> None:
    imported = read(
        """
        Harbour Pay Privacy Policy
        Last updated: 1 May 2024
        This policy tells you how we use personal data.
        1. What we collect
        We collect the following data.
        1.1 Account data, such as your name.
        1.2 Payment data:
        (a) the card number;
        (b) the amount, up to 1.5 times the limit:
        (i) in your currency;
        (ii) in ours.
        2. How we use it
        2.1 To run the service.
        3. Contact
        Write to us. Section 2 says why.
        """,
        "en",
    )

    assert headings(imported) == ["1.What we collect", "2.How we use it", "3.Contact"]
    assert shapes(imported) == ["1.1 1.2[(a) (b)[(i) (ii)]]", "2.1", "¶"]
    assert imported.title == "Harbour Pay Privacy Policy"


def test_an_english_list_of_contents_is_left_out_and_wrapped_lines_are_put_together() -> None:
    imported = read(
        """
        Terms of Service

        Contents
        Article 1 Scope
        Article 2 Payment
        Article 3 Law

        Article 1 Scope

        These terms apply to every order that is placed through the website of
        Harbour Pay, and to every service that goes with such an order, whoever
        has placed it.

        Article 2 Payment

        (a) The price is due when the order is placed, unless the parties have
        agreed otherwise in writing beforehand.
        (b) Late payment bears interest at the rate which the law of the place
        provides for.

        Article 3 Law

        The law of the place where Harbour Pay has its registered office applies
        to these terms.
        """,
        "en",
    )

    assert headings(imported) == ["Article 1Scope", "Article 2Payment", "Article 3Law"]
    assert shapes(imported) == ["¶", "(a) (b)", "¶"]
    assert imported.document.chapters[1].items[1].text.endswith("the law of the place provides for.")


def test_roman_chapters_with_capital_letters_below_are_read() -> None:
    imported = read(
        """
        Cookie Notice
        I. Scope
        This notice covers our sites.
        II. Kinds of cookies
        A. Needed cookies.
        B. Optional cookies.
        III. Choices
        You may refuse.
        """,
        "en",
    )

    assert headings(imported) == ["I.Scope", "II.Kinds of cookies", "III.Choices"]
    assert shapes(imported) == ["¶", "A. B.", "¶"]


def test_a_number_alone_on_its_line_takes_the_next_line() -> None:
    imported = read("""
        一、
        信息的收集
        1、
        我们收集姓名。
        2、
        我们收集电话。
        二、
        信息的使用
        我们使用姓名。
    """)

    assert headings(imported) == ["一、信息的收集", "二、信息的使用"]
    assert [c.text for c in imported.document.chapters[0].items] == ["我们收集姓名。", "我们收集电话。"]


def test_lines_without_a_number_hold_the_lists_that_begin_again_below_them() -> None:
    imported = read("""
        云帆商城隐私政策
        一、收集
        在下列功能中我们收集信息。
        注册
        1、手机号。
        2、昵称。
        下单
        1、地址。
        2、备注，包括：
        （1）时间；
        （2）楼层。
        售后
        1、照片。
        二、使用
        我们用它寄送。
        三、联系
        请来电。
    """)

    assert headings(imported) == ["一、收集", "二、使用", "三、联系"]
    assert shapes(imported)[0] == "¶[1、 2、] ¶[1、 2、[（1） （2）]] ¶[1、]"
    assert imported.document.chapters[0].lead == "在下列功能中我们收集信息。"
    assert codes(imported) == []


def test_bullets_are_clauses_without_a_number_below_the_numbered_one() -> None:
    imported = read("""
        政策
        一、收集
        1、设备信息：
        • 型号
        • 系统
        2、位置
        - 精确
        - 模糊
        二、使用
        用于登录。
    """)

    assert shapes(imported) == ["1、[• •] 2、[- -]", "¶"]
    assert [c.anchor for c in imported.document.chapters[0].items[0].items] == ["c1-1-p1", "c1-1-p2"]
    assert parse(imported.markdown) == imported.document


def test_signs_of_markdown_in_the_text_survive_exactly() -> None:
    text = "按 *星号* 与 _下划线_、`代码`、<b>标签</b>、[链接](https://x.example)、a_b、&amp; 与 #号 收费。"

    imported = read(
        f"一、!收费#\n1、{text}\n2、# 井号开头。\n3、！叹号开头。\n（1）1. 再编号。\n二、其他\n> 引号开头。\n"
    )

    assert imported.document.chapters[0].title == "!收费#"
    first, second, third = imported.document.chapters[0].items
    assert (first.text, second.text, third.text, third.key) == (text, "# 井号开头。", "！叹号开头。", False)
    assert third.items[0].text == "1. 再编号。"
    assert imported.document.chapters[1].items[0].text == "> 引号开头。"
