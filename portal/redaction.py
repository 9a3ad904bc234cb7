"""What a log line must not say: addresses that open something to whoever has them, and what a company calls a person.

Every line passes here, whoever wrote it: Django names the path of each request that it refuses.
"""

import logging
import re

_SECRET = re.compile(
    r"(?P<before>(?<!/account)(?<!/desk)/+requests/+[^/\s]+/+|/account/+(?:left|undo)/+|/unsubscribe/+)[^/\s]+"
    r"|(?P<person>/api/+v1/+subjects/+).*",  # a reference may hold anything, blanks and slashes included
    re.IGNORECASE,  # an address that was written carelessly leads nowhere, and still says what it says
)


def redact(text: str) -> str:
    """The same with stars in the place of tokens and references."""
    return _SECRET.sub(lambda found: f"{found['before'] or found['person']}***", text)


class RedactingFormatter(logging.Formatter):
    """As its base class, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
