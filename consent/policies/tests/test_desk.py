"""The publishing desk: who gets in, and from a draft to a publication with a code."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.audit.rules import SYSTEM
from accounts.conftest import PostOffice
from accounts.models import Authenticator, Challenge, User
from accounts.otp.tests.factories import token_of
from consent.policies import actions, publication
from consent.policies.models import Policy, PolicyVersion
from consent.policies.tests.factories import MARKDOWN, facts, make_policy

WORDS = {language: text.format(number=1) for language, text in MARKDOWN.items()}
PAGES = [
    "/desk/",
    "/desk/policies/privacy/draft/",
    "/desk/policies/privacy/draft/preview/",
    "/desk/policies/privacy/draft/new-purpose/",
    "/desk/policies/privacy/draft/purposes/ads/",
    "/desk/policies/privacy/publish/",
    "/desk/controllers/pay/",
]
WRITES = [
    "/desk/policies/privacy/draft/",
    "/desk/policies/privacy/draft/new/",
    "/desk/policies/privacy/draft/purposes/ads/",
    "/desk/policies/privacy/draft/purposes/ads/remove/",
    "/desk/policies/privacy/publish/",
    "/desk/controllers/pay/",
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy() -> Policy:
    """A policy with a draft that could be published."""
    made, at = make_policy(), timezone.now()
    draft = actions.start_draft(made, actor=SYSTEM, at=at)
    actions.write_texts(draft, WORDS, actor=SYSTEM, at=at)
    actions.write_purpose(draft, facts("ads"), actor=SYSTEM, at=at)
    consequence = {"zh-hans": "暂时不能开通账户。", "en": "No account for now."}
    actions.describe_change(draft, kinds=[], summary={}, refusal_consequence=consequence, actor=SYSTEM, at=at)
    return made


@pytest.fixture
def desk(client: Client, dave: User) -> Client:
    """A publisher's browser."""
    client.force_login(dave)
    return client


