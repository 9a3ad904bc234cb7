"""A broker that goes away does not take the worker with it."""

from types import SimpleNamespace
from typing import Any

import pytest
from kombu.transport import redis

from consent.outbox import tasks
from consent.outbox.transport import PatientQoS


def _qos(client: object) -> Any:
    """With one message that was not acknowledged."""
    qos: Any = PatientQoS(SimpleNamespace(connection=SimpleNamespace(client=client), do_restore=True))
    qos._delivered["tag"] = object()
    return qos


def test_every_worker_is_patient() -> None:
    assert tasks.relay is not None
    assert redis.Channel.QoS is PatientQoS


def test_nothing_is_put_back_through_a_connection_that_is_gone() -> None:
    _qos(client=None).restore_unacked_once()


def test_messages_are_put_back_where_there_is_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    put_back = []
    monkeypatch.setattr(redis.QoS, "restore_unacked", lambda self: put_back.append(self))
    qos = _qos(client=object())

    qos.restore_unacked_once()

    assert put_back == [qos]
