"""A receipt as a person reads it, line by line: the same on the page and on paper. No database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from consent.ledger.models import ConsentKind, ConsentStatus, Surface
from consent.ledger.receipts.keys import header_of
from consent.ledger.receipts.selectors import Receipt, grouped
from consent.ledger.receipts.vocabulary import SEE_NOTICE, UNTIL_CHANGED
from consent.policies.rules.register import WHOLE_POLICY


@dataclass(frozen=True, slots=True)
class Fact:
    """One line. url: where it leads. is_digest: to be compared character by character. language: of the value (BCP 47),
    empty where it is the reader's."""

    label: str
    value: str
    url: str = ""
    is_digest: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on a receipt. about: what was answered. language: of what the version itself says (BCP 47).
    answer: the state in words."""

    number: str
    about: str
    language: str
    answer: str
    answered: Sequence[Fact]
    evidence: Sequence[Fact]
    proven: Sequence[str]
    not_proven: Sequence[str]
    notes: Sequence[str]


def sheet_of(receipt: Receipt, holder: User | None = None) -> Sheet:
    """The receipt in the reader's language; texts of the version stay in the language that was shown.

    holder: whose account it is, named with masked contacts; None where the reader is somebody else.
    """
    return Sheet(
        number=str(receipt.event.id),
        about=_about(receipt),
        language=receipt.record["processing"]["language"],
        answer=answer_in_words(receipt.event.status, receipt.event.kind),
        answered=[fact for fact in _answered(receipt, holder) if fact.value],
        evidence=_evidence(receipt),
        proven=_proven(receipt),
        not_proven=not_proven(receipt.record),
        notes=_notes(receipt),
    )


def record_facts(record: Mapping[str, Any]) -> list[Fact]:
    """What a record says in short, for somebody who compares it with the receipt in their hand. record: signed."""
    processing, entry = record["processing"], record["log_entry"]
    notice, purpose = processing["privacy_notice"], processing["purposes"][0]
    about = purpose["purpose"] if entry["purpose"] else _("The policy as a whole")
    return [
        Fact(_("Receipt"), entry["event"]),
        Fact(_("When"), in_words(_instant(record["events"][0]["event_time"]))),
        Fact(_("Company"), record["parties"][0]["party_name"], language=processing["language"]),
        Fact(_("Text"), _version(notice, entry["language"]), url=notice["url"]),
        Fact(_("Purpose"), about, language=processing["language"] if entry["purpose"] else ""),
        Fact(pgettext("receipt", "Answer"), answer_in_words(entry["status"], entry["kind"])),
    ]


def answer_in_words(status: str, kind: str) -> str:
    """The state, and that it was implied where it was."""
    if kind == ConsentKind.IMPLIED:
        return pgettext("state", "Accepted by continued use")
    return str(ConsentStatus(status).label)


def not_proven(record: Mapping[str, Any]) -> list[str]:
    """What no receipt proves, and what one of an imported answer does not. record: signed."""
    imported = [_("That it was ever said. The company took it over from its earlier records.")]
    return [
        *(imported if record["events"][0]["imported"] else ()),
        _("Who acted in person. It shows only through which account or system the answer came."),
        _("The exact time. It is by the company's clock; the log shows only by when it had the answer."),
        _("That the answer still holds. It may have been changed since; “My consents” shows what holds now."),
        _("That the company kept to it."),
    ]


def in_words(at: datetime) -> str:
    """An instant to the second in the portal's time zone, with its offset."""
    local = localtime(at)
    offset = f"{local:%z}"
    return f"{date_format(local, 'Y-m-d H:i:s')} (UTC{offset[:3]}:{offset[3:]})"


def _about(receipt: Receipt) -> str:
    if receipt.event.purpose == WHOLE_POLICY:
        return _("The policy as a whole")
    return str(receipt.record["processing"]["purposes"][0]["purpose"])


