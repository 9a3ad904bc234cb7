"""What is on file about recipients: kept, never overwritten, and asked for any day."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.audit.rules import SYSTEM
from conftest import NOW
from consent.policies import actions, publication, schedule
from consent.policies.models import Controller, PolicyVersion
from consent.policies.recipients.actions import describe_recipient, end_agreement
from consent.policies.recipients.models import RecipientAgreement, RecipientDescription
from consent.policies.recipients.rules import RecipientHistory
from consent.policies.recipients.selectors import recipients_on_file
from consent.policies.recipients.tests.factories import ON_FILE, description, make_agreement, make_recipient
from consent.policies.rules.problems import ProblemCode
from consent.policies.rules.publishing import notice, publication_problems
from consent.policies.rules.register import fingerprint, register_changes
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


@pytest.fixture
def company(db: None) -> Controller:
    return make_controller()


def _history(company: Controller, code: str = "bank") -> RecipientHistory:
    return recipients_on_file(company)[company.pk][code]


def test_what_was_on_file_on_a_day_can_be_asked_later(company: Controller) -> None:
    make_recipient(company, role="processor")
    describe_recipient(company, "bank", description(role="third_party"), actor=SYSTEM, at=NOW)

    roles = [found.role if (found := _history(company).at(at)) else None for at in (ON_FILE - TICK, NOW - TICK, NOW)]

    assert roles == [None, "processor", "third_party"]


def test_saying_the_same_again_adds_nothing(company: Controller) -> None:
    make_recipient(company)
    describe_recipient(company, "bank", description(), actor=SYSTEM, at=NOW)

    assert RecipientDescription.objects.count() == 1
    assert AuditEntry.objects.filter(act="recipient.described").count() == 1


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        ({}, [False, True, True]),
        ({"confidentiality": False}, [False, False, False]),
        ({"valid_until": date(2025, 1, 1)}, [False, True, False]),
        ({"valid_from": date(2025, 1, 2)}, [False, False, True]),
    ],
)
def test_an_agreement_binds_from_its_first_day_to_its_last(
    company: Controller, terms: dict[str, Any], days: list[bool]
) -> None:
    recipient = make_recipient(company, bound=False, at=ON_FILE - DAY)
    make_agreement(recipient, at=ON_FILE - DAY, **terms)
    midnight = timezone.make_aware(datetime(2025, 1, 1))  # noqa: DTZ001 - in the portal's time zone

    assert [_history(company).may_receive(midnight + offset) for offset in (-TICK, DAY - TICK, DAY)] == days


def test_an_agreement_binds_nobody_before_it_is_on_file(company: Controller) -> None:
    recipient = make_recipient(company, bound=False)
    make_agreement(recipient, at=NOW)

    assert [_history(company).may_receive(at) for at in (NOW - TICK, NOW)] == [False, True]


def test_an_agreement_ends_once_and_from_then_on(company: Controller) -> None:
    agreement = make_agreement(make_recipient(company, bound=False))

    assert [end_agreement(agreement, actor=SYSTEM, at=at) for at in (NOW, NOW + DAY)] == [True, False]
    assert [_history(company).may_receive(at) for at in (NOW - TICK, NOW)] == [True, False]
    assert AuditEntry.objects.filter(act="recipient.agreement_ended").count() == 1


def test_without_an_assessment_an_agreement_is_not_enough(company: Controller) -> None:
    make_recipient(company, assessed_on=None)

    assert not _history(company).may_receive(NOW)  # K77


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_recipient SET code = 'other'",
        "DELETE FROM consent_recipient",
        "UPDATE consent_recipientdescription SET role = 'processor'",
        "DELETE FROM consent_recipientdescription",
        "TRUNCATE consent_recipientdescription",
        "UPDATE consent_recipientagreement SET valid_until = '2030-01-01'",
        "UPDATE consent_recipientagreement SET reference = 'B', ended_at = now()",
        "UPDATE consent_recipientagreement SET ended_at = now() WHERE reference = 'ended'",
        "UPDATE consent_recipientagreement SET ended_at = NULL",
        "DELETE FROM consent_recipientagreement",
        "TRUNCATE consent_recipientagreement",
    ],
)
def test_postgresql_refuses_to_rewrite_what_was_on_file(company: Controller, statement: str) -> None:
    recipient = make_recipient(company)
    end_agreement(make_agreement(recipient, reference="ended"), actor=SYSTEM, at=NOW)

    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_agreement_does_not_end_before_it_begins(company: Controller) -> None:
    recipient = make_recipient(company, bound=False)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_agreement(recipient, valid_until=date(2024, 12, 31))


def test_the_book_knows_recipients_and_forgets_none(company: Controller) -> None:
    make_version(make_policy(company))
    agreement = make_agreement(make_recipient(company, bound=False))
    end_agreement(agreement, actor=SYSTEM, at=NOW)
    schedule.refresh()

    history = schedule.book(company.pk).recipients["bank"]

    assert history.changes_after(NOW - DAY) == NOW
    assert schedule.book(company.pk + 1).recipients == {}
    assert RecipientAgreement.objects.get().ended_at == NOW


SHARING = [
    ({"recipient_codes": ["nobody"]}, ProblemCode.UNKNOWN_RECIPIENT),
    ({"recipient_codes": ["shop"], "is_marketing": True}, ProblemCode.THIRD_PARTY_MARKETING),
    ({"recipient_codes": ["broker"]}, ProblemCode.THIRD_PARTY_MARKETING),
    ({"is_marketing": True, "lawful_basis": "contract"}, ProblemCode.MARKETING_NEEDS_CONSENT),
]


@pytest.mark.parametrize(("changes", "code"), SHARING)
def test_a_line_that_shares_what_may_not_be_shared_is_refused_when_saved(
    company: Controller, changes: dict[str, Any], code: ProblemCode
) -> None:
    make_recipient(company, "shop")
    make_recipient(company, "broker", uses_for_own_marketing=True)
    draft = actions.start_draft(make_policy(company), actor=SYSTEM, at=NOW)

    with pytest.raises(actions.NotShareable) as refused:
        actions.write_purpose(draft, facts("ads", **changes), actor=SYSTEM, at=NOW)  # Y20, Y24

    assert [problem.code for problem in refused.value.problems] == [code]
    assert not draft.purposes.exists()


def test_what_became_unlawful_since_it_was_saved_cannot_be_published(company: Controller) -> None:
    make_recipient(company, "shop", role="processor")
    draft = actions.start_draft(make_policy(company), actor=SYSTEM, at=NOW)
    actions.write_purpose(draft, facts("ads", is_marketing=True, recipient_codes=["shop"]), actor=SYSTEM, at=NOW)
    describe_recipient(company, "shop", description(), actor=SYSTEM, at=NOW)

    content = publication.content_of(draft, [], NOW)
    problems = publication_problems(content, None, effective_at=NOW + DAY, at=NOW)

    assert ProblemCode.THIRD_PARTY_MARKETING in [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"recipient_codes": ["bank"]}, {"M3"}),
        ({"validity_days": 90}, {"M2"}),
        ({"is_marketing": True}, {"M2"}),
        ({"items": ["phone-"]}, {"M2"}),
    ],
)
def test_what_a_new_fact_changes_must_be_declared_and_is_asked_anew(changes: dict[str, Any], kinds: set[str]) -> None:
    old, new = facts("ads"), facts("ads", **changes)

    assert register_changes([old], [new]).suggested_kinds == kinds
    assert fingerprint(old) != fingerprint(new)


def test_lines_from_before_these_facts_existed_keep_their_digests() -> None:
    line = facts("ads")
    items = [{key: item[key] for key in ("code", "name", "is_sensitive")} for item in line["items"]]
    old = {key: line[key] for key in line if key not in ("is_marketing", "validity_days", "recipient_codes")}

    assert fingerprint(old | {"items": items}) == fingerprint(line)


def test_the_notice_says_only_the_facts_that_a_line_states(company: Controller) -> None:
    make_recipient(company)
    version = make_version(make_policy(company), ["ads", facts("card", validity_days=90, recipient_codes=["bank"])])

    silent, speaking = _notice_lines(version)

    assert not {"is_marketing", "validity_days", "recipient_codes"} & silent.keys()
    assert (speaking["validity_days"], speaking["recipient_codes"]) == (90, ["bank"])
    assert "never_shared" not in speaking["items"][0]


def _notice_lines(version: PolicyVersion) -> list[dict[str, Any]]:
    content = notice(publication.content_of(version, list(version.texts.all())), "privacy", "en")
    lines: list[dict[str, Any]] = content["purposes"]
    return lines
