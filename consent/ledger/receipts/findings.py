"""What the checks found, in plain words, and what a failed one means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from consent.ledger.receipts.checking import Check, Outcome, Result, Verdict
from consent.ledger.receipts.keys import signing_kid
from consent.ledger.receipts.sheet import in_words


@dataclass(frozen=True, slots=True)
class Finding:
    """One check in a sentence. outcome: `holds`, `fails` or `missing`, which the page shows in words as well."""

    outcome: Outcome
    sentence: str


def findings(verdict: Verdict) -> list[Finding]:
    """A sentence for each check, in the order in which they were made, in the reader's language."""
    company = verdict.record["parties"][0]["party_name"] if verdict.record else ""
    return [Finding(result.outcome, _sentence(result, company)) for result in verdict.results]


def _sentence(result: Result, company: str) -> str:
    said = {Outcome.HOLDS: _holding, Outcome.FAILS: _failing, Outcome.MISSING: _missing}[result.outcome]
    return said(result.check, result.detail, company)


def _holding(check: Check, detail: Mapping[str, Any], company: str) -> str:
    return {
        Check.PDF: _("The PDF is as it was issued: not one byte was changed since it was signed."),
        Check.SIGNATURE: _key_sentence(str(detail.get("key", "")), company),
        Check.RECORD: _("The record you see is the one that was signed, character by character."),
        Check.WORDS: _(
            "Its words are those of the entry that it names: what was answered, when, how, to whom and to which text."
        ),
        Check.ENTRY: _("The proof is about that very entry of the log."),
        Check.INCLUSION: _("That entry is number %(position)s of %(size)s in the log.") % _place(detail),
        Check.CHECKPOINT: _("The log has signed that this is its content."),
        Check.OPENING: _(
            "The receipt opens the entry: it is about the person to whom the receipt belongs. Whoever has a copy can "
            "show the same."
        ),
        Check.LOG: _("The log on this site still has that entry, number %(position)s of %(size)s, since %(since)s.")
        % _place(detail),
    }[check]


def _failing(check: Check, detail: Mapping[str, Any], _company: str) -> str:
    signature = _("The signature does not fit: something was changed, or the receipt was not copied completely.")
    if detail.get("unknown"):
        signature = _("It was not signed with a key of this site.")
    return {
        Check.PDF: _("The PDF was changed after it was signed."),
        Check.SIGNATURE: signature,
        Check.RECORD: _("The record was changed: it differs from what was signed."),
        Check.WORDS: _("Its words contradict the entry of the log that it names."),
        Check.ENTRY: _("The proof is about another entry of the log than the record."),
        Check.INCLUSION: _("The proof does not lead to the log: the entry, the path or the checkpoint was changed."),
        Check.CHECKPOINT: _("The checkpoint was not signed by the log, or was changed."),
        Check.OPENING: _("What should open the entry does not fit it: it is about somebody else, or was changed."),
        Check.LOG: _("The log on this site does not fit this receipt. Keep the receipt: it is evidence."),
    }[check]


def _missing(check: Check, detail: Mapping[str, Any], _company: str) -> str:
    return {
        Check.INCLUSION: _(
            "The receipt carries no proof of its place in the log; it was issued before the log had it."
        ),
        Check.OPENING: _("The receipt does not carry what opens the entry, so nothing shows whom it is about."),
        Check.LOG: _(
            "The log on this site does not have the entry yet; that takes seconds. If it stays so, keep this "
            "receipt: it is evidence."
        ),
        Check.TIME: _(
            "The time that it names. The log has had it only since %(since)s, so it may have been written only then."
        )
        % _place(detail),
    }[check]


def _key_sentence(kid: str, company: str) -> str:
    facts = {"company": company, "key": kid[:12]}
    if kid == signing_kid():
        return _("It was signed on behalf of %(company)s with this site's key %(key)s…, which is in use.") % facts
    return (
        _(
            "It was signed on behalf of %(company)s with this site's key %(key)s…, since replaced by a newer one; its "
            "signature still counts."
        )
        % facts
    )


def _place(detail: Mapping[str, Any]) -> dict[str, str]:
    since = detail.get("since")
    place = {name: f"{detail[name]:,}" for name in ("position", "size") if name in detail}
    return {"position": "", "size": "", "since": in_words(since) if isinstance(since, datetime) else ""} | place
