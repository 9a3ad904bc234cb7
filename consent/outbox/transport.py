"""A worker that outlives its broker.

When Redis goes away while messages are unacknowledged, kombu 5.7 closes the connection twice, tries the second time to
put the messages back through a connection that is no longer there, and the AttributeError ends the worker. There is
nothing to put back: Redis still has the messages as unacknowledged and hands them out again after the visibility
timeout, or has lost them, which costs time only.
"""

from typing import Any

from kombu.transport import redis


class PatientQoS(redis.QoS):
    """Does not restore through a connection that is gone."""

    def restore_unacked_once(self, stderr: Any = None) -> None:
        """Puts unacknowledged messages back at shutdown, where there is a broker to put them back to."""
        if getattr(self.channel.connection, "client", None) is not None:
            super().restore_unacked_once(stderr)


def outlive_the_broker() -> None:
    """Make every Redis channel of this process patient; before a worker opens its first."""
    redis.Channel.QoS = PatientQoS
