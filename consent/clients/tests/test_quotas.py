"""How many requests a key has: processes share one count, and go on alone without Valkey."""

import socket
import time
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from consent.clients.quotas import Quotas, Taken

NOW = 1_790_000_000.0  # the beginning of a minute plus 20 seconds


@pytest.fixture
def account() -> str:
    """Of a key that nobody used before."""
    return uuid4().hex[:16]


def granted(takes: list[Taken]) -> int:
    """How many of them were."""
    return sum(taken.granted for taken in takes)


def test_two_processes_share_one_quota(account: str) -> None:
    one, other = Quotas(settings.REDIS_URL), Quotas(settings.REDIS_URL)

    takes = [quotas.take(account, 200, NOW) for _round in range(200) for quotas in (one, other)]

    assert granted(takes) == 200


def test_what_is_handed_out_is_never_more_than_the_quota(account: str) -> None:
    processes = [Quotas(settings.REDIS_URL) for _each in range(7)]

    takes = [quotas.take(account, 101, NOW) for _round in range(60) for quotas in processes]

    assert granted(takes) == 101


def test_valkey_is_asked_once_for_a_fiftieth(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quotas, asked = Quotas(settings.REDIS_URL), []
    add = quotas._add

    def spy(name: str, block: int) -> int | None:
        asked.append(block)
        return add(name, block)

    monkeypatch.setattr(quotas, "_add", spy)

    for _request in range(240):
        quotas.take(account, 6000, NOW)

    assert asked == [120, 120]


def test_the_next_minute_begins_with_a_full_quota(account: str) -> None:
    quotas = Quotas(settings.REDIS_URL)
    spent = [quotas.take(account, 1, NOW), quotas.take(account, 1, NOW)]

    later = quotas.take(account, 1, NOW + spent[1].reset_seconds)

    assert (granted(spent), later.granted) == (1, True)


def test_counts_in_valkey_end_by_themselves(account: str) -> None:
    Quotas(settings.REDIS_URL).take(account, 10, NOW)
    client = redis.Redis.from_url(settings.REDIS_URL)

    (name,) = client.scan_iter(f"assent:quota:{account}:*")

    assert 60 < int(client.ttl(name)) <= 120


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere/valkey.sock"])
def test_without_valkey_a_process_counts_alone_and_never_fails(account: str, url: str) -> None:
    quotas = Quotas(url)

    takes = [quotas.take(account, 30, NOW) for _request in range(40)]

    assert granted(takes) == 30
    assert [taken.left for taken in takes[:3]] == [29, 28, 27]


def test_a_valkey_that_hangs_is_waited_for_once(account: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        quotas, begun = Quotas(f"unix://{tmp_path / 's'}"), time.monotonic()
        takes = [quotas.take(account, 100, NOW) for _request in range(100)]

    assert granted(takes) == 100
    assert time.monotonic() - begun < 2
