"""Who acts. Every write names an actor, so that the audit row and the event can say it."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """subject: the person concerned. staff: somebody working for the controller. client: a controller's own
    system, over the API. system: a job of the portal."""

    SUBJECT = "subject"
    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """kind and, except for the system, an id: the user's, or for a client that of its key. Written as `staff:17`."""

    kind: ActorKind
    id: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else str(self.kind)


SYSTEM = Actor(ActorKind.SYSTEM)
