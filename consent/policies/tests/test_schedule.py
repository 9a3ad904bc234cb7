"""Which versions are in effect, known without a query."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoAssertNumQueries

from consent.policies import schedule
from consent.policies.models import Policy, PolicyVersion
from consent.policies.published import published_version, versions_of
from consent.policies.schedule import Schedule
from consent.policies.tests.factories import FIRST_EFFECT, facts, make_controller, make_policy, make_version

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MANY = [facts(f"p{number}", items=["a", "b!", "c"]) for number in range(20)]


@pytest.mark.django_db
def test_a_version_takes_effect_by_the_clock_alone(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    policy = make_policy()
    versions = [make_version(policy), make_version(policy, effective_at=NOW)]

    with django_assert_num_queries(0):
        before, after = schedule.current(NOW - TICK), schedule.current(NOW)

    assert before.token != after.token
    assert (before.since, before.until, after.since) == (FIRST_EFFECT, NOW, NOW)
    for snapshot, at, version in ((before, NOW - TICK, versions[0]), (after, NOW, versions[1])):
        in_effect = snapshot.policies[0].in_effect(at)
        assert in_effect is not None
        assert in_effect.facts.id == version.pk


@pytest.mark.django_db
def test_going_back_in_time_gives_the_old_picture_again() -> None:
    policy = make_policy()
    make_version(policy)
    make_version(policy, effective_at=NOW)

    tokens = [schedule.current(at).token for at in (NOW - DAY, NOW, NOW - DAY)]

    assert tokens[0] == tokens[2] != tokens[1]


@pytest.mark.django_db
def test_only_published_versions_of_policies_that_people_are_asked_about_count() -> None:
    asked = make_version(make_policy())
    PolicyVersion.objects.create(policy=asked.policy, number=2)
    make_version(make_policy(make_controller("shop"), "cookies", asks_account_holders=False))
    make_policy(asked.policy.controller, "empty")

    (policy,) = schedule.current(NOW).policies

    assert (policy.slug, policy.policy_id, policy.controller_id) == (
        "privacy",
        asked.policy_id,
        asked.policy.controller_id,
    )
    assert [facts.id for facts in policy.facts] == [asked.pk]


@pytest.mark.django_db
def test_a_policy_that_is_asked_no_more_changes_the_token() -> None:
    version = make_version(make_policy())
    before = schedule.current(NOW).token

    Policy.objects.filter(pk=version.policy_id).update(asks_account_holders=False)
    schedule.refresh()

    assert schedule.current(NOW).token != before
    assert schedule.current(NOW).policies == ()


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for slug in ("a", "b", "c"):
        policy = make_policy(make_controller(slug), slug)
        for _number in range(4):
            make_version(policy, MANY)
    schedule.forget()

    # which versions, recipients and their agreements; the versions, purposes, items, digests
    with django_assert_num_queries(7):
        schedule.current(NOW)
    with django_assert_num_queries(3):
        schedule.refresh()
    with django_assert_num_queries(1):
        versions_of(policy.pk)


@pytest.mark.django_db
def test_a_draft_is_not_remembered() -> None:
    draft = PolicyVersion.objects.create(policy=make_policy(), number=1)

    assert published_version(draft.pk) is None
    assert published_version(draft.pk + 1) is None


@pytest.mark.django_db
def test_a_notice_is_found_in_the_language_of_the_reader_else_in_the_first_one() -> None:
    version = make_version(make_policy(), languages=["zh-hans", "en"])
    published = published_version(version.pk)
    digests = {text.language: bytes.fromhex(text.notice_sha256) for text in version.texts.all()}

    assert published is not None
    assert published.notice("en") == ("en", digests["en"])
    assert published.notice("fr") == ("zh-hans", digests["zh-hans"])


@pytest.mark.django_db
def test_without_postgresql_the_last_picture_stays() -> None:
    version = make_version(make_policy())
    before = schedule.current(NOW)

    with connection.execute_wrapper(_no_answer):
        schedule.refresh()
        after = schedule.current(NOW)
        tomorrow = schedule.current(NOW + DAY)

    assert before.token == after.token == tomorrow.token
    assert [facts.id for facts in after.policies[0].facts] == [version.pk]


@pytest.mark.django_db
def test_without_postgresql_the_first_use_fails_and_the_next_one_works() -> None:
    make_version(make_policy())
    schedule.forget()

    with connection.execute_wrapper(_no_answer), pytest.raises(DatabaseError):
        schedule.current(NOW)

    assert len(schedule.current(NOW).policies) == 1


def _no_answer(*_args: Any) -> Any:
    raise DatabaseError("the server closed the connection unexpectedly")


@pytest.fixture
def quick(transactional_db: None) -> Iterator[Schedule]:
    """Another process's picture, with its thread, looking every 50 ms."""
    another = Schedule(0.05)
    yield another
    another.stop()


