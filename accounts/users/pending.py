"""What a browser remembers, encrypted, between asking for a code and typing it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts.users.rules import Contact, ContactKind, Entrance

SESSION_KEY = "account_entrance"


@dataclass(frozen=True, slots=True)
class PendingEntrance:
    """following: a safe address to go to afterwards, or empty."""

    contact: Contact
    entrance: Entrance
    challenge_id: UUID
    following: str

    def remember(self, session: SessionBase) -> None:
        """Keep it in session, in the place of an older one."""
        session[SESSION_KEY] = [
            self.contact.kind,
            self.contact.value,
            self.entrance,
            str(self.challenge_id),
            self.following,
        ]

    @classmethod
    def recall(cls, session: SessionBase) -> PendingEntrance | None:
        """What was kept in session, if anything."""
        if SESSION_KEY not in session:
            return None
        kind, value, entrance, challenge_id, following = session[SESSION_KEY]
        return cls(Contact(ContactKind(kind), value), Entrance(entrance), UUID(challenge_id), following)


def forget_entrance(session: SessionBase) -> None:
    """The code was typed, or is not wanted any more."""
    session.pop(SESSION_KEY, None)
