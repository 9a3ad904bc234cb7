"""What a receipt proves, check by check. Pure: keys and the log's own answer are given.

The offline program tools/verify_receipt.py makes the same checks and shares no code with this.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import rfc8785

from consent.ledger.log.rules.merkle import included_root, leaf_hash
from consent.ledger.log.rules.notes import Note, NoteError, Verifier, open_note, read_note
from consent.ledger.log.selectors import InclusionProof
from consent.ledger.receipts.agreement import instant_of, says_what_is_opened, says_what_its_entry_says
from consent.ledger.receipts.keys import UnknownKey, signed_payload
from consent.ledger.receipts.record import canonical
from consent.ledger.receipts.submissions import Submission, Unreadable, strict_json

LATE = timedelta(days=1)  # the log takes seconds; an entry that came so much later may have been written later, too
MOST_HASHES = 64  # of an inclusion path: a tree of 2 ** 64 leaves


class Check(StrEnum):
    """In the order in which they are made. A later one means little once an earlier one failed."""

    PDF = "pdf"
    SIGNATURE = "signature"
    RECORD = "record"
    WORDS = "words"
    ENTRY = "entry"
    INCLUSION = "inclusion"
    CHECKPOINT = "checkpoint"
    OPENING = "opening"
    LOG = "log"
    TIME = "time"


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
class Place:
    """Where a signed checkpoint has an entry. root: 32 bytes, of the tree of `size` leaves."""

    index: int
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """record: what was signed, None unless the signature holds. place: what the receipt's own proof shows, None unless
    it holds."""

    results: Sequence[Result]
    record: Mapping[str, Any] | None
    place: Place | None = None

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
    results.append(_result(Check.WORDS, says_what_its_entry_says(record)))
    if submission.proof is None:
        return Verdict([*results, Result(Check.INCLUSION, Outcome.MISSING, {})], record)
    about_the_log = _about_the_log(submission.proof, record, verifiers)
    holds = all(result.outcome != Outcome.FAILS for result in about_the_log)
    return Verdict(results + about_the_log, record, _place(submission.proof) if holds else None)


def check_with_log(verdict: Verdict, sealed: InclusionProof | None, root_then: bytes) -> Verdict:
    """The verdict on a receipt whose signature holds, with what our log says today.

    sealed: None where it has no entry under the receipt's number. root_then: of our checkpoint of the size that the
    receipt's proof names, empty where there is none. What the log signed once it must still have, in the same place.
    """
    place = verdict.place
    if place and (sealed is None or (sealed.index, root_then) != (place.index, place.root)):
        return contradicted(verdict)
    if verdict.record is None or sealed is None:
        return _with(verdict, Result(Check.LOG, Outcome.MISSING, {}))
    if sealed.leaf != verdict.record["log_entry"]:
        return contradicted(verdict)
    today = {"position": sealed.index + 1, "size": sealed.size, "since": sealed.sealed_at}
    said = _with(verdict, Result(Check.LOG, Outcome.HOLDS, today))
    late = sealed.sealed_at - instant_of(sealed.leaf["at"]) > LATE
    return _with(said, Result(Check.TIME, Outcome.MISSING, today)) if late else said


def contradicted(verdict: Verdict) -> Verdict:
    """The verdict where our log has something else, or does not fit what it signed itself."""
    return _with(verdict, Result(Check.LOG, Outcome.FAILS, {}))


def _with(verdict: Verdict, result: Result) -> Verdict:
    return Verdict([*verdict.results, result], verdict.record, verdict.place)


def _about_the_log(proof: Mapping[str, Any], record: Mapping[str, Any], verifiers: Sequence[Verifier]) -> list[Result]:
    leaf, note = proof.get("leaf"), _note(proof)
    return [
        _result(Check.ENTRY, _same(leaf, canonical(record["log_entry"]))),
        _inclusion(proof, leaf, note),
        _checkpoint(proof, verifiers),
        _opening(proof.get("opening"), record),
    ]


def _place(proof: Mapping[str, Any]) -> Place:
    """Of a proof that holds."""
    return Place(proof["index"], proof["size"], read_note(proof["checkpoint"]).root)


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


def _opening(opening: Any, record: Mapping[str, Any]) -> Result:
    """What is opened must fit the entry, and what the record says of it must be what is opened."""
    if opening is None:
        return Result(Check.OPENING, Outcome.MISSING, {})
    try:
        key = base64.b64decode(opening["key"], validate=True)
        made = hmac.digest(key, rfc8785.dumps(opening["private"]), "sha256").hex()
    except (KeyError, TypeError, ValueError, RecursionError):
        return _result(Check.OPENING, False)
    fits = hmac.compare_digest(made, record["log_entry"]["commitment"])
    return _result(Check.OPENING, fits and says_what_is_opened(record, opening["private"]))


def _hash(text: Any) -> bytes:
    octets = base64.b64decode(text, validate=True)
    if len(octets) != 32:
        raise ValueError("a hash has 32 bytes")
    return octets


def _same(value: Any, octets: bytes) -> bool:
    """Whether these are its canonical bytes: where == is enough, true is 1."""
    try:
        return rfc8785.dumps(value) == octets
    except ValueError:
        return False


def _result(check: Check, holds: bool, **detail: Any) -> Result:
    return Result(check, Outcome.HOLDS if holds else Outcome.FAILS, detail)
