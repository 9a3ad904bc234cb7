"""What anybody can read of the log over HTTP, how long it may be kept, and what nobody learns."""

import base64
import json
from typing import Any
from uuid import UUID

import psycopg
import pytest
import rfc8785
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from consent.ledger.keyring import log_ring
from consent.ledger.log.actions import seal
from consent.ledger.log.models import Checkpoint, Leaf, Witnessing
from consent.ledger.log.paths import tile_number, tile_path
from consent.ledger.log.rules.merkle import check_consistency, included_root, leaf_hash, root_of
from consent.ledger.log.rules.notes import Verifier, open_note
from consent.ledger.log.tests.factories import make_events, seal_all
from consent.ledger.models import ConsentEvent
from consent.ledger.tests.factories import AT, answer, make_subject
from consent.policies.models import Controller
from consent.policies.tests.factories import make_policy, make_version

pytestmark = pytest.mark.django_db(transaction=True)
FOR_EVER = "public, max-age=31536000, immutable"


def _split(octets: bytes) -> list[bytes]:
    """The hashes that stand one after the other, as tiles are stored and served."""
    return [octets[start : start + 32] for start in range(0, len(octets), 32)]


@pytest.fixture
def sealed(transactional_db: None) -> None:
    """600 leaves under two checkpoints."""
    for _ in range(2):
        make_events(300)
        seal()


def known_keys(client: Client) -> list[Verifier]:
    """As a stranger learns them."""
    lines = client.get("/log/keys").content.decode().splitlines()
    keys = [line.split("+", 2) for line in lines]
    return [Verifier(name, base64.b64decode(octets)[1:]) for name, _hash, octets in keys]


def test_a_stranger_can_check_a_record_by_the_public_addresses_alone(client: Client, sealed: None) -> None:
    event = ConsentEvent.objects.all()[7]

    proof = client.get(f"/log/proof/{event.id}").json()
    note = open_note(client.get("/log/checkpoint").content.decode(), known_keys(client))

    assert note.size == proof["size"] == 600
    assert proof["leaf"]["event"] == str(event.id)
    path = [base64.b64decode(each) for each in proof["path"]]
    assert included_root(leaf_hash(rfc8785.dumps(proof["leaf"])), proof["index"], 600, path) == note.root


def test_a_stranger_can_build_the_root_from_tiles(client: Client, sealed: None) -> None:
    note = open_note(client.get("/log/checkpoint").content.decode(), known_keys(client))

    octets = b"".join(client.get(f"/log/tile/0/{path}").content for path in ("000", "001", "002.p/88"))

    assert root_of(_split(octets)) == note.root
    assert _split(client.get("/log/tile/1/000.p/2").content) == [
        root_of(_split(octets)[start : start + 256]) for start in (0, 256)
    ]


def test_a_stranger_can_see_that_the_log_only_grew(client: Client, sealed: None) -> None:
    one, two = (
        open_note(client.get(f"/log/checkpoint/{size}").content.decode(), known_keys(client)) for size in (300, 600)
    )

    said = client.get("/log/consistency?from=300&to=600").json()

    assert (said["from"], said["to"]) == (300, 600)
    check_consistency(300, one.root, 600, two.root, [base64.b64decode(each) for each in said["path"]])


@pytest.mark.parametrize(
    ("path", "content_type", "caching"),
    [
        ("checkpoint", "text/plain; charset=utf-8", "public, max-age=5"),
        ("checkpoint/300", "text/plain; charset=utf-8", FOR_EVER),
        ("tile/0/000", "application/octet-stream", FOR_EVER),
        ("tile/0/002.p/88", "application/octet-stream", FOR_EVER),
        ("tile/0/001.p/3", "application/octet-stream", FOR_EVER),
        ("consistency?from=1&to=600", "application/json", FOR_EVER),
        ("keys", "text/plain; charset=utf-8", "public, max-age=3600"),
    ],
)
def test_answers_say_how_long_they_may_be_kept_and_set_no_cookie(
    client: Client, alice: User, sealed: None, path: str, content_type: str, caching: str
) -> None:
    client.force_login(alice)

    response = client.get(f"/log/{path}")
    again = client.get(f"/log/{path}", headers={"If-None-Match": response["ETag"]})

    assert (response.status_code, response["Content-Type"]) == (200, content_type)
    assert response["Cache-Control"] == again["Cache-Control"] == caching
    assert (again.status_code, again.content) == (304, b"")
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_a_proof_may_be_kept_until_the_next_seal(client: Client, sealed: None) -> None:
    response = client.get(f"/log/proof/{Leaf.objects.get(leaf_index=1).event_id}")

    assert response["Cache-Control"] == "public, max-age=5"
    assert not response.cookies


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002",  # not full yet
        "tile/0/002.p/89",  # more than is sealed
        "tile/0/003.p/1",
        "tile/1/000",
        "tile/1/000.p/3",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/8/000",
        "tile/0/x000/000",  # not the shortest form
        "tile/0/0",
        "tile/0/x000",
        "tile/0/x999/x999/x999/x999/999",
        "checkpoint/301",
        "checkpoint/99999999999999999999999",
        "consistency?from=0&to=601",
        "consistency?from=5&to=4",
        f"proof/{UUID(int=7)}",
        "proof/nonsense",
    ],
)
def test_what_the_log_does_not_have_is_not_found(client: Client, sealed: None, path: str) -> None:
    assert client.get(f"/log/{path}").status_code == 404


