"""One line a reason: what is asked, what was said, what is decided."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from consent.ledger.decisions.reasons import ALLOWING, EXPLANATIONS, Reason
from consent.ledger.decisions.rules import Person
from consent.ledger.decisions.tests.cases import (
    DAY,
    LINES,
    NOW,
    RECIPIENTS,
    START,
    V1,
    ask,
    policy,
    said,
    version,
)
from consent.policies.schedule import Book
from consent.policies.tests.factories import facts

TICK = timedelta(microseconds=1)
YES = said("given")
COUPONS = said("given", "coupons", kind="separate")
ASKED_ANEW = Book((policy(V1, version(2, [facts("ads", retention={"zh-hans": "永久"})], "M2")),), RECIPIENTS)
MINOR = Person(adult_at=NOW + TICK)
TABLE: list[tuple[str, str, list[Any], dict[str, Any], Reason]] = [
    ("a yes allows", "ads", [YES], {}, Reason.ALLOWED_BY_CONSENT),
    ("a renewed yes allows", "ads", [said("renewed")], {}, Reason.ALLOWED_BY_CONSENT),
    ("a separate yes allows where one is needed", "card", [said("given", "card", kind="separate")], {},
     Reason.ALLOWED_BY_CONSENT),
    ("a yes after a withdrawal", "ads", [said("withdrawn", day=1), said("given", number=2)],
     {"book": Book((policy(V1, version(2, LINES, "M5")),), RECIPIENTS)},
     Reason.ALLOWED_BY_CONSENT),
    ("an item that the purpose uses", "ads:phone", [YES], {}, Reason.ALLOWED_BY_CONSENT),
    ("somebody on our instructions", "ads>mailer:phone", [YES], {}, Reason.ALLOWED_BY_CONSENT),
    ("a duty of law allows", "kyc", [], {}, Reason.ALLOWED_BY_LAW),
    ("a contract allows", "pay", [], {}, Reason.ALLOWED_BY_LAW),
    ("an authority needs no agreement", "kyc>court", [], {}, Reason.ALLOWED_BY_LAW),
    ("a duty of law outlives the account", "kyc", [], {"person": Person(closed_at=START)}, Reason.ALLOWED_BY_LAW),
    ("and holds for a minor", "kyc", [], {"person": MINOR}, Reason.ALLOWED_BY_LAW),
    ("before the first version", "ads", [YES], {"at": START - TICK}, Reason.NO_VERSION_IN_EFFECT),
    ("without any policy", "ads", [YES], {"book": Book()}, Reason.NO_VERSION_IN_EFFECT),
    ("a purpose that nobody named", "resale", [said("given", "resale")], {}, Reason.UNKNOWN_PURPOSE),
    ("the policy as a whole is no purpose", "", [said("given", "")], {}, Reason.UNKNOWN_PURPOSE),
    ("an item that nobody named", "ads:genome", [YES], {}, Reason.UNKNOWN_ITEM),
    ("an item of another purpose", "ads:card-number", [YES], {}, Reason.ITEM_NOT_IN_PURPOSE),
    ("a recipient that nobody knows", "ads>nobody", [YES], {}, Reason.UNKNOWN_RECIPIENT),
    ("a recipient that is known, but not for this", "ads>unnamed", [YES], {}, Reason.RECIPIENT_NOT_IN_PURPOSE),
    ("marketing of a third party", "offers>shop", [said("given", "offers")], {}, Reason.THIRD_PARTY_MARKETING),
    ("a recipient with marketing of its own", "ads>broker:phone", [YES], {}, Reason.THIRD_PARTY_MARKETING),
    ("a law is no reason for marketing", "fraud", [], {}, Reason.MARKETING_NEEDS_CONSENT),
    ("a log-in record to a third party", "ads>bank:log-in", [YES], {}, Reason.NEVER_SHARED),
    ("or all items, when one is such", "ads>bank", [YES], {}, Reason.NEVER_SHARED),
    ("but to a company of the group", "ads>group:log-in", [YES], {}, Reason.ALLOWED_BY_CONSENT),
    ("a recipient that was not assessed", "ads>stranger:phone", [YES], {}, Reason.NO_ACTIVE_AGREEMENT),
    ("an agreement that is over", "ads>lapsed:phone", [YES], {}, Reason.NO_ACTIVE_AGREEMENT),
    ("an agreement until its last moment", "ads>lapsed:phone", [YES], {"at": NOW - TICK}, Reason.ALLOWED_BY_CONSENT),
    ("somebody unknown", "ads", [YES], {"person": None}, Reason.UNKNOWN_SUBJECT),
    ("even where law allows", "kyc", [], {"person": None}, Reason.UNKNOWN_SUBJECT),
    ("somebody who left", "ads", [YES], {"person": Person(closed_at=NOW)}, Reason.SUBJECT_CLOSED),
    ("their contract too", "pay", [], {"person": Person(closed_at=NOW)}, Reason.SUBJECT_CLOSED),
    ("not before they left", "ads", [YES], {"person": Person(closed_at=NOW + TICK)}, Reason.ALLOWED_BY_CONSENT),
    ("somebody who asked us to stop", "ads", [YES], {"person": Person(restricted_at=NOW)}, Reason.RESTRICTED),
    ("not before we did", "ads", [YES], {"person": Person(restricted_at=NOW + TICK)}, Reason.ALLOWED_BY_CONSENT),
    ("nor what the law demands", "kyc", [], {"person": Person(restricted_at=NOW)}, Reason.ALLOWED_BY_LAW),
    ("a minor on their own", "ads", [YES], {"person": MINOR}, Reason.MINOR_WITHOUT_GUARDIAN),
    ("a minor's contract", "pay", [], {"person": MINOR}, Reason.MINOR_WITHOUT_GUARDIAN),
    ("a guardian who agrees later", "ads", [YES],
     {"person": Person(adult_at=NOW + DAY, guardian_confirmed_at=NOW + TICK)}, Reason.MINOR_WITHOUT_GUARDIAN),
    ("a minor with a guardian", "ads", [YES],
     {"person": Person(adult_at=NOW + DAY, guardian_confirmed_at=NOW)}, Reason.ALLOWED_BY_CONSENT),
    ("on the 18th birthday", "ads", [YES], {"person": Person(adult_at=NOW)}, Reason.ALLOWED_BY_CONSENT),
    ("silence", "ads", [], {}, Reason.NOT_ANSWERED),
    ("a mere request", "ads", [said("requested")], {}, Reason.NOT_ANSWERED),
    ("a yes to something else", "ads", [said("given", "trial")], {}, Reason.NOT_ANSWERED),
    ("a yes in advance", "ads", [said("given", number=2)],
     {"book": Book((policy(V1, version(2, LINES, effective_at=NOW + TICK)),), RECIPIENTS)}, Reason.NOT_ANSWERED),
    ("later", "ads", [said("deferred")], {}, Reason.DEFERRED),
    ("no", "ads", [said("refused")], {}, Reason.REFUSED),
    ("no longer", "ads", [said("withdrawn")], {}, Reason.WITHDRAWN),
    ("revoked", "ads", [said("revoked")], {}, Reason.REVOKED),
    ("no longer valid", "ads", [said("invalidated")], {}, Reason.INVALIDATED),
    ("expired", "ads", [said("expired")], {}, Reason.EXPIRED),
    ("expired, though no job has said so", "trial", [said("given", "trial", day=265)], {}, Reason.EXPIRED),
    ("not a moment earlier", "trial", [said("given", "trial", day=265)], {"at": NOW - TICK},
     Reason.ALLOWED_BY_CONSENT),
    ("asked anew", "ads", [YES], {"book": ASKED_ANEW}, Reason.SUPERSEDED),
    ("asked anew and put off", "ads", [YES, said("deferred", number=2)], {"book": ASKED_ANEW}, Reason.DEFERRED),
    ("a no to the version before, later than the yes", "ads", [said("given", number=2), said("refused", day=301)],
     {"book": ASKED_ANEW}, Reason.REFUSED),
    ("continued use", "ads", [said("given", kind="implied")], {}, Reason.IMPLIED_NOT_ENOUGH),
    ("a general yes where a separate one is needed", "card", [said("given", "card")], {}, Reason.SEPARATE_NEEDED),
    ("one yes for two that decide themselves", "coupons>bank", [COUPONS], {}, Reason.RECIPIENT_NOT_ANSWERED),
    ("a yes of its own for each", "coupons>bank", [COUPONS, said("given", "coupons", kind="separate", to="bank")], {},
     Reason.ALLOWED_BY_CONSENT),
    ("a yes to another of them", "coupons>bank", [COUPONS, said("given", "coupons", kind="separate", to="shop")], {},
     Reason.RECIPIENT_NOT_ANSWERED),
    ("the only one that decides itself", "card>bank", [said("given", "card", kind="separate")], {},
     Reason.ALLOWED_BY_CONSENT),
    ("who works on instructions needs no answer of their own", "coupons>mailer", [COUPONS], {},
     Reason.ALLOWED_BY_CONSENT),
    ("a no to one recipient", "ads>group:phone", [YES, said("refused", to="group")], {}, Reason.REFUSED),
    ("is no no to the purpose", "ads", [YES, said("refused", to="group")], {}, Reason.ALLOWED_BY_CONSENT),
    ("nor to another recipient", "ads>bank:phone", [YES, said("refused", to="group")], {}, Reason.ALLOWED_BY_CONSENT),
    ("a yes to a recipient without one to the purpose", "ads>group:phone", [said("given", to="group")], {},
     Reason.NOT_ANSWERED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "asked", "states", "circumstances", "reason"), TABLE, ids=[f"{line[4]}: {line[0]}" for line in TABLE]
)
def test_decision(rule: str, asked: str, states: list[Any], circumstances: dict[str, Any], reason: Reason) -> None:
    decision = ask(asked, *states, **circumstances)

    assert (decision.reason, decision.allowed) == (reason, reason in ALLOWING)


def test_every_reason_can_be_reached() -> None:
    assert {line[4] for line in TABLE} == set(Reason)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence_in_both_languages_and_a_rule(reason: Reason) -> None:
    sentences = set()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            sentences.add(str(EXPLANATIONS[reason].sentence))

    assert len(sentences) == 2
    assert EXPLANATIONS[reason].rule


def test_a_decision_says_whose_register_which_version_and_which_rule() -> None:
    with translation.override("en"):
        by_law, denied = ask("kyc"), ask("ads", said("refused"))

    assert (by_law.policy, by_law.version, by_law.rule) == ("privacy", 1, "E1 Anti-Money Laundering Law")
    assert (denied.policy, denied.version, denied.rule) == ("privacy", 1, EXPLANATIONS[Reason.REFUSED].rule)
    assert ask("resale").policy == ""


def test_the_policy_for_the_service_goes_before_the_general_one() -> None:
    law, consent = facts("ads", lawful_basis="contract", exemption="E8"), facts("ads")
    service, general = (
        policy(version(1, [law]), slug="service", policy_id=8),
        policy(version(2, [consent, facts("sms")])),
    )
    book = Book((service, general))

    assert (ask("ads", book=book).policy, ask("ads", book=book).allowed) == ("service", True)  # K108, Y2
    assert ask("sms", book=book, at=NOW).policy == "privacy"


def test_a_service_policy_decides_only_from_its_effect_on() -> None:
    service = policy(version(1, [facts("ads", lawful_basis="contract")], effective_at=NOW), slug="service", policy_id=8)
    book = Book((service, policy(V1)))

    assert [ask("ads", book=book, at=at).policy for at in (NOW - TICK, NOW)] == ["privacy", "service"]


CACHE = [
    ("the setting", "ads", [YES], {}, 60),
    ("the next version", "ads", [YES],
     {"book": Book((policy(V1, version(2, LINES, effective_at=NOW + timedelta(seconds=9))),))}, 9),
    ("the end of the agreement", "ads>lapsed:phone", [YES], {"at": NOW - timedelta(seconds=8)}, 8),
    ("the end of the yes", "trial", [said("given", "trial", day=265)], {"at": NOW - timedelta(seconds=7)}, 7),
    ("the 18th birthday", "ads", [YES], {"person": Person(adult_at=NOW + timedelta(seconds=6))}, 6),
    ("and a denial as well", "resale", [],
     {"book": Book((policy(V1, version(2, LINES, effective_at=NOW + timedelta(seconds=5))),))}, 5),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "asked", "states", "circumstances", "seconds"), CACHE, ids=[c[0] for c in CACHE])
def test_an_answer_may_be_kept_until(
    limit: str, asked: str, states: list[Any], circumstances: dict[str, Any], seconds: int
) -> None:
    at = circumstances.get("at", NOW)

    assert ask(asked, *states, **circumstances).cache_until == at + timedelta(seconds=seconds)


def test_the_yes_to_the_purpose_bounds_the_answer_about_a_recipient() -> None:
    lines = [facts("trial", validity_days=100, recipient_codes=["group"])]
    book = Book((policy(version(1, lines)),), RECIPIENTS)
    states = [said("given", "trial", day=265), said("given", "trial", day=300, to="group")]

    decision = ask("trial>group", *states, book=book, at=NOW - timedelta(seconds=7))

    assert (decision.allowed, decision.cache_until) == (True, NOW)
