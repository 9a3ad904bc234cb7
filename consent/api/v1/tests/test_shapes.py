"""The answers of one story, word for word. Whoever changes the golden file changes what callers rely on.

What differs from run to run stands masked: ids, instants, digests, keys, hosts.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from consent.api.v1.tests.conftest import REGISTER, Caller
from consent.ledger.log.tests.factories import seal_all
from consent.policies.models import PolicyVersion
from consent.policies.tests.factories import make_version

GOLDEN = Path(__file__).with_name("answers.json")
MASKS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"), "<id>"),
    (re.compile(r"20(?!25-)\d\d-\d\d-\d\dT[\d:.]+Z"), "<instant>"),  # what the factories publish is of 2025
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"https?://[^/\"]+/"), "https://portal/"),
    (re.compile(r'"client:\d+"'), '"client:<key>"'),
    (re.compile(r"cursor=[\w%=-]+"), "cursor=<cursor>"),
)
READ = (
    "policies",
    "policies/privacy",
    "policies/privacy/versions",
    "policies/privacy/versions/2",
    "policies/privacy/versions/2/text",
    "subjects/customer-1",
    "subjects/customer-1/consents",
    "subjects/customer-1/history?limit=1",
    "subjects/customer-2",
    "subjects/customer-1/history?limit=0",
)
WITHDRAWAL = {"subject": "customer-1", "policy": "privacy", "language": "en", "purpose": "ads"}
ASKED = {"subject": "customer-1", "purpose": "ads"}


@pytest.mark.django_db(transaction=True)
def test_answers_are_the_golden_ones(caller: Caller, version: PolicyVersion) -> None:
    make_version(version.policy, REGISTER, change_kinds=["M4"])
    told = {
        "POST consents": _masked(caller.consent()),
        "POST withdrawals": _masked(caller.post("withdrawals", WITHDRAWAL)),
        "POST decisions": _masked(caller.post("decisions", ASKED)),
        "POST decisions/batch": _masked(caller.post("decisions/batch", {"questions": [ASKED]})),
        "POST consents, wrong": _masked(caller.consent(answers=[{"purpose": "ads"}])),
    }
    seal_all()

    told |= {f"GET {path}": _masked(caller.get(path)) for path in READ}

    assert told == json.loads(GOLDEN.read_text(encoding="utf-8"))


def _masked(response: Any) -> Any:
    text = response.content.decode()
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return {"status": response.status_code, "body": json.loads(text)}