@pytest.mark.parametrize(
    "query", ["", "?from=1", "?from=a&to=2", "?from=-1&to=2", "?from=1&to=٣", f"?from=1&to={'9' * 30}"]
)
def test_sizes_that_cannot_be_read_are_a_bad_request(client: Client, sealed: None, query: str) -> None:
    response = client.get(f"/log/consistency{query}")

    assert (response.status_code, response["Cache-Control"]) == (400, "no-store")


def test_before_the_first_seal_there_is_nothing_to_keep(client: Client) -> None:
    make_events(1)

    for path in ("checkpoint", "tile/0/000", "tile/0/000.p/1", f"proof/{ConsentEvent.objects.get().id}"):
        response = client.get(f"/log/{path}")

        assert (response.status_code, response["Cache-Control"]) == (404, "no-store")
    assert client.get("/log/").status_code == 200
    assert client.get("/log/consistency?from=0&to=0").json()["path"] == []


@pytest.mark.parametrize("path", ["", "checkpoint", "checkpoints/", "tile/0/000", "consistency", "keys"])
def test_nothing_here_can_be_written(client: Client, path: str) -> None:
    assert client.post(f"/log/{path}").status_code == 405


def test_the_proof_of_an_answer_names_nobody(client: Client, alice: User) -> None:
    version = make_version(make_policy())
    subject = make_subject(alice, version.policy.controller)
    recorded = answer(subject, version, key="my-own-key")
    seal_all()

    said = client.get(f"/log/proof/{recorded.events[0].id}").content.decode()

    for private in ("my-own-key", f"subject:{alice.pk}", alice.email, bytes(subject.ref).hex()):
        assert private not in said
    assert {"subject", "subject_id", "actor", "network", "agent", "opening"}.isdisjoint(json.loads(said)["leaf"])


def test_a_row_that_was_tampered_with_gets_no_proof(
    client: Client, sealed: None, tamper: psycopg.Connection[Any]
) -> None:
    event = Leaf.objects.get(leaf_index=1).event_id
    tamper.execute("UPDATE consent_event SET status = 'refused' WHERE id = %s", [event])

    response = client.get(f"/log/proof/{event}")

    assert (response.status_code, response["Cache-Control"]) == (500, "no-store")
    assert b"path" not in response.content


@pytest.mark.parametrize(("language", "words"), [("en", "can only grow"), ("zh-hans", "只增不减")])
def test_the_page_says_in_plain_words_what_the_log_is(client: Client, sealed: None, language: str, words: str) -> None:
    response = client.get("/log/", headers={"Accept-Language": language})

    page = response.content.decode()
    assert words in page
    assert "600" in page
    assert str(Verifier(settings.LOG_NAME, log_ring().keys[0].public)).replace("+", "&#x2B;") in page.replace(
        "+", "&#x2B;"
    )
    assert not response.cookies


def test_the_page_of_checkpoints_names_hosts_and_no_mailboxes(client: Client, sealed: None) -> None:
    for witness in ("mailto:jane.doe@notary.example", "https://witness.example:8443/keep"):
        Witnessing.objects.create(tree_size=300, witness=witness, at=AT, taken=True)
    Witnessing.objects.create(tree_size=600, witness="https://deaf.example/", at=AT, taken=False, answer="500")

    page = client.get("/log/checkpoints/").content.decode()

    assert "notary.example · witness.example:8443" in page
    assert "jane.doe" not in page
    assert "deaf.example" not in page
    assert "/log/checkpoint/300" in page


def test_many_witnessed_checkpoints_come_in_pages(client: Client) -> None:
    for _ in range(21):
        make_events(1)
        seal()
    for size in Checkpoint.objects.values_list("tree_size", flat=True):
        Witnessing.objects.create(tree_size=size, witness="https://a.example/", at=AT, taken=True)

    first, second = (client.get(f"/log/checkpoints/?page={page}").content.decode() for page in (1, 2))

    assert "/log/checkpoint/21" in first
    assert '/log/checkpoint/1"' not in first
    assert '/log/checkpoint/1"' in second


def test_somebody_who_still_has_to_answer_can_read_the_log(client: Client, alice: User, sealed: None) -> None:
    make_version(make_policy(Controller.objects.get(), asks_account_holders=True))
    client.force_login(alice)
    assert client.get("/consents/").status_code == 302

    assert client.get("/log/").status_code == 200
    assert client.get("/log/checkpoint").status_code == 200


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("checkpoint", 1),
        ("tile/0/000", 1),
        ("tile/0/002.p/88", 2),
        ("consistency?from=300&to=600", 2),
        ("keys", 0),
        ("checkpoints/", 3),
        ("", 1),
    ],
)
def test_the_number_of_statements(
    client: Client, sealed: None, django_assert_num_queries: DjangoAssertNumQueries, path: str, most: int
) -> None:
    Witnessing.objects.create(tree_size=300, witness="https://a.example/", at=AT, taken=True)

    with django_assert_num_queries(most):
        client.get(f"/log/{path}")


def test_tiles_are_numbered_as_c2sp_has_it() -> None:
    assert [tile_path(n) for n in (0, 67, 1067, 1_234_067)] == ["000", "067", "x001/067", "x001/x234/067"]
    for n in (0, 999, 1000, 1_000_000, 9_007_199_254_740_991):
        assert tile_number(tile_path(n)) == n
    assert tile_number("x000/001") is None
