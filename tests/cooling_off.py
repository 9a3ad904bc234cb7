"""The end of a cooling-off period, for tests in a browser: its dates are moved, then the worker does the real job."""

import re
from typing import Any

from tests.conftest import Stack, eventually

RECEIPT_LINK = re.compile(r"https?://[^/\s]+(/account/left/\S+/)")

# begun_at is moved too, so that the period keeps its length.
MOVE = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from accounts.users.rules import parse_contact
from consent.rights.leaving.models import Leaving
from consent.rights.leaving.tasks import finish_due
leaving = Leaving.objects.get(user__in=User.objects.naming(parse_contact({contact!r})), undone_at=None)
length = leaving.due_at - leaving.begun_at
leaving.due_at = timezone.now() + timedelta(hours={hours})
leaving.begun_at = leaving.due_at - length
leaving.save(update_fields=["begun_at", "due_at"])
finish_due.delay()
result = {{"user": leaving.user_id, "days": length.days}}
"""

# What was added lately is no second proof yet.
WAIT = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from accounts.users.rules import parse_contact
then = timezone.now() - timedelta(days={days})
found = User.objects.naming(parse_contact({contact!r}))
result = found.update(email_verified_at=then, phone_verified_at=then)
"""

# The vault is read as an authority's query is answered, and says so in its own list.
LEFT = """
from django.utils import timezone
from accounts.models import ProfileItem, SignIn, User
from consent.ledger.models import ConsentEvent, DataSubject, SubjectKey
from consent.rights.leaving import vault
from consent.rights.leaving.models import Leaving
user = User.objects.get(pk={user})
leaving = Leaving.objects.get(user=user, undone_at=None)
subjects = DataSubject.objects.exclude(closed_at=None)
found = vault.read({kind!r}, {value!r}, staff=(1, 2), reason="a test", at=timezone.now())
result = {{
    "finished": leaving.finished_at is not None and user.closed_at is not None,
    "personal": [user.name, *map(str, user.contacts), ProfileItem.objects.filter(user=user).count(),
                 SignIn.objects.filter(user=user).count(), DataSubject.objects.filter(user=user).count()],
    "keys": SubjectKey.objects.filter(subject__in=subjects).count(),
    "events": ConsentEvent.objects.filter(subject_id__in=subjects.values("pk")).count(),
    "vault": {{record.item: [record.rule, record.due_on.year - record.closed_on.year, content]
              for record, content in found}},
}}
"""


def let_days_pass(stack: Stack, contact: str, days: int) -> None:
    """Both contacts of whoever has this one were proven so many days ago."""
    assert stack.python(WAIT.format(contact=contact, days=days)) == 1


def move_end(stack: Stack, contact: str, *, hours: int) -> int:
    """The cooling-off period of whoever has contact ends in so many hours, and the job runs; the user's id."""
    moved = stack.python(MOVE.format(contact=contact, hours=hours))
    return int(moved["user"])


def what_is_left(stack: Stack, user: int, kind: str, value: str) -> dict[str, Any]:
    """What tables and vault hold of somebody who had that contact (an address, or a number in E.164) and left."""
    left: dict[str, Any] = stack.python(LEFT.format(user=user, kind=kind, value=value))
    return left


def receipt_in_the_inbox(stack: Stack, contact: str) -> str:
    """The path of the receipt, as soon as the last message with it has arrived."""
    found: re.Match[str] = eventually(lambda: RECEIPT_LINK.search(stack.inbox(contact)[0]["text"]))
    return found[1]
