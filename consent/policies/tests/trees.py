"""Made-up trees of clauses for hypothesis, and how they look when flattened to plain text."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from consent.policies.rules.clauses import Chapter, Clause, PolicyDocument
from consent.policies.rules.numerals import to_chinese
from consent.policies.rules.tree import anchored

# Everything that Markdown, HTML or the labels are made of, and what is hard to cut: emoji, CJK extension B, accents.
NASTY = (
    "\\`*_{}[]()<>#+-.!|~&;:=\"'/^%@$，。、；：！？（）【】《》“”一二十第条章1290１①aiA是您的信息"
    "é\u0301😀👨\u200d👩\u200d👧𠮷 \u3000"
)

# How chapters and the levels below them are numbered, the outermost first.
SCHEMES = (
    ("{cn}、", "（{cn}）", "{n}、", "（{n}）", "{circled}"),
    ("{cn}、", "{n}、", "（{n}）", "{circled}"),
    ("{cn}、", "{n}.", "({n})", "{letter}."),
    ("第{cn}章 ", "第{cn}条 ", "（{cn}）", "{n}．"),
    ("第{cn}条 ", "{n}、", "（{n}）"),
    ("第{cn}条 ", "（{cn}）", "{n}、"),
    ("{n}、", "（{n}）", "{circled}"),
    ("{n}. ", "{n})", "({letter})"),
    ("第{cn}部分 ", "{cn}、", "（{cn}）", "{n}、"),
)
_TITLES = (
    "信息的收集", "我们如何使用Cookie", "信息的保存期限", "对外提供", "您的权利", "未成年人保护", "争议的解决",
    "账户的注册", "费用与结算", "如何联系我们", "本政策的更新", "关键词",
)  # fmt: skip
_SENTENCES = (
    "我们收集您的姓名和电话。", "订单保存三年，期满删除；", "2020年以前的记录另行保存。", "超时按1.5倍计费。",
    "请拨打400-000-1234。", "您可以随时撤回同意。", "包括下列情形：", "见第三条的约定。",
    "我们用Cookie记住登录状态，您可以清除它。",
)  # fmt: skip


def texts(alphabet: str = NASTY, max_size: int = 24) -> st.SearchStrategy[str]:
    """One-paragraph texts without space at their ends, never empty."""
    return st.text(alphabet, min_size=1, max_size=max_size).map(str.strip).filter(bool)


def paragraphs() -> st.SearchStrategy[str]:
    """One to three paragraphs."""
    return st.lists(texts(), min_size=1, max_size=3).map("\n\n".join)


@st.composite
def clauses(draw: st.DrawFn, depth: int = 0) -> Clause:
    """A clause with any label or none, with what may be below it."""
    label, number = draw(
        st.sampled_from(
            [("", ""), ("1、", "1"), ("（二）", "2"), ("(3)", "3"), ("4.", "4"), ("5)", "5"), ("1.6", "6"), ("⑦", "7"),
             ("第八条", "8"), ("12．", "12"), ("(a)", "1"), ("b.", "2"), ("Article 3", "3"), ("•", ""), ("(ii)", "2")]
        )
    )  # fmt: skip
    items = draw(st.lists(clauses(depth + 1), max_size=3)) if depth < 3 else []
    gist = draw(st.one_of(st.just(""), texts()))
    return Clause(number, label, draw(paragraphs()), key=draw(st.booleans()), gist=gist, items=tuple(items))


@st.composite
def documents(draw: st.DrawFn) -> PolicyDocument:
    """A whole document."""
    chapters = []
    for place in range(draw(st.integers(0, 4))):
        items = tuple(draw(st.lists(clauses(), max_size=4)))
        lead = draw(st.one_of(st.just(""), paragraphs())) if items else ""
        label = draw(
            st.sampled_from(["", f"{to_chinese(place + 1)}、", f"第{place + 1}章", f"{place + 1}.", "Article 9"])
        )
        chapters.append(Chapter("", label, draw(st.one_of(st.just(""), texts())), lead=lead, items=items))
    title = draw(st.one_of(st.just(""), texts()))
    preamble = tuple(draw(st.lists(clauses(), max_size=3)))
    return anchored(PolicyDocument(title, preamble, tuple(c for c in chapters if c.label or c.title)))


def label(pattern: str, number: int) -> str:
    """A printed label: "（{cn}）" and 3 give （三）."""
    return pattern.format(
        n=number, cn=to_chinese(number), circled=chr(ord("①") + number - 1), letter=chr(ord("a") + number - 1)
    )


@st.composite
def flat_policies(draw: st.DrawFn) -> tuple[str, PolicyDocument]:
    """A policy as flattened plain text, and the tree that it was made from."""
    chapter_style, *levels = draw(st.sampled_from(SCHEMES))
    titles = draw(st.lists(st.sampled_from(_TITLES), min_size=2, max_size=10, unique=True))
    articles = "条" in levels[0]
    chapters, last = [], 0
    for place, title in enumerate(titles, 1):
        items = draw(_items(levels, start=last + 1 if articles else 1))
        last += len(items) if articles else 0
        lead = draw(st.sampled_from(("", _SENTENCES[0]))) if items else ""
        if not items:
            items = tuple(Clause("", "", text) for text in draw(_sentences(1, 3)))
        chapters.append(Chapter("", label(chapter_style, place).strip(), title, lead=lead, items=items))
    contents = draw(st.sampled_from(("", "{n}、", "{n}. ", "（{n}）", "{cn}、", chapter_style)))
    wrong = draw(st.integers(0, len(titles)))
    opening = ["山海出行隐私政策", "更新日期：2024年5月1日", "山海出行（下称“我们”）提供出行服务。"]
    lines = list(opening)
    if contents:
        lines += [draw(st.sampled_from(("目录", "本政策包括以下内容：")))]
        lines += [label(contents, place) + title for place, title in enumerate(titles, 1)]
        lines += [] if lines[3] == "目录" else ["请您仔细阅读。"]
    for place, chapter in enumerate(chapters, 1):
        mistaken = place == wrong and len(titles) > 3 and chapter_style[0] == "{" and "cn" in chapter_style
        lines += [label("{n}、 " if mistaken else chapter_style, place) + chapter.title, *filter(None, [chapter.lead])]
        lines += _flat(chapter.items)
    kept = opening[1:] + lines[3:4] * (contents != "" and lines[3] != "目录")
    kept += ["请您仔细阅读。"] * (contents != "" and lines[3] != "目录")
    preamble = tuple(Clause("", "", text) for text in kept)
    return "\n".join(lines), anchored(PolicyDocument(opening[0], preamble, tuple(chapters)))


def _sentences(least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(_SENTENCES), min_size=least, max_size=most)


@st.composite
def _items(draw: st.DrawFn, levels: Sequence[str], start: int = 1) -> tuple[Clause, ...]:
    if not levels:
        return ()
    items = []
    for number in range(start, start + draw(st.integers(0, 4))):
        below = draw(_items(levels[1:])) if draw(st.integers(0, 2)) == 0 else ()
        text = "\n\n".join(draw(_sentences(1, 2)))
        items.append(Clause(str(number), label(levels[0], number).strip(), text, items=below))
    return tuple(items)


def _flat(items: Sequence[Clause]) -> list[str]:
    lines = []
    for item in items:
        space = " " if item.label and item.label[-1] in "章条." else ""
        lines += (item.label + space + item.text).split("\n\n") + _flat(item.items)
    return lines
