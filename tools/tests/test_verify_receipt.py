"""The checking program on the product's own receipts, and on every way to tamper with them."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from accounts.models import User
from consent.ledger.keyring import log_ring
from consent.ledger.log.rules.notes import sign_note
from consent.ledger.log.selectors import consistency_between, latest_checkpoint
from consent.ledger.models import ConsentEvent, ConsentStatus
from consent.ledger.receipts.keys import key_set, sign
from consent.ledger.receipts.record import canonical
from consent.ledger.receipts.selectors import Receipt, receipt_for
from consent.ledger.receipts.tests.conftest import make_import
from consent.ledger.receipts.tests.factories import make_act, make_sealed, seal_waiting
from consent.ledger.tests.factories import answer, make_subject
from consent.policies.models import PolicyVersion
from tools.verify_receipt import NotProven, check

__all__ = ["make_import"]

PROGRAM = settings.BASE_DIR / "tools" / "verify_receipt.py"

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Answer:
    """What the program said, and how it ended."""

    code: int
    said: str


@pytest.fixture
def receipt(alice: User) -> Receipt:
    """A receipt that the log has, among others."""
    return make_sealed(alice)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Answer]:
    """Run the program as anybody would, alone and isolated. Each argument is an option and what its file holds."""

    def start(bundle: Any, *options: str, **files: Any) -> Answer:
        names = []
        for name, content in {"receipt": bundle, **files}.items():
            text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
            (tmp_path / name).write_text(text, encoding="utf-8")
            names += [f"--{name}", name] if name != "receipt" else [name]
        done = subprocess.run(
            [sys.executable, "-I", str(PROGRAM), *names, "--language", "en", *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return Answer(done.returncode, done.stdout + done.stderr)

    return start


def test_a_receipt_of_ours_is_proven_in_every_line(receipt: Receipt, run: Callable[..., Answer]) -> None:
    answer = run(receipt.as_json(), keys=key_set())

    assert answer.code == 0, answer.said
    assert answer.said.count("proven: ") == 6
    assert "no receipt proves: who acted" in answer.said.splitlines()[-1]
    assert "entry 1 of 5" in answer.said
    assert "NOT" not in answer.said


def test_without_keys_nothing_is_called_signed(receipt: Receipt, run: Callable[..., Answer]) -> None:
    answer = run(receipt.as_json())

    assert answer.code == 2
    assert "for want of --keys" in answer.said
    assert "signed with" not in answer.said
    assert "proven: " not in answer.said


def test_an_import_is_not_proven_to_have_been_said(
    alice: User, make_import: Callable[[User], ConsentEvent], run: Callable[..., Answer]
) -> None:
    answer = run(receipt_for(make_import(alice)).as_json(), keys=key_set())

    assert answer.said.splitlines()[-1].startswith("nor this one: that it was ever said")


def test_a_consistency_proof_without_its_checkpoint_is_not_passed_over(
    receipt: Receipt, run: Callable[..., Answer]
) -> None:
    answer = run(receipt.as_json(), keys=key_set(), consistency={"from": 1, "to": 5, "path": []})

    assert answer.code == 2
    assert "--older" in answer.said


def test_a_receipt_from_before_the_log_had_it_is_only_proven_by_its_signature(
    alice: User, run: Callable[..., Answer]
) -> None:
    answer = run(receipt_for(make_act(alice)).as_json(), keys=key_set())

    assert answer.code == 2
    assert "before it had the entry" in answer.said


def test_every_entry_of_a_growing_log_is_proven(alice: User) -> None:
    event = make_act(alice)
    version = PolicyVersion.objects.get(pk=event.version_id)
    subject = make_subject(alice, version.policy.controller)
    seal_waiting(1)
    for _round in range(5):
        answer(subject, version, ConsentStatus.REFUSED, ["location", ""])
        seal_waiting(2)

        report = check(receipt_for(event).bundle(), key_set())

        assert not report.open


def test_growth_since_an_older_checkpoint_is_proven(receipt: Receipt, alice: User, run: Callable[..., Answer]) -> None:
    old = latest_checkpoint()
    grown = make_sealed(alice, others=2, version=PolicyVersion.objects.get(pk=receipt.event.version_id))
    assert old
    assert grown.proof

    path = consistency_between(old.tree_size, grown.proof.size)
    proof = {"from": old.tree_size, "to": grown.proof.size, "path": [base64.b64encode(each).decode() for each in path]}
    answer = run(grown.as_json(), keys=key_set(), older=old.note, consistency=proof)

    assert answer.code == 0, answer.said
    assert "between 5 and 8 entries" in answer.said


def test_a_forked_log_is_found(receipt: Receipt, alice: User, run: Callable[..., Answer]) -> None:
    old = latest_checkpoint()
    assert old
    keys = [key.private for key in log_ring().keys if key.private]
    forked = sign_note(settings.LOG_NAME, old.tree_size, bytes(32), keys)

    answer = run(receipt.as_json(), keys=key_set(), older=forked)

    assert answer.code == 1
    assert "rewritten" in answer.said


def _resigned(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], None]:
    """What the company itself could do: change the record and sign it again."""

    def tamper(bundle: dict[str, Any]) -> None:
        change(bundle["record"])
        bundle["jws"] = sign(canonical(bundle["record"]))

    return tamper


def _purpose(record: dict[str, Any]) -> Any:
    return record["processing"]["purposes"][0]


def _no_zone(record: dict[str, Any]) -> str:
    return str(record["events"][0]["event_time"]).removesuffix("Z")


def _empty_payload(compact: str) -> str:
    head, _payload, signature = compact.split(".")
    return f"{head}.e30.{signature}"


def _flip(text: str) -> str:
    octets = bytearray(base64.b64decode(text))
    octets[0] ^= 1
    return base64.b64encode(octets).decode()


TAMPERING: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "the record": (lambda b: b["record"]["events"][0].update(event_state="dpv:ConsentRefused"), "differs from what"),
    "the signature": (lambda b: b.update(jws=b["jws"][:-8] + "AAAAAAAA"), "signature is wrong"),
    "the payload": (lambda b: b.update(jws=_empty_payload(b["jws"])), "signature is wrong"),
    "no signature": (lambda b: b.update(jws="a.b"), "incomplete"),
    "the state, signed again": (
        _resigned(lambda r: r["events"][0].update(event_state="dpv:ConsentRefused")),
        "not that of the record (status)",
    ),
    "the time, signed again": (
        _resigned(lambda r: r["events"][0].update(event_time="2020-01-01T00:00:00.000000Z")),
        "(time)",
    ),
    "the text shown, signed again": (
        _resigned(lambda r: r["processing"]["privacy_notice"].update(shown_sha256="11" * 32)),
        "(text shown)",
    ),
    "the entry, signed again": (_resigned(lambda r: r["log_entry"].update(status="refused")), "(status)"),
    "the kind, signed again": (_resigned(lambda r: r["events"][0].update(event_type="dpv:ImpliedConsent")), "(kind)"),
    "a time without a zone": (_resigned(lambda r: r["events"][0].update(event_time=_no_zone(r))), "(time)"),
    "the import denied": (_resigned(lambda r: r["events"][0].update(imported=True)), "(import)"),
    "the claimed time": (
        _resigned(lambda r: r["events"][0].update(claimed_time="2020-01-01T00:00:00.000000Z")),
        "(claimed time)",
    ),
    "the language, signed again": (_resigned(lambda r: r["processing"].update(language="en")), "(language)"),
    "the company, signed again": (_resigned(lambda r: r["parties"][0].update(party_id="controller:0")), "(company)"),
    "the receipt's id": (_resigned(lambda r: r["receipt"].update(receipt_id=f"urn:uuid:{uuid4()}")), "(number)"),
    "who acted": (_resigned(lambda r: r["events"][0].update(entity_id=r["parties"][0]["party_id"])), "(who acted)"),
    "a second event": (_resigned(lambda r: r["events"].append(r["events"][0])), "incomplete"),
    "a second purpose": (
        _resigned(lambda r: r["processing"]["purposes"].append(r["processing"]["purposes"][0])),
        "incomplete",
    ),
    "a truth value in the entry": (_resigned(lambda r: r["log_entry"].update(v=True)), "(entry)"),
    "how it was collected": (_resigned(lambda r: _purpose(r).update(collection_method="banner")), "(surface)"),
    "the leaf": (lambda b: b["proof"]["leaf"].update(status="refused"), "(entry)"),
    "the leaf and the record": (
        lambda b: (b["proof"]["leaf"].update(at=1), _resigned(lambda r: r["log_entry"].update(at=1))(b)),
        "(time)",
    ),
    "the number": (lambda b: b["proof"].update(index=1), "not in the log"),
    "a number outside": (lambda b: b["proof"].update(index=5), "outside the log"),
    "the size": (lambda b: b["proof"].update(size=6), "not in the log"),
    "a truth value as number": (lambda b: b["proof"].update(index=False), "index is missing"),
    "the path": (lambda b: b["proof"]["path"].insert(0, _flip(b["proof"]["path"].pop(0))), "not in the log"),
    "a longer path": (lambda b: b["proof"]["path"].append(b["proof"]["path"][0]), "too long"),
    "a shorter path": (lambda b: b["proof"]["path"].pop(), "too short"),
    "a hash of another length": (lambda b: b["proof"]["path"].append("AAAA"), "32 bytes"),
    "the checkpoint's root": (
        lambda b: b["proof"].update(
            checkpoint="\n".join([*b["proof"]["checkpoint"].split("\n")[:2], "A" * 43 + "=", "", ""])
        ),
        "not in the log",
    ),
    "the checkpoint's signature": (
        lambda b: b["proof"].update(checkpoint=b["proof"]["checkpoint"][:-8] + "AAAAAA=\n"),
        "checkpoint's signature is wrong",
    ),
    "no checkpoint": (lambda b: b["proof"].update(checkpoint="hello"), "no checkpoint"),
    "the opening key": (
        lambda b: b["proof"]["opening"].update(key=_flip(b["proof"]["opening"]["key"])),
        "about somebody else",
    ),
    "the opened values": (lambda b: b["proof"]["opening"]["private"].append(1), "about somebody else"),
    "no proof at all": (lambda b: b.update(proof=[]), "leaf is missing"),
    "no record": (lambda b: b.pop("record"), "record is missing"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found_and_named(what: str, receipt: Receipt) -> None:
    tamper, named = TAMPERING[what]
    bundle = json.loads(receipt.as_json())

    tamper(bundle)

    with pytest.raises(NotProven, match=r".") as told:
        check(bundle, key_set())
    assert named in str(told.value)
    assert all(told.value.words)


def test_the_program_names_it_too_and_ends_with_one(receipt: Receipt, run: Callable[..., Answer]) -> None:
    bundle = receipt.bundle()
    bundle["record"]["events"][0]["event_state"] = "dpv:ConsentRefused"

    answer = run(bundle, keys=key_set())

    assert answer.code == 1
    assert answer.said == "NOT PROVEN: the record differs from what was signed\n"


def test_it_speaks_chinese(receipt: Receipt, run: Callable[..., Answer]) -> None:
    answer = run(receipt.as_json(), "--language", "zh", keys=key_set())

    assert answer.code == 0
    assert answer.said.count("已证明") == 6


def test_keys_of_others_prove_nothing(receipt: Receipt, run: Callable[..., Answer]) -> None:
    other = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    kid = key_set()["keys"][0]["kid"]

    answer = run(receipt.as_json(), keys={"keys": [other | {"kid": kid}]})

    assert answer.code == 1
    assert "not signed with one of these keys" in answer.said


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"record": {}, "record": {}}', "[" * 100_000, '{"jws": 1}'])
def test_what_is_no_receipt_is_told_and_not_a_crash(text: str, run: Callable[..., Answer]) -> None:
    answer = run(text, keys=key_set())

    assert answer.code == 1
    assert answer.said.startswith("NOT PROVEN: ")
    assert "Traceback" not in answer.said


def test_it_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    lines = [line.strip() for line in PROGRAM.read_text(encoding="utf-8").splitlines()]

    imported = {line.split()[1].partition(".")[0] for line in lines if re.match(r"import \w|from \S+ import", line)}

    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_without_the_one_package_that_it_needs_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("raise ImportError")

    ran = subprocess.run(
        [sys.executable, str(PROGRAM), "--help"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1
    assert ran.stderr == "This needs the package cryptography: python3 -m pip install cryptography\n"
