"""Who handles which topic. The outbox calls handlers by topic and knows none of the domains they belong to."""

from collections.abc import Callable, Mapping
from typing import Any

Payload = Mapping[str, Any]
Handler = Callable[[Payload], None]
_handlers: dict[str, Handler] = {}


def handles(topic: str) -> Callable[[Handler], Handler]:
    """Decorator: the function gets the payload of every message of the topic, inside a transaction.

    It may be called again for a message whose transaction failed, so what it does outside the database must bear a
    repetition. Put it in a domain's `tasks` module, which every worker imports.
    """

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(topic, handler) is not handler:
            raise ValueError(f"two handlers for {topic}")
        return handler

    return register


def handler_of(topic: str) -> Handler:
    """Raises LookupError for a topic that nobody handles."""
    try:
        return _handlers[topic]
    except KeyError:
        raise LookupError(f"nobody handles {topic}") from None
