"""SMS through a gateway. A message carries the registered template's name and parameters beside the rendered text:
Chinese gateways take templates only, others take text only."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

import httpx
from django.conf import settings

from consent.campaigns.results import Outcome, Result
from consent.campaigns.senders import AWAY_SECONDS, Consignment, Job, ProviderAway

TEMPLATE = "policy_changed"
BATCH = 100
CONNECT_SECONDS, REPLY_SECONDS = 5.0, 60.0
MISCONFIGURED_SECONDS = 30.0
NOT_OFFERED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SmsMessage:
    """id: the same for every attempt. phone: E.164. text: with the signature, as a person reads it."""

    id: str
    phone: str
    template: str
    parameters: dict[str, str]
    text: str


class SmsAnswer(NamedTuple):
    """What the gateway said of one message. words: its code and reference."""

    outcome: Outcome
    words: str


class SmsGateway(Protocol):
    """What a provider's adapter offers."""

    def send(self, messages: Sequence[SmsMessage]) -> dict[str, SmsAnswer]:
        """The answers by message id; a message without one may have been taken.

        Raises ProviderAway if none was taken.
        """

    def close(self) -> None:
        """Release the connection."""


class HttpGateway:
    """The generic gateway: POST {SMS_GATEWAY_URL}/batch with {"messages": [{id, phone, template, parameters, text}]}
    answered by {"results": [{id, outcome: "sent"|"refused", code, reference}]}. Credentials go into the URL."""

    def __init__(self) -> None:
        self._client = httpx.Client(timeout=httpx.Timeout(REPLY_SECONDS, connect=CONNECT_SECONDS))

    def send(self, messages: Sequence[SmsMessage]) -> dict[str, SmsAnswer]:
        """One request for the whole batch."""
        batch = {"messages": [asdict(message) for message in messages]}
        try:
            answer = self._client.post(f"{settings.SMS_GATEWAY_URL}/batch", json=batch)
        except NOT_OFFERED as error:
            raise ProviderAway(type(error).__name__) from error
        except httpx.HTTPError as error:
            log.warning("SMS gateway: %s, its answer is missing", type(error).__name__)
            return {}
        if answer.status_code in (429, 503):
            raise ProviderAway(f"HTTP {answer.status_code}", _seconds(answer.headers.get("Retry-After", "")))
        if 400 <= answer.status_code < 500:  # about us: a wrong key, a template not registered
            raise ProviderAway(f"HTTP {answer.status_code}", MISCONFIGURED_SECONDS)
        return _answers(answer)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _answers(answer: httpx.Response) -> dict[str, SmsAnswer]:
    try:
        results: list[dict[str, Any]] = answer.raise_for_status().json()["results"]
        return {str(one["id"]): SmsAnswer(_outcome(one["outcome"]), _words(one)) for one in results}
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        log.warning("SMS gateway: %s, its answer cannot be read", type(error).__name__)
        return {}


def _outcome(said: str) -> Outcome:
    return {"sent": Outcome.SENT, "refused": Outcome.REFUSED}.get(said, Outcome.UNKNOWN)


def _words(result: dict[str, Any]) -> str:
    return " ".join(str(result[part]) for part in ("code", "reference") if result.get(part))


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isdecimal() else AWAY_SECONDS


class SmsLane:
    """Sends batches through one gateway."""

    batch = BATCH

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway

    def offer(self, jobs: Sequence[Job], consignment: Consignment) -> list[Result]:
        """Send a batch and say what the gateway said of each message."""
        reachable = {consignment.key(job): job for job in jobs if job.address}
        results = [Result(job.subject, Outcome.REFUSED, "no proven number any more") for job in jobs if not job.address]
        if reachable:
            consignment.journal.offering([job.subject for job in reachable.values()])
            answers = self._gateway.send([_message(key, job, consignment) for key, job in reachable.items()])
            missing = SmsAnswer(Outcome.UNKNOWN, "the gateway did not answer")
            results += [Result(job.subject, *answers.get(key, missing)) for key, job in reachable.items()]
        return results

    def close(self) -> None:
        """Close the gateway."""
        self._gateway.close()


def _message(key: str, job: Job, consignment: Consignment) -> SmsMessage:
    letter = consignment.letter(job)
    return SmsMessage(key, job.address, TEMPLATE, letter.parameters, letter.sms)
