"""What the tests of receipts share."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from accounts.audit.rules import SYSTEM
from accounts.models import User
from consent.ledger.actions import Answer, record_answers
from consent.ledger.keyring import log_ring, receipt_ring
from consent.ledger.models import ConsentEvent, ConsentStatus, Surface
from consent.ledger.tests.factories import circumstances, make_subject
from consent.policies.tests.factories import make_policy, make_version


@pytest.fixture
def use_keys(settings: Settings) -> Iterator[Callable[..., None]]:
    """Run with other rings, written as in the settings; the usual ones come back."""

    def use(*, receipts: str = "", log: str = "") -> None:
        settings.RECEIPT_KEYS = receipts or settings.RECEIPT_KEYS
        settings.LOG_KEYS = log or settings.LOG_KEYS
        receipt_ring.cache_clear()
        log_ring.cache_clear()

    yield use
    receipt_ring.cache_clear()
    log_ring.cache_clear()


@pytest.fixture
def make_import(db: None) -> Callable[[User], ConsentEvent]:
    """An answer that a company took over from its earlier records."""

    def make(user: User) -> ConsentEvent:
        version = make_version(make_policy())
        subject = make_subject(user, version.policy.controller)
        how = circumstances(surface=Surface.IMPORT, claimed_at=datetime(2020, 5, 4, tzinfo=UTC))
        said = [Answer("ads", ConsentStatus.GIVEN)]
        recorded = record_answers(subject, version, said, circumstances=how, actor=SYSTEM, key="line-1")
        return ConsentEvent.objects.get(id=recorded.events[0].id)

    return make