def _answered(receipt: Receipt, holder: User | None) -> list[Fact]:
    notice, purpose = receipt.record["processing"]["privacy_notice"], receipt.record["processing"]["purposes"][0]
    party, said = receipt.record["parties"][0], receipt.record["events"][0]
    items = pgettext("between items", ", ").join(_as_said(item["pii_type"]) for item in purpose["pii_information"])
    shown = receipt.record["processing"]["language"]
    company = pgettext("between items", ", ").join([party["party_name"], party["party_contact"]])
    recipients = pgettext("between names", "; ").join(purpose["recipient_third_parties"])
    return [
        Fact(_("When"), in_words(receipt.event.at)),
        Fact(_("Person"), _holder(holder)),
        Fact(_("Company"), company, language=shown),
        Fact(_("Text"), _version(notice, receipt.event.language), url=notice["url"]),
        Fact(_("In effect since"), in_words(_instant(notice["effective_at"]))),
        Fact(_("How"), _how(receipt)),
        Fact(_("Information used"), items, language=shown),
        Fact(_("Given to"), recipients or _("nobody named in the register"), language=shown if recipients else ""),
        _said(_("Kept"), purpose["retention_period"], shown),
        Fact(_("Holds"), _validity(said["validity_duration"])),
        Fact(_("If the answer is no"), purpose.get("refusal_consequence", ""), language=shown),
        Fact(_("To change it"), _("“My consents”, one click either way"), url=purpose["withdrawal_method"]["url"]),
    ]


def _evidence(receipt: Receipt) -> list[Fact]:
    notice = receipt.record["processing"]["privacy_notice"]
    place = _("being entered; a matter of seconds")
    if receipt.proof:
        place = _("entry %(position)s of %(size)s, since %(at)s") % {
            "position": f"{receipt.proof.index + 1:,}",
            "size": f"{receipt.proof.size:,}",
            "at": in_words(receipt.proof.sealed_at),
        }
    return [
        Fact(_("What was shown"), f"SHA-256 {grouped(notice['shown_sha256'])}", is_digest=True),
        Fact(_("Place in the log"), place),
        Fact(_("In the person's place"), grouped(receipt.record["header"]["pii_principal_id"]), is_digest=True),
        Fact(_("Signature"), f"Ed25519, {header_of(receipt.jws).get('kid', '')}", is_digest=True),
    ]


def _proven(receipt: Receipt) -> list[str]:
    company = receipt.record["parties"][0]["party_name"]
    proven = [
        _("The receipt was signed on behalf of %(company)s, and no character was changed since.")
        % {"company": company},
        _("The text that was shown is the one with the digest above."),
    ]
    if receipt.proof:
        proven.append(
            _("The answer stands in the public log, which nobody can rewrite unnoticed, not even the company.")
        )
    return proven


def _notes(receipt: Receipt) -> list[str]:
    notes = []
    if receipt.event.surface == Surface.IMPORT:
        claimed = receipt.record["events"][0].get("claimed_time")
        notes.append(
            _("Taken over from the company's earlier records, according to which it was said at %(at)s.")
            % {"at": in_words(_instant(claimed))}
            if claimed
            else _("Taken over from the company's earlier records; nobody answered here.")
        )
    if receipt.proof is None:
        notes.append(
            _(
                "The log enters this answer within seconds. The receipt is valid already, by its signature; download "
                "it again then, and it also proves its place in the log."
            )
        )
    return notes


def _how(receipt: Receipt) -> str:
    labels = [str(Surface(receipt.event.surface).label), str(ConsentKind(receipt.event.kind).label)]
    return pgettext("between items", ", ").join(labels)


def _holder(holder: User | None) -> str:
    if holder is None:
        return ""
    return pgettext("between items", ", ").join(filter(None, [holder.name, *map(str, holder.contacts)]))


def _version(notice: Mapping[str, Any], language: str) -> str:
    return _("%(title)s, version %(number)s, %(language)s") % {
        "title": notice["title"],
        "number": notice["version"],
        "language": dict(settings.LANGUAGES).get(language, language),
    }


def _said(label: str, text: str, language: str) -> Fact:
    return Fact(label, _as_said(text), language="" if text == SEE_NOTICE else language)


def _as_said(text: str) -> str:
    return _("as the text says") if text == SEE_NOTICE else text


def _validity(duration: str) -> str:
    if duration == UNTIL_CHANGED:
        return _("until you change it")
    return _("%(days)s days") % {"days": duration.strip("PD")}


def _instant(text: Any) -> datetime:
    at = parse_datetime(text)
    if at is None:
        raise ValueError(text)
    return at
