"""Events for the log's tests, written as fast as PostgreSQL can."""

from itertools import count

from django.db import connection, transaction

from consent.campaigns.tests.processes import wait_until
from consent.ledger.log.actions import seal_backlog
from consent.ledger.log.models import Leaf
from consent.ledger.models import DataSubject, SubjectKey
from consent.ledger.tests.factories import AT
from consent.policies.models import Controller
from consent.policies.tests.factories import make_controller

_numbers = count(1)
EVENTS = """
INSERT INTO consent_event (subject_id, id, claimed_at, controller_id, policy_id, version_id, shown_sha256, purpose,
                           recipient, status, kind, surface, language, actor, network, agent, idempotency_key)
SELECT %(subject)s, gen_random_uuid(), CASE WHEN i %% 3 = 0 THEN now() END, 1, 2, 3, sha256('shown'),
       '“用途” ' || i, CASE WHEN i %% 5 = 0 THEN 'partner' ELSE '' END, 'given', 'explicit', 'page', 'zh-hans',
       'subject:1', '203.0.113.0/24', E'a "quoted"\\tagent', %(key)s
  FROM generate_series(1, %(count)s) AS i
"""


def make_person() -> DataSubject:
    """Somebody with a key of their own, in the eyes of one controller."""
    controller = Controller.objects.first() or make_controller()
    number = next(_numbers)
    subject = DataSubject.objects.create(controller=controller, ref=b"%032d" % number, created_at=AT)
    SubjectKey.objects.create(subject=subject, secret=b"%032d" % (number + 1))
    return subject


def make_events(count: int, subject: DataSubject | None = None, *, settle: bool = True) -> DataSubject:
    """So many acts of one person, in one transaction; of a new person where none is given. settle: as `settled`."""
    subject = subject or make_person()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EVENTS, {"subject": subject.pk, "key": f"key-{next(_numbers)}", "count": count})
    if settle:
        settled()
    return subject


def settled() -> None:
    """Wait until the sealer may take what is committed. Transaction numbers are the cluster's: a test that another
    process runs in a database of its own holds the seal back as long as its transaction is open."""
    wait_until(_is_settled, 60)


def seal_all() -> int:
    """Seal what is committed, and nothing less."""
    settled()
    return seal_backlog()


def _is_settled() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(xact), 0) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM consent_event"
        )
        return bool(cursor.fetchone()[0])


def leaf_numbers() -> list[int]:
    """All leaf numbers in their order."""
    return list(Leaf.objects.order_by("leaf_index").values_list("leaf_index", flat=True))
