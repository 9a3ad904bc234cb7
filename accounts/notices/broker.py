"""Wake-ups for workers that a request can afford even while the broker is away.

A Celery message of this portal carries no authority: what has to be done stands in PostgreSQL, and beat asks for it
every few seconds. A wake-up only saves these seconds, so it is dropped rather than waited for.
"""

import logging
import time
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError as BrokerAway

QUIET_SECONDS = 10.0  # a broker that was just away is not tried again before
EXPIRES_SECONDS = 10.0  # a wake-up that waited longer is not needed: beat has come by
log = logging.getLogger(__name__)
_quiet_until = 0.0


def wake(task: str, *args: Any) -> bool:
    """Ask a worker to run the task of that name; False if the broker is away. Never raises for that, nor waits twice.

    args: what JSON can carry; ids and numbers, never personal data.
    """
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    try:
        current_app.send_task(task, args, expires=EXPIRES_SECONDS, retry=False)
    except (BrokerAway, OSError) as error:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("the broker is away, beat will do it: %s", error)
        return False
    return True
