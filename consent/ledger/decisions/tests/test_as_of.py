"""What a person had agreed to on a day, and what they had been shown."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries

from accounts.audit.models import AuditEntry
from accounts.models import Role, StaffRole, User
from consent.ledger.actions import Answer, record_answers
from consent.ledger.decisions.as_of import AnswerThen, as_of
from consent.ledger.enrolment import enrol_reference
from consent.ledger.log.tests.factories import seal_all
from consent.ledger.models import ConsentEvent, ConsentStatus, DataSubject, Surface
from consent.ledger.tests.factories import answer, circumstances, make_subject, themselves
from consent.policies.models import Controller, PolicyVersion
from consent.policies.tests.factories import facts, make_controller, make_policy, make_version

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
GIVEN, REFUSED = ConsentStatus.GIVEN, ConsentStatus.REFUSED
OWN, AUDIT = "/consents/as-of/", "/desk/consents/as-of/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> PolicyVersion:
    return make_version(make_policy(), [facts("ads", recipient_codes=["bank"]), facts("trial", validity_days=30)])


@pytest.fixture
def subject(alice: User, version: PolicyVersion) -> DataSubject:
    return make_subject(alice, version.policy.controller)


def _last() -> datetime:
    return ConsentEvent.objects.latest("at").at


def _answers(person: User | DataSubject, at: datetime) -> dict[tuple[str, str], AnswerThen]:
    (policy,) = as_of(person, at).policies
    return {(then.purpose.code if then.purpose else "", then.recipient): then for then in policy.answers}


def test_each_moment_has_its_own_answer(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    moments = []
    for status in (GIVEN, REFUSED):
        answer(subject, version, status, ["ads"])
        moments.append(_last())

    found = [_answers(alice, at)["ads", ""] for at in (moments[0] - TICK, *moments)]

    assert [(then.status, then.in_force) for then in found] == [
        (ConsentStatus.REQUESTED, False),
        (GIVEN, True),
        (REFUSED, False),
    ]
    assert [then.event.at if then.event else None for then in found] == [None, *moments]


def test_the_text_is_the_one_that_was_shown_then(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    shown = bytes(range(32))
    record_answers(
        subject,
        version,
        [Answer("ads", GIVEN)],
        circumstances=circumstances(shown_sha256=shown),
        actor=themselves(subject),
        key="k",
    )
    at = timezone.now()
    later = make_version(version.policy, ["ads"], effective_at=at + TICK, published_at=at)

    before, after = _answers(alice, at)["ads", ""], _answers(alice, at + DAY)["ads", ""]

    assert (before.answered, before.shown_sha256) == (version, shown.hex())
    assert (after.answered, after.in_force) == (version, True)
    assert [as_of(alice, moment).policies[0].version for moment in (at, at + DAY)] == [version, later]


def test_a_question_asked_anew_had_no_answer_then(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    at = timezone.now()
    changed = [facts("ads", retention={"zh-hans": "永久"})]
    make_version(version.policy, changed, change_kinds=["M2"], effective_at=at + TICK, published_at=at)

    before, after = _answers(alice, at)["ads", ""], _answers(alice, at + DAY)["ads", ""]

    assert (before.status, after.status, after.event) == (GIVEN, ConsentStatus.REQUESTED, None)


def test_a_yes_that_ran_out_has_run_out_then(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["trial"])

    found = [_answers(alice, _last() + 30 * DAY - step)["trial", ""] for step in (TICK, 0 * TICK)]

    assert [then.status for then in found] == [GIVEN, ConsentStatus.EXPIRED]
    assert found[1].event == found[0].event


def test_answers_about_one_recipient_stand_apart(alice: User, subject: DataSubject, version: PolicyVersion) -> None:
    answer(subject, version, GIVEN, ["ads"])
    record_answers(
        subject,
        version,
        [Answer("ads", REFUSED, recipient="bank")],
        circumstances=circumstances(),
        actor=themselves(subject),
        key="k",
    )

    found = _answers(alice, timezone.now())

    assert [(found["ads", to].status, found["ads", to].in_force) for to in ("", "bank")] == [
        (GIVEN, True),
        (REFUSED, False),
    ]


def test_nothing_of_another_person_or_company(
    alice: User, bob: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["ads"])
    other = make_version(make_policy(make_controller("other"), "other"), ["ads"])

    assert as_of(bob, timezone.now()).policies == ()
    stranger = make_subject(bob, version.policy.controller)
    assert not any(then.event for then in _answers(bob, timezone.now()).values())
    assert [shown.policy for shown in as_of(stranger, timezone.now()).policies] == [version.policy]
    assert other.policy not in [shown.policy for shown in as_of(alice, timezone.now()).policies]


def test_of_an_imported_answer_it_says_since_when_the_log_has_it(transactional_db: None, alice: User) -> None:
    version = make_version(make_policy(), ["ads"])
    subject = make_subject(alice, version.policy.controller)
    record_answers(
        subject,
        version,
        [Answer("ads", GIVEN)],
        circumstances=circumstances(surface=Surface.IMPORT),
        actor=themselves(subject),
        key="k",
    )
    before = _answers(alice, timezone.now())["ads", ""]
    seal_all()

    after = _answers(alice, timezone.now())["ads", ""]

    assert (before.is_imported, before.logged_at) == (True, None)
    assert after.logged_at is not None


def test_the_number_of_queries_does_not_grow(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for slug in ("a", "b", "c"):
        version = make_version(make_policy(make_controller(slug), slug), [f"p{number}" for number in range(10)])
        subject = make_subject(alice, version.policy.controller)
        answer(subject, version, GIVEN, [f"p{number}" for number in range(10)])

    with django_assert_num_queries(5):  # subjects, events, policies, versions, purposes
        assert len(as_of(alice, timezone.now()).policies) == 3


def _today() -> str:
    return timezone.localdate().isoformat()


def test_the_page_shows_the_end_of_the_day_in_the_portals_time_zone(
    client: Client, alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["ads"])
    client.force_login(alice)

    today = client.get(OWN, {"on": _today()})
    long_ago = client.get(OWN, {"on": "2025-03-01"})

    assert "同意" in today.content.decode()
    assert today.context["then"].at <= timezone.now()
    assert long_ago.context["then"].at.isoformat() == "2025-03-01T23:59:59.999999+08:00"
    assert client.get(OWN).status_code == 200


@pytest.mark.parametrize("day", ["2999-01-01", "yesterday", "", "2025-13-01"])
def test_a_day_that_cannot_be_is_refused(client: Client, alice: User, day: str) -> None:
    client.force_login(alice)

    assert client.get(OWN, {"on": day}).status_code == 422


def test_the_page_asks_to_sign_in(client: Client) -> None:
    assert client.get(OWN).status_code == 302


def test_the_file_is_signed_and_says_what_the_page_says(
    client: Client, alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["ads"])
    client.force_login(alice)

    response = client.get(OWN, {"on": _today(), "form": "pdf"}, headers={"accept-language": "en"})

    reader = PdfReader(BytesIO(response.content))
    text = "".join(page.extract_text() for page in reader.pages)
    assert response["Content-Type"] == "application/pdf"
    assert reader.metadata
    assert reader.metadata.creation_date
    assert timezone.now() - reader.metadata.creation_date < timedelta(minutes=5)
    assert b"/ETSI.CAdES.detached" in response.content
    assert bytes(32).hex() in text.replace("\n", "")
    assert "Purpose ads: Agreed" in text
    assert "Alice, a***e@people.example" in text


@pytest.fixture
def auditor(client: Client, make_user: Any) -> Client:
    user = make_user(email="ada@controller.example", name="Ada", is_staff=True)
    StaffRole.objects.create(user=user, role=Role.AUDITOR)
    client.force_login(user)
    return client


def _form(controller: Controller, **changes: str) -> dict[str, Any]:
    form = {"controller": controller.pk, "kind": "reference", "who": "customer-1", "on": _today(), "why": "case 17"}
    return form | changes


def test_an_auditor_finds_somebody_by_reference_or_account_and_it_is_recorded(
    auditor: Client, alice: User, subject: DataSubject, version: PolicyVersion
) -> None:
    answer(subject, version, GIVEN, ["ads"])
    known = enrol_reference(version.policy.controller_id, "customer-1", at=timezone.now())

    by_reference = auditor.post(AUDIT, _form(version.policy.controller))
    by_account = auditor.post(AUDIT, _form(version.policy.controller, kind="account", who="alice@people.example"))

    assert not by_reference.context["unknown"]
    assert any(then.in_force for then in by_account.context["then"].policies[0].answers)
    looks = AuditEntry.objects.filter(act="ledger.looked_up").order_by("id")
    assert [look.target for look in looks] == [f"subject:{known.pk}", f"subject:{subject.pk}"]
    assert looks[0].details["why"] == "case 17"
    assert "alice@" not in str([look.details for look in looks])


def test_of_one_company_there_is_nothing_to_choose_and_of_two_none_is_chosen(
    auditor: Client, version: PolicyVersion
) -> None:
    one = auditor.get(AUDIT).context["form"]["controller"]
    alone = [str(value) for value, _label in one.field.choices]
    make_controller("other")
    first, *others = auditor.get(AUDIT).context["form"]["controller"].field.choices

    assert alone == [str(version.policy.controller.pk)]
    assert (first[0], len(others)) == ("", 2)


def test_an_auditor_who_opens_the_desk_comes_there(auditor: Client) -> None:
    response = auditor.get("/desk/")

    assert (response.status_code, response["Location"]) == (302, AUDIT)


def test_who_is_not_known_is_not_known_and_the_look_is_recorded(auditor: Client, version: PolicyVersion) -> None:
    response = auditor.post(AUDIT, _form(version.policy.controller))

    assert response.context["unknown"]
    assert AuditEntry.objects.get(act="ledger.looked_up").target == f"controller:{version.policy.controller_id}"


def test_another_companys_customer_is_not_found(auditor: Client, version: PolicyVersion) -> None:
    other = make_controller("other")
    enrol_reference(other.pk, "customer-1", at=timezone.now())

    assert auditor.post(AUDIT, _form(version.policy.controller)).context["unknown"]


@pytest.mark.parametrize("wrong", [{"why": ""}, {"who": ""}, {"on": "2999-01-01"}, {"kind": "account"}])
def test_a_look_without_a_reason_or_a_person_is_refused(
    auditor: Client, version: PolicyVersion, wrong: dict[str, str]
) -> None:
    assert auditor.post(AUDIT, _form(version.policy.controller, **wrong)).status_code == 422
    assert not AuditEntry.objects.filter(act="ledger.looked_up").exists()


def test_only_auditors_look(client: Client, dave: User, carol: User, alice: User, version: PolicyVersion) -> None:
    for user in (dave, carol, alice):
        client.force_login(user)
        assert client.post(AUDIT, _form(version.policy.controller)).status_code == 404
        assert client.get(AUDIT).status_code in (302, 404)  # who has not answered is asked first


def test_an_auditors_file(auditor: Client, subject: DataSubject, version: PolicyVersion) -> None:
    form = _form(version.policy.controller, kind="account", who="alice@people.example", pdf="1")

    assert auditor.post(AUDIT, form)["Content-Type"] == "application/pdf"
