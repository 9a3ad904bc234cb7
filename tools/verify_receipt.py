#!/usr/bin/env python3
"""Check a receipt offline, without the portal that issued it.

    python3 verify_receipt.py receipt.json --keys jwks.json
    python3 verify_receipt.py receipt.json --keys jwks.json --older checkpoint.txt --consistency proof.json

receipt.json: as downloaded. jwks.json: /.well-known/jwks.json, best fetched long before, or by somebody else.
checkpoint.txt: a checkpoint of the log that was kept elsewhere; proof.json: /log/consistency between the sizes of both.
Prints a line for each thing that is proven, and what no receipt proves. Ends with 0 if all is proven, with 1 if
something does not fit, with 2 if nothing is wrong but not everything could be checked; without keys nothing is proven.
Needs Python 3.11 and the package `cryptography`, nothing else.

Source: RFC 7515, RFC 8037, RFC 9864 (signature); RFC 8785 (canonical JSON); RFC 9162 2.1 (log); C2SP signed-note,
tlog-checkpoint.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.exit("This needs the package cryptography: python3 -m pip install cryptography")

MOST_OCTETS = 4_000_000
DASH = "\N{EM DASH}"
ALGORITHM, TYPE = "Ed25519", "consent-receipt+jws"
EMPTY_ROOT = sha256(b"").digest()
TAGS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
STATES = {
    "requested": "ConsentRequested",
    "deferred": "ConsentRequestDeferred",
    "given": "ConsentGiven",
    "renewed": "RenewedConsentGiven",
    "refused": "ConsentRefused",
    "withdrawn": "ConsentWithdrawn",
    "revoked": "ConsentRevoked",
    "expired": "ConsentExpired",
    "invalidated": "ConsentInvalidated",
}
KINDS = {
    "explicit": "ExplicitlyExpressedConsent",
    "separate": "ExplicitlyExpressedConsent",
    "implied": "ImpliedConsent",
}
# Each sentence in English and in simplified Chinese.
SIGNED = ("signed with the key {kid}", "由密钥 {kid} 签名")
UNCHANGED = ("the record is what was signed, unchanged", "记录与签名的内容一致，没有改动")
WORDS = (
    "the record says in words what its entry for the log says: {status}, {kind}, {at}",
    "记录的文字与它的日志条目一致：{status}，{kind}，{at}",
)
INCLUDED = ("it is entry {position} of {size} in the log", "它是日志 {size} 条中的第 {position} 条")
CHECKPOINT = ("the log {origin} has signed that checkpoint", "日志 {origin} 签署了这个检查点")
OPENED = (
    "the receipt opens the entry: it is about person {person} of company {company}'s ledger",
    "回执能打开该条目：它说的是公司 {company} 的账本里编号为 {person} 的人",
)
GROWN = (
    "between {first} and {second} entries, none was changed or removed",
    "从 {first} 条到 {second} 条之间，没有条目被改动或删除",
)
NO_KEYS = ("not checked: signatures, for want of --keys", "未校验：签名（没有给出 --keys）")
NO_PROOF = (
    "not checked: the log; the receipt was issued before it had the entry",
    "未校验：日志（签发回执时尚未写入）",
)
NO_OPENING = (
    "not checked: whom the entry is about; the receipt does not open it",
    "未校验：条目属于谁（回执里没有打开它的钥匙）",
)
LIMITS = (
    "no receipt proves: who acted in person; the exact time, which is by the company's clock; that the answer still "
    "holds; that the company kept to it; and what the record says beside the entry is the company's word",
    "任何回执都不能说明：是否本人操作；准确的时间（以公司的时钟为准）；回答现在是否仍然有效；公司是否遵守；"
    "记录里条目以外的文字，只是公司自己的说法",
)
IMPORTED = (
    "nor this one: that it was ever said; the company took it over from its earlier records",
    "这一张也不能说明：确实这样回答过；它是公司从以前的记录里带过来的",
)
NOT_PROVEN = ("NOT PROVEN", "不能证明")
PROVEN = ("proven", "已证明")
FITS = ("fits, but unsigned as far as is known", "吻合，但签名未校验")


class NotProven(Exception):
    """What does not fit, in English and Chinese."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.words = (english, chinese)


class Note(NamedTuple):
    """A checkpoint. root: 32 bytes."""

    origin: str
    size: int
    root: bytes


class Report(NamedTuple):
    """Sentences in both languages. open: what could not be checked. limits: what no check can show."""

    proven: list[tuple[str, str]]
    open: list[tuple[str, str]]
    limits: list[tuple[str, str]]


