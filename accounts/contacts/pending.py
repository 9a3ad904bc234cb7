"""What a session remembers, encrypted, between the step-up for a new contact and the code that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase

from accounts.contacts.rules import PENDING_LIFE
from accounts.users.rules import Contact, ContactKind

SESSION_KEY = "contact_change"


@dataclass(frozen=True, slots=True)
class PendingContact:
    """since: when the person proved that it is them who changes it."""

    contact: Contact
    since: datetime

    def remember(self, session: SessionBase) -> None:
        """Keep it in session, in the place of an older one."""
        session[SESSION_KEY] = [self.contact.kind, self.contact.value, self.since.isoformat()]

    @classmethod
    def recall(cls, session: SessionBase, kind: ContactKind, *, at: datetime) -> PendingContact | None:
        """What was kept in session for that kind, unless it is too old."""
        if SESSION_KEY not in session:
            return None
        kept_kind, value, since = session[SESSION_KEY]
        pending = cls(Contact(ContactKind(kept_kind), value), datetime.fromisoformat(since))
        return pending if pending.contact.kind is kind and at < pending.since + PENDING_LIFE else None


def forget_pending(session: SessionBase) -> None:
    """The contact was changed, or is not wanted any more."""
    session.pop(SESSION_KEY, None)
