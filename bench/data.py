"""A database to measure on: one controller, one policy, people 1..n of whom each answered five times in three years.

    python -m bench.data SUBJECTS

Needs the portal's environment with the owner's role. Prints the API key. Events go in as the statement of a write would
leave them, 50,000 to a transaction; nothing is sealed.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django

django.setup()

from django.db import connections, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.audit.rules import SYSTEM  # noqa: E402
from consent.clients.actions import create_key  # noqa: E402
from consent.clients.models import Scope  # noqa: E402
from consent.ledger.references import reference_ref  # noqa: E402
from consent.policies.models import PolicyVersion  # noqa: E402
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version  # noqa: E402

PURPOSES = tuple(f"purpose-{number}" for number in range(1, 6))
POLICY = "bench-privacy"
ANSWERS = 5  # a person: four questions answered, and one change of mind
CHUNK = 50_000
QUOTA = 1_000_000_000  # calls a minute: the limit is counted, and never reached
YEARS = timedelta(days=3 * 365)

PEOPLE = "COPY data_subject (controller_id, ref, created_at) FROM STDIN (FORMAT binary)"
KEYS = """
INSERT INTO subject_key (subject_id, secret)
SELECT id, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FROM data_subject
"""
EVENTS = """
INSERT INTO consent_event (subject_id, id, at, controller_id, policy_id, version_id, shown_sha256, purpose, recipient,
                           status, kind, surface, language, actor, network, agent, idempotency_key)
SELECT first.id + (i * 7919) %% %(people)s, gen_random_uuid(),
       %(since)s::timestamptz + i * (interval '3 years' / %(events)s::bigint), %(controller)s, %(policy)s, %(version)s,
       %(shown)s, 'purpose-' || 1 + round %% 4, '',
       (CASE round WHEN 4 THEN 'withdrawn' ELSE 'given' END)::consent_status, 'explicit', 'api', 'zh-hans', 'client:1',
       '203.0.' || i %% 250 || '.0/24', 'Chrome on Android', i::text
  FROM (SELECT min(id) AS id FROM data_subject) AS first,
       (SELECT i, i / %(people)s AS round FROM generate_series(%(begin)s::bigint, %(end)s::bigint) AS i) AS numbers
"""
STATES = """
INSERT INTO consent_state (subject_id, at, event_id, policy_id, version_id, purpose, recipient, status, kind)
SELECT DISTINCT ON (subject_id, policy_id, purpose, recipient, version_id)
       subject_id, at, id, policy_id, version_id, purpose, recipient, status, kind
  FROM consent_event ORDER BY subject_id, policy_id, purpose, recipient, version_id, at DESC
"""
FLOORS = """
CREATE TABLE bench_floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject_id bigint, body text,
                          at timestamptz DEFAULT now());
CREATE TABLE bench_row (id bigint PRIMARY KEY, subject_id bigint, body text);
INSERT INTO bench_row SELECT i, i, repeat('x', 120) FROM generate_series(0, 9999) AS i;
GRANT ALL ON bench_floor, bench_row TO {application};
"""


def load(people: int) -> str:
    """Fill an empty, migrated database; gives an API key that may do everything."""
    version = _publish()
    with connections["owner"].cursor() as cursor:
        cursor.execute(FLOORS.replace("{application}", f'"{connections["default"].settings_dict["USER"]}"'))
    _enrol(version, people)
    _answer(version, people)
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return create_key(
        version.policy.controller, "bench", Scope, requests_a_minute=QUOTA, actor=SYSTEM, at=timezone.now()
    )[1]


def _publish() -> PolicyVersion:
    policy = make_policy(make_controller("bench"), slug=POLICY)
    effective_at = timezone.now() - YEARS - timedelta(days=1)
    return make_version(policy, [facts(code) for code in PURPOSES], effective_at=effective_at)


def _enrol(version: PolicyVersion, people: int) -> None:
    connection = connections["owner"]
    connection.ensure_connection()
    at = timezone.now() - YEARS
    with transaction.atomic("owner"), connection.connection.cursor() as cursor:
        with cursor.copy(PEOPLE) as copy:
            copy.set_types(["int8", "bytea", "timestamptz"])
            for number in range(1, people + 1):
                copy.write_row((version.policy.controller_id, reference_ref(str(number)), at))
        cursor.execute(KEYS)


def _answer(version: PolicyVersion, people: int) -> None:
    text = version.texts.get(language="zh-hans")
    values: dict[str, Any] = {
        "people": people,
        "events": people * ANSWERS,
        "since": timezone.now() - YEARS,
        "controller": version.policy.controller_id,
        "policy": version.policy_id,
        "version": version.pk,
        "shown": bytes.fromhex(text.notice_sha256),
    }
    with connections["owner"].cursor() as cursor:
        for begin in range(0, people * ANSWERS, CHUNK):
            end = min(begin + CHUNK, people * ANSWERS) - 1
            cursor.execute(EVENTS, values | {"begin": begin, "end": end})
        cursor.execute("SET work_mem = '1GB'")
        cursor.execute(STATES)


if __name__ == "__main__":
    sys.stdout.write(load(int(sys.argv[1])) + "\n")