def check(bundle: Any, key_set: Any, older: str | None = None, consistency: Any = None) -> Report:
    """Every check that the material allows. key_set: a JWK set, None without one. Raises NotProven."""
    report = Report([], [], [LIMITS])
    record, proof = _field(bundle, "record", dict), bundle.get("proof")
    _check_signature(report, bundle, record, key_set)
    _check_words(report, record)
    if proof is None:
        report.open.append(NO_PROOF)
    else:
        _check_log(report, record, proof, key_set)
    if older is not None:
        _check_growth(report, proof, key_set, older, consistency)
    return report


def _check_signature(report: Report, bundle: Any, record: Any, key_set: Any) -> None:
    head, payload, signature = (_base64url(part) for part in _three(_field(bundle, "jws", str)))
    header = _json(head)
    if header != {"alg": ALGORITHM, "kid": _field(header, "kid", str), "typ": TYPE}:
        raise NotProven("the signature is of a kind that receipts do not have", "签名的类型不是回执所用的")
    if key_set is None:
        report.open.append(NO_KEYS)
    else:
        key = _receipt_keys(key_set).get(header["kid"])
        if key is None:
            raise NotProven("the receipt was not signed with one of these keys", "签名的密钥不在给出的密钥里")
        if not _holds(key, signature, bundle["jws"].rpartition(".")[0].encode()):
            raise NotProven("the receipt's signature is wrong", "回执的签名不对")
        report.proven.append(_say(SIGNED, kid=header["kid"]))
    if canonical(record) != payload:
        raise NotProven("the record differs from what was signed", "记录与签名的内容不一致")
    report.proven.append(UNCHANGED)


def _check_log(report: Report, record: Any, proof: Any, key_set: Any) -> None:
    leaf = _field(proof, "leaf", dict)
    if canonical(leaf) != canonical(record["log_entry"]):
        raise NotProven("the log's entry is not that of the record (entry)", "日志条目与记录不符（条目）")
    index, size = _field(proof, "index", int), _field(proof, "size", int)
    note = read_note(_field(proof, "checkpoint", str))
    root = included_root(sha256(b"\0" + canonical(leaf)).digest(), index, size, _hashes(proof))
    if (note.size, note.root) != (size, root):
        raise NotProven("the entry is not in the log of this checkpoint", "这个检查点的日志里没有该条目")
    report.proven.append(_say(INCLUDED, position=index + 1, size=size))
    if key_set is not None:
        check_note(proof["checkpoint"], key_set)
        report.proven.append(_say(CHECKPOINT, origin=note.origin))
    _check_opening(report, proof.get("opening"), record)


def _check_words(report: Report, record: Any) -> None:
    """What people read in the record must be what its entry for the log says, and be said once."""
    try:
        entry, processing = record["log_entry"], record["processing"]
        [event], [purpose], [party] = record["events"], processing["purposes"], record["parties"]
        number, company = entry["event"], f"controller:{entry['controller']}"
        kind, surface, recipients = entry["kind"], entry["surface"], purpose["recipient_third_parties"]
        pairs = {
            "number": (
                (record["header"]["record_id"], record["receipt"]["receipt_id"]),
                (number, f"urn:uuid:{number}"),
            ),
            "status": (event["event_state"], "dpv:" + STATES[entry["status"]]),
            "kind": ((event["event_type"], event["consent_kind"]), ("dpv:" + KINDS[kind], kind)),
            "surface": ((event["surface"], purpose["collection_method"]), (surface, surface)),
            "import": (event["imported"], surface == "import"),
            "time": (event["event_time"], _iso(entry["at"])),
            "text shown": (processing["privacy_notice"]["shown_sha256"], entry["shown_sha256"]),
            "language": (processing["language"], TAGS.get(entry["language"], entry["language"])),
            "purpose": (purpose.get("purpose_code", ""), entry["purpose"]),
            "recipient": (entry["recipient"] in ("", *recipients[:1]), True),
            "company": ((party["party_id"], purpose["pii_controllers"]), (company, [company])),
        }
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise NotProven("the record or the entry is incomplete", "记录或条目不完整") from error
    _same(pairs)
    report.proven.append(_say(WORDS, status=entry["status"], kind=kind, at=event["event_time"]))
    report.limits.extend([IMPORTED] if event["imported"] else [])


