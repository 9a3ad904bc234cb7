"""Who acts. Every write names an actor, so that the audit row and the event can say it."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """subject: the person concerned. staff: somebody working for the controller. system: a job of the portal."""

    SUBJECT = "subject"
    STAFF = "staff"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """kind and, except for the system, the user's id. Written as `staff:17`."""

    kind: ActorKind
    user_id: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.user_id}" if self.user_id else str(self.kind)


SYSTEM = Actor(ActorKind.SYSTEM)
