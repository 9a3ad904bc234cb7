"""What the importer tells a person to look at, and how it reads the bytes of a file."""

import codecs

import pytest
from django.utils import translation

from consent.policies.rules.clauses import walk
from consent.policies.rules.findings import MESSAGES, Finding
from consent.policies.rules.plain_text import UnreadableText, decode
from consent.policies.tests.reading import codes, headings, read, shapes

TEXT = "云杉书店隐私政策\n一、收集\n1、我们收集姓名。\n二、使用\n我们用它寄书。\n"


def test_residue_of_editors_is_removed_and_told() -> None:
    imported = read("""
        隐私政策
        { TOC \\o "1-3" \\h \\z \\u }
        一、收集_Toc123456
        [bookmark: _GoBack]1、我们收集姓名\ufffc。
        2、见错误!未找到引用源。[批注1：核对]
        3、按\u200b月保存。
        - 3 -
        二、使用
        我们使用姓名 PAGEREF _Toc42 \\h 7
    """)

    assert headings(imported) == ["一、收集", "二、使用"]
    assert [c.text for c in imported.document.chapters[0].items] == ["我们收集姓名。", "见", "按月保存。"]
    assert sorted(set(codes(imported))) == ["invisible", "page-mark", "residue"]
    assert [f.line for f in imported.findings if f.code == "residue"] == [2, 3, 4, 5, 5, 9]


def test_words_in_brackets_that_are_no_comments_stay() -> None:
    imported = read("隐私政策（修订版）\n一、收集\n我们收集姓名[必填]（注：见附件）。\n二、使用\n寄书。")

    assert imported.title == "隐私政策（修订版）"
    assert imported.document.chapters[0].items[0].text == "我们收集姓名[必填]（注：见附件）。"


def test_jumps_and_repetitions_among_clauses_are_told_with_their_line_and_stay_as_printed() -> None:
    imported = read("""
        隐私政策
        一、收集
        1、姓名。
        2、电话。
        4、住址。
        4、邮箱。
        （2）工作邮箱。
        二、使用
        2、通知。
    """)

    assert shapes(imported)[0] == "1、 2、 4、 4、[（2）]"
    assert [(f.code, f.line) for f in imported.findings] == [
        ("number-jump", 5),
        ("number-repeated", 6),
        ("number-start", 7),
        ("number-start", 9),
    ]
    anchors = [clause.anchor for clause in walk(imported.document)]
    assert anchors == ["c1-1", "c1-2", "c1-4", "c1-4b", "c1-4b-2", "c2-2"]


def test_differences_between_the_list_of_contents_and_the_headings_are_told() -> None:
    imported = read("""
        隐私政策
        目录
        一、信息的收集
        二、信息怎样使用
        三、投诉
        一、信息的收集
        我们收集姓名。
        二、信息的使用
        我们使用姓名。
        三、联系我们
        请来电。
    """)

    assert [(f.code, f.line) for f in imported.findings] == [
        ("contents-left-out", 2),
        ("contents-no-heading", 5),
        ("contents-differ", 8),
        ("contents-not-listed", 10),
    ]


def test_a_finding_is_a_sentence_with_its_line() -> None:
    finding = Finding("chapter-number", 56, {"heading": "保存", "printed": "3、", "meant": "三、"})

    with translation.override("en"):
        sentence = str(finding)

    assert sentence == "Line 56: The chapter heading “保存” was numbered “3、”; it now has “三、”."


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_every_finding_can_be_told_in_both_languages(code: str) -> None:
    parameters = dict.fromkeys(
        ("text", "characters", "last", "count", "entry", "number", "heading", "printed", "meant", "before"), "x"
    )

    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert "%(" not in str(Finding(code, 1, parameters))


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("gbk"),
        TEXT.encode("gb18030"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode("gbk"),
    ],
)
def test_the_encodings_and_newlines_of_chinese_files_are_understood(data: bytes) -> None:
    assert decode(data) == TEXT


def test_rare_characters_of_gb18030_are_understood() -> None:
    text = TEXT + "𠮷野家，镕，€。\n"

    assert decode(text.encode("gb18030")) == text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \r\n\t ",
        codecs.BOM_UTF8,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
        b"PK\x03\x04\x14\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"{\\rtf1\\ansi }",
        b"<!DOCTYPE html><html></html>",
        "一、收集\x00".encode(),
        "一、收集\x07".encode(),
        TEXT.encode("utf-16-le"),
        TEXT.encode("big5", errors="ignore"),
        codecs.BOM_UTF16_LE + b"\x00",
        bytes(range(128, 256)) * 20,
        b"x" * (2 * 1024 * 1024 + 1),
    ],
)
def test_what_is_empty_too_large_or_not_text_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(UnreadableText) as refusal:
        decode(data)

    assert str(refusal.value).strip()


def test_western_quotation_marks_of_old_windows_files_are_understood() -> None:
    text = "1. Scope\nWe call it “the service” – nothing else. " + "It is plain. " * 20

    assert decode(text.encode("cp1252")) == text
