"""What must hold for every history of events: whatever was said before, after a no nothing is allowed."""

from datetime import timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from consent.ledger.decisions.reasons import Reason
from consent.ledger.decisions.tests.cases import DAY, RECIPIENTS, START, ask, policy, version
from consent.ledger.models import ConsentKind, ConsentStatus
from consent.ledger.rules import ENDED, SILENCE, YES, StateFacts, in_force
from consent.policies.schedule import Book
from consent.policies.tests.factories import facts

HOUR = timedelta(hours=1)
NOES = sorted({ConsentStatus.REFUSED, *ENDED})
days = st.integers(1, 220)
CODES, TO = ("ads", "coupons"), ("", "bank", "shop")


class Event(NamedTuple):
    """What was said at an hour."""

    hour: int
    purpose: str
    recipient: str
    version: int
    status: str
    kind: str


events = st.lists(
    st.builds(
        Event,
        st.integers(0, 24 * 200),
        st.sampled_from(CODES),
        st.sampled_from(TO),
        st.integers(1, 4),
        st.sampled_from([*sorted(ConsentStatus.values), "given", "given", "renewed"]),
        st.sampled_from(sorted(ConsentKind.values)),
    ),
    max_size=12,
    unique_by=lambda event: event.hour,
).map(sorted)


@st.composite
def books(draw: st.DrawFn) -> Book:
    """One to four versions of a policy, 30 days apart, that change what they ask, declare or not, and let run out."""
    versions = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        lines = [
            facts(
                code,
                retention={"zh-hans": draw(st.sampled_from(["一年", "三年"]))},
                needs_separate_consent=draw(st.booleans()),
                validity_days=draw(st.sampled_from([None, 20, 90])),
                recipient_codes=["bank", "shop"],
            )
            for code in CODES
        ]
        versions.append(version(number, lines, draw(st.sampled_from(["", "M2", "M3", "M5"]))))
    return Book((policy(*versions),), RECIPIENTS)


def states_of(said: list[Event]) -> list[StateFacts]:
    """What the states are after these events, by the rule of `statements.RECORD`."""
    states: dict[tuple[str, str, int], Event] = {}
    for event in said:
        key = (event.purpose, event.recipient, event.version)
        if key not in states or states[key].status == "expired" or _rank(event) >= _rank(states[key]):
            states[key] = event
    return [
        StateFacts(e.purpose, e.version, e.status, e.kind, START + e.hour * HOUR, e.recipient) for e in states.values()
    ]


def _rank(event: Event) -> int:
    return {"requested": 0, "deferred": 1}.get(event.status, 2)


def last_answer(said: list[Event], purpose: str, recipient: str, reached: set[int]) -> str | None:
    """The status of the last answer to a version in effect by then, or of the last end of a consent."""
    mine = [event for event in said if (event.purpose, event.recipient) == (purpose, recipient)]
    answers = [e for e in mine if e.status in ENDED or (e.version in reached and e.status not in SILENCE)]
    return answers[-1].status if answers else None


@given(books(), events, st.sampled_from(CODES), st.sampled_from(TO), st.integers(0, 220))
def test_nothing_is_allowed_after_the_last_answer_was_no(
    book: Book, said: list[Event], purpose: str, recipient: str, day: int
) -> None:
    at = START + day * DAY
    said = [event for event in said if START + event.hour * HOUR <= at]
    reached = {each.facts.id for each in book.policies[0].versions if each.facts.effective_at <= at}

    decision = ask(f"{purpose}>{recipient}", *states_of(said), book=book, at=at)

    if decision.allowed:
        assert last_answer(said, purpose, "", reached) in YES
        assert last_answer(said, purpose, recipient, reached) in {*YES, None}


@given(books(), events, st.sampled_from(CODES), st.sampled_from(TO), days, st.data())
def test_a_no_denies_whatever_was_said_before_and_to_whichever_version(
    book: Book, said: list[Event], purpose: str, recipient: str, day: int, data: st.DataObject
) -> None:
    at = START + day * DAY
    current = book.policies[0].in_effect(at)
    assert current is not None
    before = [event for event in said if event.hour < day * 24 - 2]
    yes = [Event(day * 24 - 2, purpose, to, current.facts.id, "given", "separate") for to in TO]
    of = data.draw(st.sampled_from(sorted(_reached(book, day))))
    no = Event(day * 24 - 1, purpose, recipient, of, data.draw(st.sampled_from(NOES)), "explicit")

    allowed, denied = (
        ask(f"{purpose}>{recipient}", *states_of(events), book=book, at=at)
        for events in ([*before, *yes], [*before, *yes, no])
    )

    assert (allowed.reason, denied.allowed) == (Reason.ALLOWED_BY_CONSENT, False)


@given(books(), events, st.sampled_from(CODES), st.integers(0, 220))
def test_who_is_denied_may_agree_and_is_allowed(book: Book, said: list[Event], purpose: str, day: int) -> None:
    """So that the rules above do not hold merely because nothing is ever allowed."""
    at = START + day * DAY
    current = book.policies[0].in_effect(at)
    assert current is not None
    before = [e for e in said if START + e.hour * HOUR < at and e.version in _reached(book, day)]
    now = Event(day * 24, purpose, "", current.facts.id, "given", "separate")

    decision = ask(purpose, *states_of([*before, now]), book=book, at=at)

    assert decision.reason == Reason.ALLOWED_BY_CONSENT


@given(books(), events, st.sampled_from(CODES), st.integers(0, 220))
def test_silence_and_continued_use_never_allow(book: Book, said: list[Event], purpose: str, day: int) -> None:
    quiet = [e for e in said if e.status in SILENCE or e.kind == ConsentKind.IMPLIED]

    assert not ask(purpose, *states_of(quiet), book=book, at=START + day * DAY).allowed


@given(books(), events, st.sampled_from(CODES), st.integers(0, 220))
def test_a_page_and_a_decision_never_differ(book: Book, said: list[Event], purpose: str, day: int) -> None:
    at = START + day * DAY
    states = states_of([event for event in said if not event.recipient and event.kind != ConsentKind.IMPLIED])

    assert in_force(book.policies[0].facts, states, purpose, at) == ask(purpose, *states, book=book, at=at).allowed


def _reached(book: Book, day: int) -> set[int]:
    at = START + day * DAY
    return {each.facts.id for each in book.policies[0].versions if each.facts.effective_at <= at}
