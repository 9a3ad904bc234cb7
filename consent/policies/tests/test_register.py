"""What a person agrees to, and how two registers differ."""

from typing import Any

import pytest

from consent.policies.rules.register import RegisterChanges, fingerprint, questions_of, register_changes
from consent.policies.tests.factories import facts

BANK = {"zh-hans": "发卡银行", "en": "The issuing bank"}


@pytest.mark.parametrize(
    "changes",
    [
        {"items": ["phone", "city"]},
        {"items": ["phone!"]},
        {"items": ["mail"]},
        {"lawful_basis": "contract"},
        {"necessity": "necessary"},
        {"is_sensitive": True},
        {"needs_separate_consent": True},
        {"recipients": BANK},
        {"retention": {"zh-hans": "24 个月"}},
    ],
)
def test_what_the_answer_rests_on_changes_the_fingerprint(changes: dict[str, Any]) -> None:
    assert fingerprint(facts("ads", **changes)) != fingerprint(facts("ads"))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": {"zh-hans": "另一个名称"}},
        {"description": {"zh-hans": "说得更清楚"}},
        {"refusal_consequence": {"zh-hans": "说得更清楚"}},
        {"retention": {"zh-hans": " 12  个月\n"}},
        {"retention": {"zh-hans": "12 个月", "en": "a year"}},
    ],
)
def test_other_words_and_translations_do_not(changes: dict[str, Any]) -> None:
    assert fingerprint(facts("ads", **changes)) == fingerprint(facts("ads"))


def test_the_order_of_items_does_not_matter() -> None:
    assert fingerprint(facts("ads", items=["a", "b!"])) == fingerprint(facts("ads", items=["b!", "a"]))


def test_the_same_word_written_in_two_ways_is_the_same() -> None:
    composed, decomposed = ({"zh-hans": text} for text in ("caf\u00e9", "cafe\u0301"))

    assert fingerprint(facts("ads", recipients=composed)) == fingerprint(facts("ads", recipients=decomposed))


def test_a_fingerprint_stays_what_it_is() -> None:
    line = facts("card", items=["name", "card_number!"], recipients=BANK, needs_separate_consent=True)

    assert fingerprint(line) == "098cdc5b774463187d465b868bb8edded0a744fdd986e1c9805f3206f8f26904"


def test_a_person_is_asked_about_the_whole_and_about_what_rests_on_consent() -> None:
    register = [
        facts("ads"),
        facts("law", lawful_basis="legal_duty"),
        facts("card", items=["card_number!"]),
        facts("share", needs_separate_consent=True),
    ]

    asked = [(q.purpose, q.is_sensitive, q.needs_separate) for q in questions_of(register)]

    assert asked == [("", False, False), ("ads", False, False), ("card", True, True), ("share", False, True)]


DIFFERENCES: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]], RegisterChanges]] = [
    ("nothing", [facts("ads")], [facts("ads", title={})], RegisterChanges((), (), (), (), frozenset())),
    ("a purpose comes", [facts("ads")], [facts("ads"), facts("sms")],
     RegisterChanges(("sms",), (), (), (), frozenset({"M2"}))),
    ("a purpose comes with a recipient", [], [facts("card", recipients=BANK)],
     RegisterChanges(("card",), (), (), ("card",), frozenset({"M2", "M3"}))),
    ("a purpose goes", [facts("ads"), facts("sms")], [facts("ads")],
     RegisterChanges((), ("sms",), (), (), frozenset({"M2"}))),
    ("a purpose goes with its recipient", [facts("card", recipients=BANK)], [],
     RegisterChanges((), ("card",), (), ("card",), frozenset({"M2", "M3"}))),
    ("items change", [facts("ads")], [facts("ads", items=["city"])],
     RegisterChanges((), (), ("ads",), (), frozenset({"M2"}))),
    ("a recipient comes", [facts("ads")], [facts("ads", recipients=BANK)],
     RegisterChanges((), (), ("ads",), ("ads",), frozenset({"M3"}))),
    ("items and recipients change", [facts("ads")], [facts("ads", items=["city"], recipients=BANK)],
     RegisterChanges((), (), ("ads",), ("ads",), frozenset({"M2", "M3"}))),
    ("a purpose that nobody is asked about changes", [facts("law", lawful_basis="legal_duty")],
     [facts("law", lawful_basis="legal_duty", items=["city"])],
     RegisterChanges((), (), ("law",), (), frozenset({"M2"}))),
]  # fmt: skip


@pytest.mark.parametrize(("difference", "old", "new", "expected"), DIFFERENCES, ids=[case[0] for case in DIFFERENCES])
def test_the_registers_tell_what_must_be_declared(
    difference: str, old: list[dict[str, Any]], new: list[dict[str, Any]], expected: RegisterChanges
) -> None:
    assert register_changes(old, new) == expected
