"""What the HTTP gateway's answers mean, and what a gateway gets."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from pytest_django import Settings

from consent.campaigns.journal import Journal
from consent.campaigns.letters import Letter, delivery_key
from consent.campaigns.results import Hold, Outcome, Result
from consent.campaigns.senders import Consignment, Job, ProviderAway
from consent.campaigns.sms import HttpGateway, SmsLane

HOLD = Hold(1, 1, 2, 1, 9, 1)
LETTERS = {
    language: Letter(language, "", "", "", f"text in {language}", {"number": "2"}, "") for language in ("zh-hans", "en")
}
PHONES = {1: "+8613800000001", 2: "+8613800000002"}


def _key(subject: int) -> str:
    return delivery_key(HOLD.campaign, HOLD.channel, subject)


class Gateway(BaseHTTPRequestHandler):
    """Answers what it is told to."""

    status = 200
    headers_sent: dict[str, str] = {}
    body: Any = None
    got: list[Any] = []

    def do_POST(self) -> None:  # noqa: N802 - the standard library's name
        self.got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        data = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def gateway(settings: Settings) -> Iterator[type[Gateway]]:
    handler = type("TestGateway", (Gateway,), {"got": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{server.server_port}/sms"
        settings.DELIVERY_JOURNAL_DIR = ""
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


@pytest.fixture
def offer() -> Iterator[Callable[..., list[Result]]]:
    """Offers messages to people by subject; the second one reads English."""
    lane = SmsLane(HttpGateway())

    def send(phones: dict[int, str]) -> list[Result]:
        jobs = [Job(subject, phone, "", "en" if subject == 2 else "xx") for subject, phone in phones.items()]
        return lane.offer(jobs, Consignment(HOLD, LETTERS, Journal(1, 1)))

    yield send
    lane.close()


Offer = Callable[[dict[int, str]], list[Result]]


def _result(subject: int, outcome: str, code: str, reference: str = "") -> dict[str, str]:
    return {"id": _key(subject), "outcome": outcome, "code": code, "reference": reference}


def test_a_gateway_gets_template_parameters_and_text_in_the_readers_language(
    gateway: type[Gateway], offer: Offer
) -> None:
    gateway.body = {"results": [_result(1, "sent", "OK", "r1"), _result(2, "sent", "OK", "r2")]}

    results = offer(PHONES)

    assert results == [Result(1, Outcome.SENT, "OK r1"), Result(2, Outcome.SENT, "OK r2")]
    assert gateway.got == [
        (
            "/sms/batch",
            {
                "messages": [
                    {
                        "id": _key(subject),
                        "phone": PHONES[subject],
                        "template": "policy_changed",
                        "parameters": {"number": "2"},
                        "text": f"text in {language}",
                    }
                    for subject, language in ((1, "zh-hans"), (2, "en"))
                ]
            },
        )
    ]


def test_a_refused_number_keeps_the_gateways_code_and_does_not_stop_the_rest(
    gateway: type[Gateway], offer: Offer
) -> None:
    gateway.body = {"results": [_result(1, "refused", "MOBILE_NUMBER_ILLEGAL"), _result(2, "sent", "OK", "r2")]}

    assert offer(PHONES) == [Result(1, Outcome.REFUSED, "MOBILE_NUMBER_ILLEGAL"), Result(2, Outcome.SENT, "OK r2")]


def test_a_message_that_the_answer_does_not_name_is_unknown(gateway: type[Gateway], offer: Offer) -> None:
    gateway.body = {"results": [_result(2, "sent", "OK")]}

    assert [result.outcome for result in offer(PHONES)] == [Outcome.UNKNOWN, Outcome.SENT]


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, {}), (502, b"<html>"), (200, b"not json"), (200, []), (200, {"results": [{"id": "x"}]}), (302, b"")],
)
def test_an_answer_that_cannot_be_read_leaves_the_batch_unknown(
    gateway: type[Gateway], offer: Offer, status: int, body: object
) -> None:
    gateway.status, gateway.body = status, body

    assert {result.outcome for result in offer(PHONES)} == {Outcome.UNKNOWN}


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(503, {"Retry-After": "7"}, 7), (429, {}, 2), (503, {"Retry-After": "soon"}, 2), (401, {}, 30), (400, {}, 30)],
)
def test_a_gateway_that_takes_nothing_is_away_for_the_time_it_says(
    gateway: type[Gateway], offer: Offer, status: int, headers: dict[str, str], seconds: float
) -> None:
    gateway.status, gateway.headers_sent = status, headers

    with pytest.raises(ProviderAway) as away:
        offer(PHONES)

    assert away.value.seconds == seconds


def test_nobody_listening_means_away(settings: Settings, offer: Offer) -> None:
    settings.SMS_GATEWAY_URL = "http://127.0.0.1:1/sms"

    with pytest.raises(ProviderAway):
        offer(PHONES)


def test_a_number_that_is_no_longer_proven_is_refused_unsent(gateway: type[Gateway], offer: Offer) -> None:
    gateway.body = {"results": [_result(2, "sent", "OK")]}

    results = offer({1: "", 2: PHONES[2]})

    assert results[0] == Result(1, Outcome.REFUSED, "no proven number any more")
    assert [message["id"] for message in gateway.got[0][1]["messages"]] == [_key(2)]