@pytest.mark.parametrize("path", PAGES)
def test_a_publisher_sees_the_page(desk: Client, policy: Policy, path: str) -> None:
    assert desk.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_sign_in(client: Client, policy: Policy, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/account/login/?next=/desk/")


@pytest.mark.parametrize(
    ("person", "path"), [("alice", path) for path in PAGES] + [("carol", path) for path in PAGES if path != "/desk/"]
)
def test_who_is_no_publisher_finds_nothing(
    client: Client, policy: Policy, path: str, person: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(person))

    assert client.get(path).status_code == 404


def test_other_staff_come_to_a_page_of_their_own(client: Client, carol: User) -> None:
    client.force_login(carol)

    assert client.get("/desk/").headers["Location"].startswith("/desk/")


@pytest.mark.parametrize("path", WRITES)
def test_who_is_no_publisher_can_write_nothing(client: Client, policy: Policy, path: str, carol: User) -> None:
    client.force_login(carol)

    assert client.post(path, {"step": "publish", "part": "text"}).status_code == 404
    assert PolicyVersion.objects.get().is_draft


@pytest.mark.parametrize("path", WRITES)
def test_a_forged_form_is_refused(policy: Policy, path: str, dave: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(dave)

    assert client.post(path, {}).status_code == 403


def test_a_text_without_chapters_is_kept_in_the_form_and_not_saved(desk: Client, policy: Policy) -> None:
    response = desk.post(
        "/desk/policies/privacy/draft/", {"part": "text", "markdown_zh-hans": "只有一段", "markdown_en": ""}
    )

    assert response.status_code == 422
    assert "只有一段" in response.content.decode()
    assert 'role="alert"' in response.content.decode()
    assert PolicyVersion.objects.get().texts.get(language="zh-hans").markdown == WORDS["zh-hans"]


def test_a_purpose_can_be_written_and_taken_out(desk: Client, policy: Policy) -> None:
    form = {
        "code": "location",
        "title_zh-hans": "大致位置",
        "title_en": "Rough location",
        "lawful_basis": "consent",
        "necessity": "improvement",
        "items": "city | 城市 | city\nface | 人脸 | face | sensitive",
        "refusal_consequence_zh-hans": "照常",
        "refusal_consequence_en": "As before",
    }

    desk.post("/desk/policies/privacy/draft/new-purpose/", form)

    purpose = PolicyVersion.objects.get().purposes.get(code="location")
    assert [(item.code, item.is_sensitive) for item in purpose.items.all()] == [("city", False), ("face", True)]
    desk.post("/desk/policies/privacy/draft/purposes/location/remove/")
    assert not PolicyVersion.objects.get().purposes.filter(code="location").exists()


def test_a_new_purpose_does_not_overwrite_one_of_the_same_code(desk: Client, policy: Policy) -> None:
    form = {"code": "ads", "lawful_basis": "consent", "necessity": "necessary", "items": "x | 甲"}

    response = desk.post("/desk/policies/privacy/draft/new-purpose/", form)

    assert response.status_code == 422
    assert PolicyVersion.objects.get().purposes.get().facts() == facts("ads")


def test_who_saves_a_draft_that_was_published_meanwhile_is_told_so(
    desk: Client, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = PolicyVersion.objects.get()
    later = timezone.now() + timedelta(days=30)
    publication.publish_version(draft, effective_at=later, actor=SYSTEM, at=timezone.now())
    monkeypatch.setattr("consent.policies.selectors.draft_of", lambda _policy: draft)  # as another request saw it

    response = desk.post("/desk/policies/privacy/draft/purposes/ads/remove/", follow=True)

    assert "在这期间这一版已经发布" in response.content.decode()
    assert PolicyVersion.objects.get().purposes.filter(code="ads").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": "no bars"},
        {"items": f"{'x' * 51} | 甲"},
        {"items": f"x | {'甲' * 201}"},
        {"code": "x" * 51},
        {"items": "x | 甲\nx | 乙"},
        {"lawful_basis": "legal_duty"},
        {"exemption": "E1"},
        {"code": "不行"},
    ],
)
def test_a_line_of_the_register_that_does_not_fit_is_refused(
    desk: Client, policy: Policy, wrong: dict[str, str]
) -> None:
    form = {"code": "x", "lawful_basis": "consent", "necessity": "necessary", "items": "x | 甲"} | wrong

    response = desk.post("/desk/policies/privacy/draft/new-purpose/", form)

    assert response.status_code == 422
    assert PolicyVersion.objects.get().purposes.count() == 1


PUBLISH = "/desk/policies/privacy/publish/"


def later(days: int = 30) -> dict[str, str]:
    """The form for a date."""
    day = timezone.localtime(timezone.now() + timedelta(days=days))
    return {"effective_at": day.strftime("%Y-%m-%dT%H:%M:%S")}


@pytest.mark.django_db(transaction=True)
class TestPublishing:
    """Publishing needs a proof by a device of one's own."""

    def _show(self, desk: Client, token: str) -> HttpResponse:
        response = desk.post("/account/verify/", {"for": desk.session["step_up_pending"]["token"], "code": token})
        assert isinstance(response, HttpResponse)
        return response

    def _ask(self, desk: Client, form: dict[str, str]) -> str:
        """What the app shows now."""
        asked = desk.post(PUBLISH, form)
        assert asked.headers["Location"] == "/account/verify/"
        page = desk.get("/account/verify/").content.decode()
        assert "发布" in page
        assert "第 1 版" in page
        desk.post("/account/verify/", {"for": desk.session["step_up_pending"]["token"], "way": "totp"})
        return token_of(Authenticator.objects.get())

    def test_a_token_publishes_once(self, desk: Client, policy: Policy) -> None:
        form = later()

        self._show(desk, self._ask(desk, form))
        response = desk.post(PUBLISH, form)

        assert response.headers["Location"] == "/desk/"
        assert not PolicyVersion.objects.get().is_draft
        assert desk.post(PUBLISH, form).status_code == 404  # there is no draft any more

    def test_no_code_that_was_sent_somewhere_publishes(
        self, desk: Client, policy: Policy, post_office: PostOffice
    ) -> None:
        self._ask(desk, later())
        pending = desk.session["step_up_pending"]["token"]

        desk.post("/account/verify/", {"for": pending, "way": "email"})

        assert 'value="email"' not in desk.get("/account/verify/").content.decode()
        assert post_office.count == 0

    def test_a_proof_for_one_date_publishes_for_no_other(self, desk: Client, policy: Policy) -> None:
        self._show(desk, self._ask(desk, later()))

        response = desk.post(PUBLISH, later(60))

        assert response.headers["Location"] == "/account/verify/"
        assert PolicyVersion.objects.get().is_draft

    def test_a_proof_publishes_no_other_words(self, desk: Client, policy: Policy) -> None:
        form = later()
        self._show(desk, self._ask(desk, form))
        words = {"en": WORDS["en"].replace("process", "sell")}
        actions.write_texts(PolicyVersion.objects.get(), words, actor=SYSTEM, at=timezone.now())

        response = desk.post(PUBLISH, form)

        assert response.headers["Location"] == "/account/verify/"
        assert PolicyVersion.objects.get().is_draft

    def test_a_wrong_token_publishes_nothing(self, desk: Client, policy: Policy) -> None:
        form = later()
        wrong = f"{(int(self._ask(desk, form)) + 1) % 1_000_000:06}"

        shown = self._show(desk, wrong)
        response = desk.post(PUBLISH, form)

        assert shown.status_code == 422
        assert response.headers["Location"] == "/account/verify/"
        assert PolicyVersion.objects.get().is_draft

    @pytest.mark.parametrize("when", ["", "yesterday", "2001-01-01T00:00"])
    def test_no_proof_is_asked_for_a_date_that_cannot_be(
        self, desk: Client, policy: Policy, post_office: PostOffice, when: str
    ) -> None:
        response = desk.post(PUBLISH, {"effective_at": when})

        assert response.status_code == 422
        assert not Challenge.objects.exists()
        assert post_office.count == 0


def test_staff_prove_a_device_of_their_own_before_the_desk_opens(client: Client, policy: Policy, dave: User) -> None:
    client.force_login(dave)
    session = client.session
    del session["otp_device_id"]
    session.save()

    asked = client.get("/desk/policies/privacy/draft/")
    client.post("/account/verify/", {"for": client.session["step_up_pending"]["token"], "way": "totp"})
    token = token_of(Authenticator.objects.get())
    client.post("/account/verify/", {"for": client.session["step_up_pending"]["token"], "code": token})
    shown = client.get("/account/verify/go-on/")

    assert asked.headers["Location"] == "/account/verify/"
    assert shown.headers["Location"] == "/desk/policies/privacy/draft/"
    assert client.get("/desk/policies/privacy/draft/").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_staff_without_a_device_are_sent_to_add_one(client: Client, policy: Policy, path: str, dave: User) -> None:
    Authenticator.objects.all().delete()
    client.force_login(dave)

    assert client.get(path).headers["Location"] == "/account/ways/"