def _until(holds: Callable[[], bool], seconds: float = 5) -> float:
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds, "not in time"
        time.sleep(0.02)
    return time.monotonic() - start


def test_the_thread_sees_what_another_process_published(quick: Schedule) -> None:
    policy = make_policy()
    make_version(policy)
    before = quick.current(NOW).token

    make_version(policy)

    _until(lambda: quick.current(NOW).token != before)
    assert quick.current(NOW).token == schedule.current(NOW).token


def test_the_thread_holds_no_connection_between_two_looks(quick: Schedule) -> None:
    make_version(make_policy())
    quick.current(NOW)
    backends: list[int] = []

    for _look in range(40):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend'"
            )
            backends.append(cursor.fetchone()[0])
        time.sleep(0.01)

    assert min(backends) == 1


def test_the_thread_survives_that_postgresql_is_away(quick: Schedule) -> None:
    policy = make_policy()
    make_version(policy)
    before = quick.current(NOW).token
    refused: list[bool] = []

    def away(_wrapper: BaseDatabaseWrapper) -> None:
        refused.append(True)
        raise DatabaseError("could not connect")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "connect", away)
        _until(lambda: len(refused) >= 2)
        assert quick.current(NOW).token == before
    make_version(policy)

    _until(lambda: quick.current(NOW).token != before)


PROCESS = """
import os, sys, django
django.setup()
from datetime import UTC, datetime
from consent.policies import schedule
now = lambda: datetime.now(UTC)
schedule.current(now())
if sys.argv[1] == "forked":  # as web servers do that load the application before they fork
    from django.db import connection
    connection.close()
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
for _line in sys.stdin:
    print(schedule.current(now()).token, flush=True)
os._exit(0)
"""


def _url(config: dict[str, Any]) -> str:
    who = f"{config['USER']}:{config['PASSWORD']}" if config["PASSWORD"] else config["USER"]
    if config["HOST"].startswith("/"):
        return f"postgresql://{who}@/{config['NAME']}?host={config['HOST']}"
    return f"postgresql://{who}@{config['HOST']}:{config['PORT'] or 5432}/{config['NAME']}"


@pytest.fixture
def another_process(transactional_db: None, request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Gives the token that a process of its own sees at this moment."""
    environment = os.environ | {
        "DATABASE_URL": _url(settings.DATABASES["default"]),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SCHEDULE_REFRESH_SECONDS": "2",
    }
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS, request.param],
        cwd=settings.BASE_DIR, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        stdin, stdout = process.stdin, process.stdout
        assert stdin
        assert stdout

        def token() -> str:
            stdin.write("\n")
            stdin.flush()
            return str(stdout.readline().strip())

        yield token
        stdin.close()
        process.wait(10)


@pytest.mark.parametrize("another_process", ["plain", "forked"], indirect=True)
def test_every_process_knows_within_five_seconds(another_process: Callable[[], str]) -> None:
    policy = make_policy()
    make_version(policy)
    token = schedule.current(datetime.now(UTC)).token
    _until(lambda: another_process() == token, seconds=60)  # it has to start first

    soon = datetime.now(UTC) + timedelta(seconds=3)
    make_version(policy, published_at=datetime.now(UTC), effective_at=soon)
    _until(lambda: datetime.now(UTC) >= soon)

    assert schedule.current(datetime.now(UTC)).token != token
    assert _until(lambda: another_process() == schedule.current(datetime.now(UTC)).token) < 5


@pytest.mark.django_db
def test_a_day_passes_and_the_version_is_in_effect() -> None:
    policy = make_policy()
    make_version(policy)
    with time_machine.travel(NOW, tick=False) as clock:
        make_version(policy, effective_at=NOW + DAY)
        before = schedule.current(datetime.now(UTC)).token
        clock.shift(DAY - TICK)
        assert schedule.current(datetime.now(UTC)).token == before
        clock.shift(TICK)
        assert schedule.current(datetime.now(UTC)).token != before
