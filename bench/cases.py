"""What is asked over HTTP, beside which floor, and what it must reach."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bench.load import Call

POLICY = "bench-privacy"


@dataclass(frozen=True, slots=True)
class Case:
    """least, aim: requests a second over those of the floor. floor: a case without one of its own."""

    name: str
    call: Call
    floor: str = ""
    least: float = 0.0
    aim: float = 0.0


def _consents(answers: int) -> Call:
    said = [{"purpose": f"purpose-{number}", "status": "given"} for number in range(1, answers + 1)]
    return Call(
        "POST",
        "/api/v1/consents",
        json.dumps({"subject": "{subject}", "policy": POLICY, "language": "zh-hans", "answers": said}),
    )


FLOORS = (
    Case("a bare view", Call("GET", "/floor/bare")),
    Case("one INSERT", Call("GET", "/floor/insert")),
    Case("one SELECT", Call("GET", "/floor/select")),
    Case("the same bytes", Call("GET", "/floor/page")),
)
CASES = (
    Case("POST consents, one purpose", _consents(1), "one INSERT", 0.65, 0.80),
    Case("POST consents, five purposes", _consents(5), "one INSERT", 0.55, 0.70),
    Case("GET state", Call("GET", "/api/v1/subjects/{subject}/consents"), "one SELECT", 0.78, 0.90),
    Case(
        "POST decision",
        Call("POST", "/api/v1/decisions", json.dumps({"subject": "{subject}", "purpose": "purpose-1"})),
        "one SELECT",
        0.78,
        0.90,
    ),
    Case("a policy page", Call("GET", f"/policies/{POLICY}/"), "the same bytes", 0.80, 0.95),
)
STATEMENTS = CASES[:4]  # those that ask the database
