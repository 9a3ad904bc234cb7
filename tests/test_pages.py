"""Every page on a phone and on a desk, in Chinese and English, light and dark: no accessibility violation, no sideways
scrolling, no error in the browser's console.

With ASSENT_SCREENSHOTS set to a folder, each page is also kept there as a picture.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.conftest import Stack, Visitor, eventually

pytestmark = pytest.mark.browser

POLICY = "shibei-privacy"
SIZES = {"phone": (390, 844), "desktop": (1280, 900), "narrow": (320, 640)}
Look = tuple[str, str, bool]  # size, language, dark
# Every pair of size, language and light; all twelve combinations take twice as long.
LOOKS: list[Look] = [
    ("phone", "zh-CN", False),
    ("phone", "en", True),
    ("desktop", "zh-CN", True),
    ("desktop", "en", False),
    ("narrow", "zh-CN", False),
    ("narrow", "en", True),
]
PUBLIC = {
    "policies": "/policies/",
    "policy": f"/policies/{POLICY}/",
    "version": f"/policies/{POLICY}/versions/1/",
    "compare": f"/policies/{POLICY}/changes/1-1/",
    "announcements": "/announcements/",
    "check": "/check/",
    "log": "/log/",
    "log-checkpoints": "/log/checkpoints/",
    "api-docs": "/api/v1/docs/",
    "api-problems": "/api/v1/docs/problems/",
    "sign-in": "/account/login/",
    "sign-up": "/account/signup/",
    "undo-gone": "/account/undo/never-sent/",
    "requests-ask": "/requests/",
    "requests-sent": "/requests/sent/",
    "inbox": "/dev/inbox/",
    "not-found": "/policies/nothing/",
}
ASKED = {"answer": f"/consents/{POLICY}/answer/"}
OWN = {
    "consents": "/consents/",
    "consents-as-of": "/consents/as-of/",
    "account": "/account/",
    "settings": "/account/settings/",
    "history": "/account/history/",
    "name": "/account/profile/name/",
    "document": "/account/profile/id-number/",
    "not-asked": "/account/profile/card-number/",
    "contact": "/account/contacts/phone/",
    "sign-ins": "/account/sign-ins/",
    "compromised": "/account/compromised/",
    "ways": "/account/ways/",
    "add-app": "/account/ways/app/",
    "add-passkey": "/account/ways/passkey/",
    "recovery-codes": "/account/ways/recovery-codes/",
    "export": "/account/export/",
    "leave": "/account/leave/",
    "requests": "/account/requests/",
    "requests-new": "/account/requests/new/",
    "sign-out": "/account/logout/",
}
DESK = {
    "desk": "/desk/",
    "draft": f"/desk/policies/{POLICY}/draft/",
    "preview": f"/desk/policies/{POLICY}/draft/preview/",
    "purpose": f"/desk/policies/{POLICY}/draft/purposes/quick-pay/",
    "new-purpose": f"/desk/policies/{POLICY}/draft/new-purpose/",
    "publish": f"/desk/policies/{POLICY}/publish/",
    "company": "/desk/controllers/shibei/",
    "recipients": "/desk/controllers/shibei/recipients/",
    "recipient": "/desk/controllers/shibei/recipients/of/messages/",
    "api-keys": "/desk/controllers/shibei/keys/",
    "new-recipient": "/desk/controllers/shibei/recipients/new/",
    "end-agreement": "/desk/controllers/shibei/recipients/of/messages/agreements/2/end/",
}
QUEUE = {"queue": "/desk/requests/", "new-call": "/desk/requests/new/"}
A_DAILY_REPORT = "from consent.rights.retention.tasks import destroy_due; destroy_due(); result = True"
AUDIT = {"reads": "/desk/reads/", "audit": "/desk/consents/as-of/", "retention": "/desk/retention/"}
REVIEW = {
    "holds": "/desk/holds/",
    "disclosures": "/desk/disclosures/",
    "new-disclosure": "/desk/disclosures/new/",
}


@contextmanager
def _browser_errors(page: Page) -> Iterator[None]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield
    assert [text for text in said if "404" not in text and "410" not in text] == []


def check_page(page: Page, name: str, path: str, look: Look) -> None:
    """No violation, no sideways scrolling, no error in the console."""
    with _browser_errors(page):
        response = page.goto(path)
        assert response is not None
        assert response.status == {"not-found": 404, "undo-gone": 410}.get(name, 200), (path, response.status)
    _keep_picture(page, name, look)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{path} {look}\n{found.generate_report()}"
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SIZES[look[0]][0], f"{path} scrolls sideways at {look}: {width}"


def _keep_picture(page: Page, name: str, look: Look) -> None:
    folder = os.environ.get("ASSENT_SCREENSHOTS")
    if folder:
        size, language, dark = look
        page.screenshot(
            path=Path(folder) / f"{name}-{size}-{language}-{'dark' if dark else 'light'}.png", full_page=True
        )


@contextmanager
def with_look(visit: Visitor, look: Look, signed_in: Page | None = None) -> Iterator[Page]:
    """A fresh profile of that look, signed in as another page is."""
    size, language, dark = look
    width, height = SIZES[size]
    with visit(language=language, width=width, height=height, dark=dark) as page:
        if signed_in:
            cookies = signed_in.context.cookies()
            page.context.add_cookies([cookie for cookie in cookies if cookie["name"] == "sessionid"])
        yield page


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_public_pages_are_accessible(visit: Visitor, look: Look) -> None:
    with with_look(visit, look) as page:
        for name, path in PUBLIC.items():
            check_page(page, name, path, look)


def _sign_in(page: Page, stack: Stack, contact: str) -> None:
    known = len(stack.inbox(contact))
    page.goto("/account/login/")
    page.locator("input[name=login]").fill(contact)
    page.locator("main form button").first.click()
    page.locator("input[name=code]").fill(stack.code(contact, known))
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: "/account/login/" not in url)


def enter_desk(page: Page, stack: Stack, contact: str) -> None:
    """What staff do once in each session, prove it with a device of their own; and once, give their word."""
    _show_device(page, stack, contact)
    _give_word(page)


def _show_device(page: Page, stack: Stack, contact: str) -> None:
    page.goto("/desk/")
    page.locator("button[name=way][value=totp]").click()
    page.locator("input[name=code]").fill(stack.token(contact))
    page.locator("main form button").first.click()
    page.wait_for_url("**/desk/**")


def _give_word(page: Page) -> None:
    if page.url.endswith("/desk/undertaking/"):
        page.locator("button[name=accept]").click()
        page.wait_for_url(lambda url: not url.endswith("/desk/undertaking/"))


@pytest.mark.parametrize(
    ("contact", "pages"),
    [
        ("13700137002", ASKED),
        ("lin@people.example", OWN),
        ("publisher@shibei.example", DESK),
        ("auditor@shibei.example", AUDIT),
        ("support@shibei.example", QUEUE),
        ("reviewer@shibei.example", REVIEW),
    ],
    ids=["asked", "answered", "publisher", "auditor", "support", "reviewer"],
)
def test_pages_behind_sign_in_are_accessible(stack: Stack, visit: Visitor, contact: str, pages: dict[str, str]) -> None:
    if pages is AUDIT:
        stack.python(A_DAILY_REPORT)
    with visit() as signed_in:
        _sign_in(signed_in, stack, contact)
        if contact.endswith("@shibei.example"):
            _show_device(signed_in, stack, contact)
            _check_as_it_is(signed_in, visit, "undertaking", "/desk/undertaking/")
            _give_word(signed_in)
        for look in LOOKS:
            with with_look(visit, look, signed_in) as page:
                for name, path in pages.items():
                    check_page(page, name, path, look)


def test_pages_that_ask_for_a_proof_are_accessible(stack: Stack, visit: Visitor) -> None:
    with visit() as signed_in:
        _sign_in(signed_in, stack, "wang@people.example")
        signed_in.goto("/account/ways/recovery-codes/")
        signed_in.locator("main form button[type=submit]").click()
        signed_in.goto("/account/ways/app/")  # a second device needs a proof by the first
        _check_as_it_is(signed_in, visit, "verify-ways", "/account/verify/")
        signed_in.locator("button[name=way][value=recovery]").click()
        _check_as_it_is(signed_in, visit, "verify-recovery", "/account/verify/")


def test_the_page_behind_the_link_of_an_advertisement_is_accessible(stack: Stack, visit: Visitor) -> None:
    link = stack.python(
        "from accounts.models import User\n"
        "from accounts.profile.opting_out import Subscription, link_name\n"
        "user = User.objects.earliest('pk')\n"
        "result = link_name(Subscription(user.pk, 'email', 'offers'))"
    )
    for look in LOOKS:
        with with_look(visit, look) as page:
            check_page(page, "unsubscribe", f"/unsubscribe/{link}/", look)


def _check_as_it_is(signed_in: Page, visit: Visitor, name: str, path: str) -> None:
    for look in LOOKS:
        with with_look(visit, look, signed_in) as page:
            check_page(page, name, path, look)


def test_everything_works_without_scripts(stack: Stack, visit: Visitor) -> None:
    with visit(scripts=False, width=390, height=844) as page:
        _sign_in(page, stack, "lin@people.example")
        page.goto("/consents/")

        page.get_by_role("button", name="撤回 按您的习惯推荐内容").click()

        assert "已撤回" in page.get_by_role("row").filter(has_text="按您的习惯推荐内容").inner_text()


def _newest_receipt(page: Page) -> str:
    """Its path, once the log has it."""
    page.goto("/consents/")
    path = page.locator("a[href^='/consents/receipts/']").first.get_attribute("href")
    assert path

    def sealed() -> bool:
        page.goto(path)
        return page.locator("article svg").count() == 1

    eventually(sealed)
    return path


def test_receipts_and_what_their_check_finds_are_accessible(stack: Stack, visit: Visitor) -> None:
    with visit() as signed_in:
        _sign_in(signed_in, stack, "lin@people.example")
        path = _newest_receipt(signed_in)
        number = path.removeprefix("/consents/receipts/").removesuffix("/")
        bundle = signed_in.request.get(f"/consents/receipts/{number}.json").text()
        for look in LOOKS:
            with with_look(visit, look, signed_in) as page:
                check_page(page, "receipt", path, look)
                check_page(page, "entry", f"/check/{number}/", look)
                _check_findings(page, "genuine", bundle, look)
                _check_findings(page, "changed", bundle.replace("dpv:Consent", "dpv:Contract"), look)


def _check_findings(page: Page, name: str, bundle: str, look: Look) -> None:
    page.goto("/check/")
    page.locator("textarea[name=receipt]").fill(bundle)
    page.locator("main form button[type=submit]").click()
    page.locator("#verdict").wait_for()
    _keep_picture(page, f"check-{name}", look)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name} {look}\n{found.generate_report()}"
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SIZES[look[0]][0], f"{name} scrolls sideways at {look}: {width}"
