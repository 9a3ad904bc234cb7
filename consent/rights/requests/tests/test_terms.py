"""By when a request is answered (K96; GB/T 35273-2020 8.5, 8.7)."""

from datetime import date

import pytest
from django.conf import settings

from consent.rights.requests.rules import Due, due, term_of, working_days_left

MONTH = term_of("access", settings.REQUEST_TERMS)
CANCELLATION = term_of("cancellation", settings.REQUEST_TERMS)


def test_a_request_is_answered_within_thirty_days() -> None:
    assert due(MONTH, date(2026, 3, 2)) == Due(date(2026, 4, 1))


def test_a_cancellation_takes_fifteen_working_days_at_the_most() -> None:
    assert due(CANCELLATION, date(2026, 3, 2)) == Due(date(2026, 3, 23))


def test_public_holidays_and_the_weekends_worked_instead_count_as_they_are_worked() -> None:
    spring = due(CANCELLATION, date(2026, 2, 9))  # the Spring Festival of 2026 is in between

    # Worked: 10-14 February (the 14th is a Saturday), 24-28 February (the 28th too), 2-6 March.
    assert spring == Due(date(2026, 3, 6))


def test_where_holidays_are_not_published_weekends_alone_are_left_out_and_that_is_said() -> None:
    assert due(CANCELLATION, date(2031, 3, 3)) == Due(date(2031, 3, 24), is_estimate=True)


def test_an_installation_sets_its_own_terms() -> None:
    terms = {"": {"days": 10, "working": False, "citation": "own rule"}}

    assert due(term_of("cancellation", terms), date(2026, 3, 2)) == Due(date(2026, 3, 12))


@pytest.mark.parametrize(("today", "left"), [(date(2026, 3, 20), 1), (date(2026, 3, 23), 0), (date(2026, 3, 25), 0)])
def test_working_days_left_leave_weekends_out(today: date, left: int) -> None:
    assert working_days_left(today, date(2026, 3, 23)) == left
