"""A worker that is killed in any step of the erasure: the next turn of the task completes it, and it happens once."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
import time_machine
from django.db import connections

from accounts.models import Notice, User
from consent.ledger.models import SubjectKey
from consent.outbox.models import OutboxMessage
from consent.rights.leaving.actions import undo_leaving
from consent.rights.leaving.erasing import STEPS, finish_leaving
from consent.rights.leaving.errors import AlreadyLeaving, NotUndoable
from consent.rights.leaving.journal import erasures_in
from consent.rights.leaving.models import Erasure, Leaving, LeavingReceipt, LeavingStep, VaultRecord
from consent.rights.leaving.tasks import finish_due
from consent.rights.leaving.tests.factories import DUE, begin, load_rules, make_full_person, themselves
from consent.rights.leaving.tests.processes import run_and_die

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])
NAMES = [name for name, _step in STEPS]
KILLED = -9


def _is_complete(leaving: Leaving, user: User) -> None:
    leaving.refresh_from_db()
    user.refresh_from_db()
    assert (leaving.finished_at is not None, user.closed_at is not None, user.contacts) == (True, True, [])
    assert list(LeavingStep.objects.filter(leaving=leaving).order_by("pk").values_list("name", flat=True)) == NAMES
    assert (LeavingReceipt.objects.count(), Notice.objects.filter(event="leaving_closed").count()) == (1, 2)
    assert (OutboxMessage.objects.filter(topic="account.closed").count(), SubjectKey.objects.count()) == (1, 0)
    assert VaultRecord.objects.using("vault").count() == 3
    assert Erasure.objects.count() == 1


# Killed after a step is as good as killed before the next one.
MOMENTS = [("start", "within"), (NAMES[0], "before"), *((name, "within") for name in NAMES), (NAMES[-1], "after")]


@pytest.mark.parametrize(("name", "moment"), MOMENTS)
def test_killed_in_a_step_it_completes_once(alice: User, journal: Path, name: str, moment: str) -> None:
    make_full_person(alice)
    load_rules()
    leaving = begin(alice)

    code = run_and_die(leaving.pk, DUE.isoformat(), name, moment, journal)
    assert code == KILLED
    with time_machine.travel(DUE + timedelta(minutes=1), tick=False):
        finish_due()
        finish_due()

    _is_complete(leaving, alice)
    assert {mark for mark, _at in erasures_in(journal)} == {bytes(leaving.mark)}


def test_killed_before_the_point_of_no_return_it_can_still_be_undone(alice: User, journal: Path) -> None:
    make_full_person(alice)
    leaving = begin(alice)

    assert run_and_die(leaving.pk, DUE.isoformat(), "start", "within", journal) == KILLED
    undo_leaving(alice, actor=themselves(alice), at=DUE)

    alice.refresh_from_db()
    assert (alice.is_active, alice.leaving_at) == (True, None)
    assert not LeavingStep.objects.exists()


def test_four_workers_at_once_complete_it_once(alice: User) -> None:
    make_full_person(alice)
    load_rules()
    leaving = begin(alice)

    def work() -> None:
        try:
            finish_leaving(leaving.pk, at=DUE)
        finally:
            connections.close_all()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    _is_complete(leaving, alice)


def test_of_four_confirmations_at_once_one_begins_it(alice: User) -> None:
    results: list[object] = []

    def confirm() -> None:
        try:
            results.append(begin(alice))
        except AlreadyLeaving as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=confirm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [isinstance(result, Leaving) for result in results].count(True) == 1
    assert (len(results), Leaving.objects.count(), Notice.objects.count()) == (4, 1, 1)


def test_an_undo_and_the_erasure_at_once_end_in_one_of_the_two(alice: User) -> None:
    make_full_person(alice)
    leaving = begin(alice)

    def undo() -> None:
        try:
            with suppress(NotUndoable):
                undo_leaving(alice, actor=themselves(alice), at=DUE)
        finally:
            connections.close_all()

    thread = Thread(target=undo)
    thread.start()
    is_erased = finish_leaving(leaving.pk, at=DUE)
    thread.join(60)

    leaving.refresh_from_db()
    alice.refresh_from_db()
    assert (alice.closed_at is not None, leaving.undone_at is not None) == (is_erased, not is_erased)