def _check_opening(report: Report, opening: Any, record: Any) -> None:
    if opening is None:
        report.open.append(NO_OPENING)
        return
    key, private = _octets(_field(opening, "key", str)), _field(opening, "private", list)
    entry, event = record["log_entry"], record["events"][0]
    if not hmac.compare_digest(hmac.digest(key, canonical(private), "sha256").hex(), str(entry.get("commitment"))):
        raise NotProven("the entry is about somebody else: the opening does not fit", "该条目说的是别人：打不开")
    actor, _agent, claimed, _key, _network, person = private
    by_person = actor.partition(":")[0] == "subject"
    entity = record["header"]["pii_principal_id"] if by_person else record["parties"][0]["party_id"]
    claimed_time = None if claimed is None else _iso(claimed)
    _same({"claimed time": (event.get("claimed_time"), claimed_time), "who acted": (event.get("entity_id"), entity)})
    report.proven.append(_say(OPENED, person=int(person), company=int(entry["controller"])))


def _same(pairs: dict[str, tuple[Any, Any]]) -> None:
    for name, (said, logged) in pairs.items():
        if said != logged:
            raise NotProven(f"the log's entry is not that of the record ({name})", f"日志条目与记录不符（{name}）")


def _check_growth(report: Report, proof: Any, key_set: Any, older: str, consistency: Any) -> None:
    if proof is None:
        raise NotProven("without a proof there is nothing to compare the checkpoint with", "没有日志证明，无从比较")
    notes = sorted((read_note(proof["checkpoint"]), read_note(older)), key=lambda note: note.size)
    if key_set is not None:
        check_note(older, key_set)
    if notes[0].origin != notes[1].origin:
        raise NotProven("the other checkpoint is of another log", "另一个检查点属于别的日志")
    first, second = notes[0].size, notes[1].size
    path = _hashes(consistency) if consistency is not None else []
    if consistency is not None and (consistency.get("from"), consistency.get("to")) != (first, second):
        raise NotProven("the consistency proof is between other sizes", "一致性证明的条数与检查点不符")
    check_consistency(first, notes[0].root, second, notes[1].root, path)
    report.proven.append(_say(GROWN, first=first, second=second))


# --- Keys and signatures ---------------------------------------------------------------------------------------------
def _receipt_keys(key_set: Any) -> dict[str, bytes]:
    """By RFC 7638 thumbprint, which is made anew: a key's name in the file proves nothing."""
    keys = {}
    for key in _field(key_set, "keys", list):
        if key.get("kty") == "OKP" and key.get("crv") == "Ed25519":
            octets = canonical({"crv": "Ed25519", "kty": "OKP", "x": key["x"]})
            keys[base64.urlsafe_b64encode(sha256(octets).digest()).rstrip(b"=").decode()] = _base64url(key["x"])
    return keys


def check_note(note: str, key_set: Any) -> None:
    """One of the log's keys must have signed, and none that is known wrongly. Raises NotProven."""
    text, origin = note.rpartition("\n\n")[0] + "\n", read_note(note).origin
    known = {}
    for key in _field(key_set, "keys", list):
        name, plus, _hash = str(key.get("kid")).rpartition("+")
        if plus and name == origin:
            public = _base64url(key["x"])
            known[sha256(name.encode() + b"\n\x01" + public).digest()[:4]] = public
    signed = False
    for line in note.rpartition("\n\n")[2].splitlines():
        dash, name, blob = (line.split(" ") + ["", ""])[:3]
        octets = _octets(blob)
        if dash == DASH and name == origin and (signer := known.get(octets[:4])):
            if not _holds(signer, octets[4:], text.encode()):
                raise NotProven("the checkpoint's signature is wrong", "检查点的签名不对")
            signed = True
    if not signed:
        raise NotProven("the checkpoint was not signed with one of these keys", "检查点的签名密钥不在给出的密钥里")


def read_note(note: str) -> Note:
    """Raises NotProven if it is no checkpoint."""
    try:
        origin, size, root = note.split("\n")[:3]
        octets = base64.b64decode(root, validate=True)
        if "\n\n" in note and size == str(int(size)) and int(size) >= 0 and len(octets) == 32:
            return Note(origin, int(size), octets)
    except ValueError:
        pass
    raise NotProven("this is no checkpoint", "这不是检查点")


