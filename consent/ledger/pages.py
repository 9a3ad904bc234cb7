"""What a person's own pages show, and what a submitted form says. No database."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from consent.ledger.answers import Answer
from consent.ledger.models import ConsentKind, ConsentStatus
from consent.ledger.rules import StateFacts
from consent.ledger.selectors import Line, PolicyStanding
from consent.policies.fields import localized
from consent.policies.models import PolicyVersion, Purpose


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """One question as it is put. purpose: None for the policy as a whole. outdated: the answer to an earlier version,
    which does not count for this one. chosen: what was ticked before the form came back."""

    code: str
    field: str
    title: str
    purpose: Purpose | None
    consequence: str
    separate: bool
    sensitive: bool
    is_new: bool
    outdated: StateFacts | None
    outdated_number: int | None
    chosen: str


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One line of “My consents”. act: the one thing to do about it, `withdrawn` or `given`, empty where none."""

    code: str
    title: str
    uses: str
    status: ConsentStatus
    kind: str
    since: datetime | None
    version_number: int | None
    is_open: bool
    act: str
    consequence: str


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """A policy with its rows, ready to show. upcoming_open: how many questions the version to come asks."""

    standing: PolicyStanding
    rows: tuple[ConsentRow, ...]
    upcoming_open: int


def consent_record(standing: PolicyStanding) -> ConsentRecord:
    """What “My consents” shows of one policy."""
    version = standing.version
    rows = tuple(_row(line, version) for line in standing.lines) if version else ()
    return ConsentRecord(standing, rows, sum(line.standing.is_open for line in standing.upcoming))


def question_cards(lines: Sequence[Line], version: PolicyVersion, chosen: Mapping[str, str]) -> list[QuestionCard]:
    """The open questions in order. chosen: field name → `given` or `refused`."""
    return [_card(line, version, chosen) for line in lines]


def field_name(purpose: str) -> str:
    """The name of a question's radio buttons."""
    return f"answer-{purpose or '*'}"


def answers_from(
    form: Mapping[str, str], asked: Sequence[str], *, separate: Container[str], agreed_before: Container[str]
) -> list[Answer]:
    """What a submitted form says about each question that it asked, in the form's order.

    asked: purpose codes, as the form notes them. separate: the purposes that must be asked apart. agreed_before: those
    agreed to in an earlier version, where a yes is a renewal (DPV RenewedConsentGiven).
    form["act"]: `answer` takes what was ticked; `all-refused` refuses everything; `all-given` agrees to all but the
    separate ones, of which it takes what was ticked; `later` answers nothing. What is left open is recorded as
    deferred, never as a yes. The form is read by what it asked, not by what is open now, so that the same form sent
    twice says the same. Source: K11, K76; PIPL 14, 16.
    """
    answers = []
    for purpose in asked:
        yes = ConsentStatus.RENEWED if purpose in agreed_before else ConsentStatus.GIVEN
        ticked = form.get(field_name(purpose), "")
        kind = ConsentKind.SEPARATE if purpose in separate else ConsentKind.EXPLICIT
        answers.append(Answer(purpose, _said(form.get("act", ""), ticked, yes, apart=purpose in separate), kind))
    return answers


def _said(act: str, ticked: str, yes: ConsentStatus, *, apart: bool) -> ConsentStatus:
    if act == "all-refused":
        return ConsentStatus.REFUSED
    if act == "all-given" and not apart:
        return yes
    if act in ("answer", "all-given") and ticked == ConsentStatus.GIVEN:
        return yes
    if act in ("answer", "all-given") and ticked == ConsentStatus.REFUSED:
        return ConsentStatus.REFUSED
    return ConsentStatus.DEFERRED


def _card(line: Line, version: PolicyVersion, chosen: Mapping[str, str]) -> QuestionCard:
    question, purpose = line.standing.question, line.purpose
    field = field_name(question.purpose)
    return QuestionCard(
        code=question.purpose,
        field=field,
        title=_title(purpose),
        purpose=purpose,
        consequence=_consequence(purpose, version),
        separate=question.needs_separate,
        sensitive=question.is_sensitive,
        is_new=version.number > 1 and purpose is not None and line.standing.outdated is None,
        outdated=line.standing.outdated,
        outdated_number=line.number if line.standing.outdated else None,
        chosen=chosen.get(field, ""),
    )


def _row(line: Line, version: PolicyVersion) -> ConsentRow:
    purpose, answer = line.purpose, line.answer
    act = (ConsentStatus.WITHDRAWN if line.standing.in_force else ConsentStatus.GIVEN) if answer else ""
    return ConsentRow(
        code=line.standing.question.purpose,
        title=_title(purpose),
        uses=_items(purpose) if purpose else _("the full text"),
        status=line.status,
        kind=answer.kind if answer else "",
        since=line.since,
        version_number=line.number if answer else None,
        is_open=line.standing.is_open,
        act=act,
        consequence=_consequence(purpose, version),
    )


def _items(purpose: Purpose) -> str:
    return pgettext("between items", ", ").join(localized(item.name) for item in purpose.items.all())


def _title(purpose: Purpose | None) -> str:
    return str(purpose) if purpose else _("The policy as a whole")


def _consequence(purpose: Purpose | None, version: PolicyVersion) -> str:
    return localized(purpose.refusal_consequence if purpose else version.refusal_consequence)
