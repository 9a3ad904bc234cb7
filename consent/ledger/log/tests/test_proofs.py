"""What is proven about an event, from the tables, and what erasure leaves of it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import rfc8785
from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from consent.ledger.keyring import log_ring
from consent.ledger.log.actions import seal, seal_backlog
from consent.ledger.log.errors import LogBroken, NoSuchSize
from consent.ledger.log.models import Checkpoint, Leaf
from consent.ledger.log.rules.leaves import commitment
from consent.ledger.log.rules.merkle import check_consistency, included_root, leaf_hash
from consent.ledger.log.rules.notes import Verifier, open_note
from consent.ledger.log.selectors import consistency_between, latest_checkpoint, opening_of, proof_of
from consent.ledger.log.tests.factories import make_events, make_person
from consent.ledger.models import ConsentEvent, SubjectKey

pytestmark = pytest.mark.django_db(transaction=True)
AnyNumber = Callable[[int], Any]


def holds(event: ConsentEvent) -> bool:
    """Checks the proof as a stranger would, from its JSON and the public key."""
    proof = proof_of(event.id)
    assert proof is not None
    note = open_note(proof.checkpoint, [Verifier(settings.LOG_NAME, key.public) for key in log_ring().keys])
    hashed = leaf_hash(rfc8785.dumps(proof.leaf))
    return included_root(hashed, proof.index, proof.size, proof.path) == note.root == proof.root


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 700])
def test_every_event_has_a_proof_that_holds(count: int) -> None:
    make_events(count)
    seal_backlog(batch=97)

    for event in ConsentEvent.objects.order_by("id")[:: max(count // 40, 1)]:
        assert holds(event)


def test_proofs_follow_the_log_as_it_grows() -> None:
    make_events(300)
    seal_backlog()
    event = ConsentEvent.objects.first()
    assert event is not None
    for more in (1, 211, 600):
        make_events(more)
        seal_backlog()

        assert holds(event)


def test_an_event_that_is_not_sealed_has_no_proof_yet() -> None:
    make_events(1)
    event = ConsentEvent.objects.get()

    assert proof_of(event.id) is None
    assert opening_of(event.id) is None
    assert proof_of(uuid4()) is None


def test_the_seal_dates_from_the_first_checkpoint_that_covers_the_leaf() -> None:
    for _ in range(3):
        make_events(2)
        seal()
    first, second, _third = Checkpoint.objects.order_by("tree_size")

    proofs = [proof_of(leaf.event_id) for leaf in Leaf.objects.filter(leaf_index__in=(1, 2)).order_by("leaf_index")]

    assert [proof.sealed_at for proof in proofs if proof] == [first.at, second.at]


def test_a_proof_and_its_opening_as_json() -> None:
    make_events(3)
    seal()
    event = ConsentEvent.objects.order_by("id")[0]
    proof, opening = proof_of(event.id), opening_of(event.id)
    assert proof is not None
    assert opening is not None

    assert list(proof.as_json()) == ["leaf", "index", "size", "path", "checkpoint"]
    assert proof.as_json()["leaf"]["event"] == str(event.id)
    assert opening.as_json()["private"][-1] == event.subject_id
    assert len(opening.key) == 32


def test_an_opening_opens_its_own_leaf_and_holds_all_that_is_private() -> None:
    make_events(2)
    seal()
    one, other = ConsentEvent.objects.order_by("id")
    opening = opening_of(one.id)
    assert opening is not None

    assert opening.private == [
        one.actor,
        one.agent,
        one.claimed_at and int(one.claimed_at.timestamp() * 1_000_000 + 0.5),
        one.idempotency_key,
        one.network,
        one.subject_id,
    ]
    committed = Leaf.objects.get(event_id=one.id).commitment
    row = [
        one.subject_id,
        "",
        0,
        opening.private[2],
        *[""] * 10,
        one.actor,
        one.network,
        one.agent,
        one.idempotency_key,
    ]
    assert commitment(opening.key, row) == bytes(committed)
    second = opening_of(other.id)
    assert second is not None
    assert second.key != opening.key


def test_erasing_the_key_keeps_every_proof_and_unlinks_the_person() -> None:
    erased, kept = make_events(3), make_events(2)
    seal()
    size, root = Checkpoint.objects.values_list("tree_size", "root").get()

    SubjectKey.objects.filter(subject=erased).delete()
    make_events(4)
    seal()

    for event in ConsentEvent.objects.all():
        assert holds(event)
        assert (opening_of(event.id) is None) == (event.subject_id == erased.pk)
    assert ConsentEvent.objects.filter(subject_id=kept.pk).count() == 2
    latest = latest_checkpoint()
    assert latest is not None
    check_consistency(size, bytes(root), latest.tree_size, bytes(latest.root), consistency_between(size, 9))


def test_another_key_for_the_same_person_opens_nothing() -> None:
    subject = make_events(1)
    seal()
    SubjectKey.objects.filter(subject=subject).delete()
    SubjectKey.objects.create(subject=subject, secret=bytes(32))

    assert opening_of(ConsentEvent.objects.get().id) is None


def test_all_checkpoints_are_consistent_with_each_other() -> None:
    for count in (1, 254, 1, 1, 300, 7):
        make_events(count)
        seal()
    checkpoints = list(Checkpoint.objects.order_by("tree_size"))

    for older in checkpoints:
        for newer in checkpoints[checkpoints.index(older) :]:
            path = consistency_between(older.tree_size, newer.tree_size)
            check_consistency(older.tree_size, bytes(older.root), newer.tree_size, bytes(newer.root), path)


@pytest.mark.parametrize(("first", "second"), [(-1, 2), (2, 1), (1, 4), (0, 4), (5, 5)])
def test_a_size_that_the_log_never_had_has_no_consistency_proof(first: int, second: int) -> None:
    make_events(3)
    seal()

    with pytest.raises(NoSuchSize):
        consistency_between(first, second)


def test_an_empty_log_is_a_beginning_of_every_log() -> None:
    assert latest_checkpoint() is None
    assert consistency_between(0, 0) == []


def test_a_changed_row_gets_no_proof(tamper: psycopg.Connection[Any]) -> None:
    make_events(3)
    seal()
    event = ConsentEvent.objects.all()[0]
    tamper.execute("UPDATE consent_event SET status = 'refused' WHERE id = %s", [event.id])

    with pytest.raises(LogBroken, match=str(event.id)):
        proof_of(event.id)


def test_a_database_set_back_under_a_running_process_gives_right_proofs(tamper: psycopg.Connection[Any]) -> None:
    """The process remembers tiles of a future that the restore undid."""
    subject = make_person()
    for _past_and_present in range(2):
        make_events(66_000, subject)
        seal_backlog()
        for index in (0, 65_535, 65_536, 65_999):
            assert holds(ConsentEvent.objects.get(id=Leaf.objects.get(leaf_index=index).event_id))
        tamper.execute("DELETE FROM consent_event; DELETE FROM consent_leaf; DELETE FROM consent_tile")
        tamper.execute("DELETE FROM consent_checkpoint")


def test_a_proof_takes_two_statements_and_one_where_memory_has_the_tiles(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_events(700)
    seal()
    full, edge = (Leaf.objects.get(leaf_index=index).event_id for index in (3, 699))

    with django_assert_num_queries(2):
        proof_of(full)
    with django_assert_num_queries(1):
        proof_of(edge)
    with django_assert_num_queries(1):
        opening_of(full)
    with django_assert_num_queries(2):
        consistency_between(300, 700)
