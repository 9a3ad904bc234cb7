"""Paragraphs, marks and links of a text as HTML."""

from consent.policies.rules.clauses import parse
from consent.policies.rules.rendering import minutes_to_read, render, sanitised

GLOSSARY = "\n\n## 九、词语\n\n- 1、“个人信息”是指：甲。\n- 2、“敏感个人信息”是指：乙。\n- 3、“IP”是指：丙。\n"


def html(chapter: str, language: str = "zh-hans") -> str:
    return render(parse(f"# T\n\n前言。\n\n## 一、C\n\n{chapter}{GLOSSARY}"), language).html


def test_lead_in_further_paragraphs_and_nested_clauses_have_their_places() -> None:
    shown = html("引言。\n\n- 1、甲\n\n    乙\n    - （1）丙\n")

    assert '<p class="text">引言。</p><div class="clause" id="c1-1">' in shown
    assert '1、</a>甲<p>乙</p><div class="below"><div class="clause" id="c1-1-1">' in shown
    assert '<div class="clause" id="c0-p1">前言。</div>' in shown


def test_only_the_longest_defined_word_is_linked_and_only_the_first_time() -> None:
    shown = html("- 1、敏感个人信息和个人信息，又见敏感个人信息。\n").split("</section>")[0]

    assert (
        '<a href="#c2-2"><dfn>敏感个人信息</dfn></a>和<a href="#c2-1"><dfn>个人信息</dfn></a>，又见敏感个人信息'
        in shown
    )


def test_a_defined_latin_word_is_linked_only_where_it_is_a_word() -> None:
    shown = html("- 1、ZIP文件和IP地址。\n")

    assert 'ZIP文件和<a href="#c2-3"><dfn>IP</dfn></a>地址' in shown


def test_a_defined_word_inside_a_link_is_not_linked_again_but_inside_bold_it_is() -> None:
    shown = html("- 1、[个人信息](/me/)，**个人信息**。\n")

    assert '<a href="/me/">个人信息</a>，<strong><a href="#c2-1"><dfn>个人信息</dfn></a></strong>' in shown


def test_a_link_to_another_site_gives_nothing_away() -> None:
    assert '<a href="https://x.example/" rel="noopener noreferrer">' in html("- 1、[甲](https://x.example/)\n")


def test_the_chapter_of_definitions_links_none_of_its_own_words() -> None:
    assert "<dfn>" not in html("- 1、甲\n")


def test_whatever_reaches_the_sanitiser_leaves_without_script_or_style() -> None:
    dirty = '<p style="x" onclick="y" class="text evil" id="a">甲<script>1</script><a href="javascript:1">乙</a></p>'

    assert sanitised(dirty) == '<p class="text" id="a">甲<a>乙</a></p>'


def test_reading_takes_as_long_as_its_characters_and_words() -> None:
    assert minutes_to_read([]) == 0
    assert minutes_to_read(["字" * 400]) == 1
    assert minutes_to_read(["字" * 401]) == 2
    assert minutes_to_read(["word " * 231]) == 2