def _holds(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- The tree, RFC 9162 ----------------------------------------------------------------------------------------------
def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def included_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which an inclusion path leads (2.1.3.2). Raises NotProven if it cannot be one."""
    if not 0 <= index < size:
        raise NotProven("the entry's number is outside the log", "条目编号超出日志范围")
    node, last, root = index, size - 1, leaf
    for sibling in path:
        if not last:
            raise NotProven("the inclusion path is too long", "包含路径过长")
        if node & 1 or node == last:
            root = _node(sibling, root)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = _node(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotProven("the inclusion path is too short", "包含路径过短")
    return root


def check_consistency(first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]) -> None:
    """The tree of `second` leaves must begin with that of `first` (2.1.4.2). Raises NotProven."""
    rewritten = NotProven("the log was rewritten between the two checkpoints", "两个检查点之间，日志被改写过")
    if first in (0, second):
        if path or first_root != (second_root if first else EMPTY_ROOT):
            raise rewritten
        return
    if not path:
        raise NotProven("the two checkpoints need a --consistency proof", "比较两个检查点需要 --consistency 证明")
    hashes = [first_root, *path] if not first & (first - 1) else list(path)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for each in hashes[1:]:
        if not last:
            raise rewritten
        if node & 1 or node == last:
            old, new = _node(each, old), _node(each, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = _node(new, each)
        node, last = node >> 1, last >> 1
    if last or (old, new) != (first_root, second_root):
        raise rewritten


# --- Reading ---------------------------------------------------------------------------------------------------------
def canonical(value: Any) -> bytes:
    """RFC 8785 for what receipts hold: no fractions. Raises NotProven for anything else."""
    return _canonical(value).encode()


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_canonical(name)}:{_canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**53):
        raise NotProven("there is a number that receipts do not have", "出现了回执里不会有的数字")
    return json.dumps(value, ensure_ascii=False)


def _iso(microseconds: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _field(value: Any, name: str, kind: type) -> Any:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise NotProven(f"incomplete: {name} is missing or of another kind", f"不完整：缺少 {name}，或类型不对")
    return found


def _three(compact: str) -> list[str]:
    parts = compact.split(".")
    if len(parts) != 3:
        raise NotProven("the signature is incomplete", "签名不完整")
    return parts


def _hashes(proof: Any) -> list[bytes]:
    path = [_octets(text) for text in _field(proof, "path", list)]
    if len(path) > 64 or any(len(each) != 32 for each in path):
        raise NotProven("a hash of the path is not 32 bytes long", "路径里有长度不对的哈希")
    return path


def _octets(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError) as error:
        raise NotProven("something is no base64", "有内容不是 base64") from error


def _base64url(text: str) -> bytes:
    octets = _octets(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(octets).rstrip(b"=").decode() != text:
        raise NotProven("something is no base64url", "有内容不是 base64url")
    return octets


def _json(octets: bytes) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a name occurs twice")
        return dict(pairs)

    try:
        return json.loads(octets.decode("utf-8-sig"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise NotProven("this is no JSON that can be read", "这不是能读的 JSON") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            octets = file.read(MOST_OCTETS + 1)
    except OSError as error:
        raise NotProven(f"{path} cannot be read", f"无法读取 {path}") from error
    if len(octets) > MOST_OCTETS:
        raise NotProven(f"{path} is too large", f"{path} 太大")
    return octets


def _say(words: tuple[str, str], **facts: Any) -> tuple[str, str]:
    return words[0].format(**facts), words[1].format(**facts)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 proven, 1 something does not fit, 2 not everything could be checked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("receipt", type=Path)
    parser.add_argument("--keys", type=Path, help="the key set of /.well-known/jwks.json")
    parser.add_argument("--older", type=Path, help="a checkpoint that was kept elsewhere")
    parser.add_argument("--consistency", type=Path, help="the log's proof between both checkpoints")
    chinese = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh")
    parser.add_argument("--language", choices=("en", "zh"), default="zh" if chinese else "en")
    given = parser.parse_args(arguments)
    if given.consistency and not given.older:
        parser.error("--consistency is the way from an --older checkpoint")
    tongue = ("en", "zh").index(given.language)
    try:
        report = check(
            _json(_read(given.receipt)),
            _json(_read(given.keys)) if given.keys else None,
            _read(given.older).decode(errors="replace") if given.older else None,
            _json(_read(given.consistency)) if given.consistency else None,
        )
    except NotProven as error:
        print(f"{NOT_PROVEN[tongue]}: {error.words[tongue]}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError):
        print(f"{NOT_PROVEN[tongue]}: {('the receipt is malformed', '回执格式不对')[tongue]}", file=sys.stderr)
        return 1
    found = PROVEN if given.keys else FITS
    for words in report.proven:
        print(f"{found[tongue]}: {words[tongue]}")
    for words in (*report.open, *report.limits):
        print(words[tongue])
    return 2 if report.open else 0


if __name__ == "__main__":
    sys.exit(main())
