"""What the tests of the ledger share."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection


@pytest.fixture
def at_once() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Run a function in that many threads, each with a connection of its own, all starting at the same moment.
    Gives what each returned or raised."""

    def run(workers: int, work: Callable[[int], Any]) -> list[Any]:
        start = threading.Barrier(workers)

        def one(worker: int) -> Any:
            try:
                connection.ensure_connection()
                start.wait(10)
                return work(worker)
            except Exception as error:  # the caller looks at it
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(one, range(workers)))

    return run
