"""Importing: what goes in, what is refused, and that an old yes never stands against a later no."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from accounts.audit.models import AuditEntry
from accounts.audit.rules import SYSTEM
from consent.ledger.actions import Answer, record_for_reference
from consent.ledger.models import ConsentEvent, ConsentState, ConsentStatus, DataSubject, SubjectKey, Surface
from consent.ledger.rules import in_force
from consent.ledger.selectors import states_of
from consent.ledger.tests.factories import circumstances
from consent.ledger.transfer import actions
from consent.ledger.transfer.actions import Counts
from consent.ledger.transfer.tests.imports import AT, CLAIMED, line, ndjson, run, told
from consent.policies.models import Controller, PolicyVersion
from consent.policies.published import versions_of
from consent.policies.tests.factories import make_controller, make_policy, make_version

GIVEN, REFUSED, WITHDRAWN = ConsentStatus.GIVEN, ConsentStatus.REFUSED, ConsentStatus.WITHDRAWN


def _live(controller: Controller, version: PolicyVersion, status: ConsentStatus, purpose: str = "ads") -> None:
    answers, how = [Answer(purpose, status)], circumstances(surface=Surface.API)
    record_for_reference(
        controller.pk, "c-1", version.pk, answers, circumstances=how, actor=SYSTEM, key=f"live-{status}", at=AT
    )


def _stands(version: PolicyVersion, purpose: str = "ads") -> bool:
    subject = DataSubject.objects.get()
    states = states_of([subject.pk], [version.policy_id])[subject.pk, version.policy_id]
    return in_force(versions_of(version.policy_id), states, purpose, datetime.now(UTC))


def test_a_line_becomes_an_event_at_its_own_instant(controller: Controller, version: PolicyVersion) -> None:
    counts, refusals = run(controller, ndjson([line(id="A7", purpose="ads")]))

    event = ConsentEvent.objects.get()
    assert (counts, refusals) == (Counts(new=1), [])
    assert event.at == event.claimed_at == parse_datetime(CLAIMED)
    assert (event.purpose, event.status, event.kind, event.surface) == ("ads", "given", "explicit", "import")
    assert (event.actor, event.idempotency_key, event.network, event.agent) == ("system", "import:A7", "", "")
    assert (event.language, event.shown_sha256.hex()) == (
        "zh-hans",
        version.texts.get(language="zh-hans").notice_sha256,
    )
    assert ConsentState.objects.get().event_id == event.id
    assert len(SubjectKey.objects.get(subject=event.subject_id).secret) == 32


def test_each_new_person_gets_a_secret_of_their_own(controller: Controller, version: PolicyVersion) -> None:
    run(controller, ndjson(line(subject=f"c-{number % 40}", id=str(number)) for number in range(100)))

    assert DataSubject.objects.count() == 40
    assert len({bytes(key.secret) for key in SubjectKey.objects.all()}) == 40


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"policy": "other"}, "unknown_version", "version"),
        ({"version": 2}, "unknown_version", "version"),
        ({"purpose": "fishing"}, "unknown_purpose", "purpose"),
        ({"purpose": "account"}, "not_askable", "purpose"),
        ({"purpose": "ads", "kind": "implied"}, "implied_not_allowed", "kind"),
        ({"status": "refused", "kind": "implied"}, "implied_not_allowed", "kind"),
        ({"at": "yesterday"}, "invalid_value", "at"),
        ({"at": "2025-06-01T08:00:00"}, "no_time_zone", "at"),
        ({"at": "2025-06-01"}, "no_time_zone", "at"),
        ({"at": "1999-12-31T23:59:59Z"}, "implausible_instant", "at"),
        ({"at": "0001-01-01T00:00:00+23:59"}, "implausible_instant", "at"),
        ({"at": (AT + timedelta(minutes=5, seconds=1)).isoformat()}, "implausible_instant", "at"),
        ({"at": "2024-12-21T23:59:59Z"}, "before_publication", "at"),
        ({"language": "fr"}, "no_text_in_language", "language"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_the_rest_goes_in(
    controller: Controller, version: PolicyVersion, changes: dict[str, Any], code: str, field: str
) -> None:
    counts, refusals = run(controller, ndjson([line(**changes), line(subject="c-2")]))

    assert told(refusals) == [(1, code, field)]
    assert counts == Counts(new=1, refused=1)
    assert ConsentEvent.objects.count() == DataSubject.objects.count() == 1


def test_a_refusal_says_why_in_both_languages(controller: Controller, version: PolicyVersion) -> None:
    _counts, refusals = run(controller, ndjson([line(at="2025-06-01"), line(colour="red")]))

    first, second = (refusal.as_json() for refusal in refusals)
    assert first["message"] == {"zh-hans": "时间没有写明时区。", "en": "The instant does not say its time zone."}
    assert second["message"] == {"zh-hans": "没有“colour”这个字段。", "en": "“colour” is not known."}
    assert (first["line"], first["code"], first["field"]) == (1, "no_time_zone", "at")


def test_another_companys_policy_is_unknown(controller: Controller, version: PolicyVersion) -> None:
    make_version(make_policy(make_controller("rival"), slug="rival-privacy"))

    _counts, refusals = run(controller, ndjson([line(policy="rival-privacy")]))

    assert told(refusals) == [(1, "unknown_version", "version")]
    assert ConsentEvent.objects.count() == 0


def test_what_had_to_be_asked_apart_keeps_what_the_line_says(controller: Controller, version: PolicyVersion) -> None:
    run(controller, ndjson([line(purpose="location"), line(subject="c-2", purpose="location", kind="separate")]))

    kinds = ConsentEvent.objects.order_by("subject_id").values_list("kind", flat=True)
    assert sorted(kinds) == ["explicit", "separate"]


def test_continued_use_of_the_whole_policy_is_taken_as_such(controller: Controller, version: PolicyVersion) -> None:
    run(controller, ndjson([line(kind="implied")]))

    assert ConsentState.objects.get().kind == "implied"


@pytest.mark.parametrize("no", [REFUSED, WITHDRAWN])
def test_an_old_yes_never_stands_against_a_later_no(
    controller: Controller, version: PolicyVersion, no: ConsentStatus
) -> None:
    _live(controller, version, no)

    counts, _refusals = run(controller, ndjson([line(purpose="ads")]))

    assert counts.new == 1
    assert ConsentState.objects.get().status == no
    assert not _stands(version)


def test_an_old_yes_to_a_later_version_does_not_stand_against_a_later_withdrawal(
    controller: Controller, version: PolicyVersion
) -> None:
    later = make_version(version.policy, ["ads"])
    _live(controller, version, GIVEN)
    _live(controller, version, WITHDRAWN)

    run(controller, ndjson([line(version=2, purpose="ads")]))

    assert ConsentState.objects.filter(version_id=later.pk, status=GIVEN).exists()
    assert not _stands(later)


def test_an_old_no_does_not_undo_a_later_yes(controller: Controller, version: PolicyVersion) -> None:
    _live(controller, version, GIVEN)

    run(controller, ndjson([line(purpose="ads", status="refused")]))

    assert _stands(version)


@pytest.mark.parametrize("since", [[], ["deferred"]])
def test_an_old_yes_does_not_stand_against_a_later_end(
    controller: Controller, version: PolicyVersion, since: list[str]
) -> None:
    for month, status in enumerate(["expired", *since], 7):
        run(controller, ndjson([line(purpose="ads", status=status, at=f"2025-{month:02}-01T00:00:00Z")]))

    run(controller, ndjson([line(purpose="ads")]))

    assert not _stands(version)
    assert ConsentState.objects.get().status == ["expired", *since][-1]


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_yes_and_a_no_at_one_instant_the_no_counts(
    controller: Controller, version: PolicyVersion, monkeypatch: pytest.MonkeyPatch, order: int
) -> None:
    lines = [line(purpose="ads"), line(purpose="ads", status="withdrawn")][::order]
    monkeypatch.setattr(actions, "BATCH_LINES", 1)

    run(controller, ndjson(lines))

    assert ConsentState.objects.get().status == WITHDRAWN
    assert set(ConsentEvent.objects.values_list("claimed_at", flat=True)) == {parse_datetime(CLAIMED)}


def test_of_many_answers_in_one_batch_the_last_in_time_counts(controller: Controller, version: PolicyVersion) -> None:
    days = [3, 9, 1, 7]
    lines = [line(purpose="ads", status="refused" if day == 9 else "given", at=f"2025-06-0{day}Z") for day in days]
    lines = [each | {"at": each["at"].replace("Z", "T00:00:00Z")} for each in lines]

    run(controller, ndjson(lines))

    assert ConsentEvent.objects.count() == 4
    assert ConsentState.objects.get().status == REFUSED


def test_a_clock_that_is_fast_is_set_to_ours(controller: Controller, version: PolicyVersion) -> None:
    claimed = AT + timedelta(minutes=4)

    run(controller, ndjson([line(at=claimed.isoformat())]))

    event = ConsentEvent.objects.get()
    assert (event.at, event.claimed_at) == (AT, claimed)


def test_nothing_is_recorded_about_somebody_who_has_left(controller: Controller, version: PolicyVersion) -> None:
    run(controller, ndjson([line()]))
    DataSubject.objects.update(closed_at=AT)

    counts, refusals = run(controller, ndjson([line(), line(purpose="ads"), line(subject="c-2")]))

    assert told(refusals) == [(2, "subject_closed", "subject")]
    assert counts == Counts(new=1, repeated=1, refused=1)


def test_the_import_is_in_the_audit_trail(controller: Controller, version: PolicyVersion) -> None:
    run(controller, ndjson([line(), line(), line(version=9)]))

    entry = AuditEntry.objects.get(act="ledger.imported")
    assert entry.target == f"controller:{controller.pk}"
    assert entry.details == {"new": 1, "repeated": 1, "refused": 1}
