"""What a receipt proves, check by check. Pure: keys and the log's own answer are given.

The offline program tools/verify_receipt.py makes the same checks and shares no code with this.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import rfc8785

from consent.ledger.log.rules.merkle import included_root, leaf_hash
from consent.ledger.log.rules.notes import Note, NoteError, Verifier, open_note, read_note
from consent.ledger.log.selectors import InclusionProof
from consent.ledger.receipts.keys import UnknownKey, signed_payload
from consent.ledger.receipts.record import canonical
from consent.ledger.receipts.submissions import Submission, Unreadable, strict_json

MOST_HASHES = 64  # of an inclusion path: a tree of 2 ** 64 leaves


class Check(StrEnum):
    """In the order in which they are made. A later one means little once an earlier one failed."""

    PDF = "pdf"
    SIGNATURE = "signature"
    RECORD = "record"
    ENTRY = "entry"
    INCLUSION = "inclusion"
    CHECKPOINT = "checkpoint"
    OPENING = "opening"
    LOG = "log"


class Outcome(StrEnum):
    """missing: the receipt does not carry what the check needs."""

    HOLDS = "holds"
    FAILS = "fails"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Result:
    """detail: the key, the position and the like, for the sentence."""

    check: Check
    outcome: Outcome
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """record: what was signed, None unless the signature holds."""

    results: Sequence[Result]
    record: Mapping[str, Any] | None

    @property
    def holds(self) -> bool:
        """True if no check failed; one that could not be made is no failure."""
        return all(result.outcome != Outcome.FAILS for result in self.results)

    @property
    def failed(self) -> list[Result]:
        """The checks that failed."""
        return [result for result in self.results if result.outcome == Outcome.FAILS]


def check(submission: Submission, verifiers: Sequence[Verifier]) -> Verdict:
    """Check a receipt by our keys, whether in use or retired. verifiers: the keys of the log."""
    results = [_result(Check.PDF, True, key=submission.pdf_kid)] if submission.pdf_kid else []
    try:
        payload, kid = signed_payload(submission.jws)
        record = strict_json(payload.decode())
    except UnknownKey:
        return Verdict([*results, _result(Check.SIGNATURE, False, unknown=True)], None)
    except (ValueError, Unreadable):
        return Verdict([*results, _result(Check.SIGNATURE, False, unknown=False)], None)
    results.append(_result(Check.SIGNATURE, True, key=kid))
    if submission.record is not None:
        results.append(_result(Check.RECORD, _same(submission.record, payload)))
    results += _about_the_log(submission.proof, record["log_entry"], verifiers)
    return Verdict(results, record)


def check_with_log(verdict: Verdict, sealed: InclusionProof | None) -> Verdict:
    """The verdict on a receipt whose signature holds, with what our log says today. sealed: None where it has no entry
    under the receipt's number."""
    if verdict.record is None or sealed is None:
        return Verdict([*verdict.results, Result(Check.LOG, Outcome.MISSING, {})], verdict.record)
    if sealed.leaf != verdict.record["log_entry"]:
        return contradicted(verdict)
    place = {"position": sealed.index + 1, "size": sealed.size, "since": sealed.sealed_at}
    return Verdict([*verdict.results, Result(Check.LOG, Outcome.HOLDS, place)], verdict.record)


def contradicted(verdict: Verdict) -> Verdict:
    """The verdict where our log has something else, or does not fit what it signed itself."""
    return Verdict([*verdict.results, Result(Check.LOG, Outcome.FAILS, {})], verdict.record)


def _about_the_log(
    proof: Mapping[str, Any] | None, entry: Mapping[str, Any], verifiers: Sequence[Verifier]
) -> list[Result]:
    if proof is None:
        return [Result(Check.INCLUSION, Outcome.MISSING, {})]
    leaf, note = proof.get("leaf"), _note(proof)
    return [
        _result(Check.ENTRY, leaf == entry),
        _inclusion(proof, leaf, note),
        _checkpoint(proof, verifiers),
        _opening(proof.get("opening"), entry),
    ]


def _inclusion(proof: Mapping[str, Any], leaf: Any, note: Note | None) -> Result:
    """The path must lead to the root that the checkpoint names, whoever signed it."""
    index, size, path = proof.get("index"), proof.get("size"), proof.get("path")
    try:
        if type(index) is not int or type(size) is not int or not isinstance(path, list) or len(path) > MOST_HASHES:
            raise ValueError("no inclusion proof")
        root = included_root(leaf_hash(rfc8785.dumps(leaf)), index, size, [_hash(each) for each in path])
    except (ValueError, TypeError):
        return _result(Check.INCLUSION, False)
    holds = note is not None and (note.size, note.root) == (size, root)
    return _result(Check.INCLUSION, holds, position=index + 1, size=size)


def _note(proof: Mapping[str, Any]) -> Note | None:
    try:
        return read_note(str(proof.get("checkpoint")))
    except NoteError:
        return None


def _checkpoint(proof: Mapping[str, Any], verifiers: Sequence[Verifier]) -> Result:
    try:
        note = open_note(str(proof.get("checkpoint")), verifiers)
    except NoteError:
        return _result(Check.CHECKPOINT, False)
    return _result(Check.CHECKPOINT, True, origin=note.origin)


def _opening(opening: Any, entry: Mapping[str, Any]) -> Result:
    if opening is None:
        return Result(Check.OPENING, Outcome.MISSING, {})
    try:
        key = base64.b64decode(opening["key"], validate=True)
        made = hmac.digest(key, rfc8785.dumps(opening["private"]), "sha256").hex()
    except (KeyError, TypeError, ValueError, RecursionError):
        return _result(Check.OPENING, False)
    return _result(Check.OPENING, hmac.compare_digest(made, entry["commitment"]))


def _hash(text: Any) -> bytes:
    octets = base64.b64decode(text, validate=True)
    if len(octets) != 32:
        raise ValueError("a hash has 32 bytes")
    return octets


def _same(record: Mapping[str, Any], payload: bytes) -> bool:
    try:
        return canonical(record) == payload
    except ValueError:
        return False


def _result(check: Check, holds: bool, **detail: Any) -> Result:
    return Result(check, Outcome.HOLDS if holds else Outcome.FAILS, detail)
