"""A passkey is made and used in a real browser, with Chromium's own virtual authenticator."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Stack, Visitor

pytestmark = pytest.mark.browser

PERSON = "lin@people.example"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@contextmanager
def _authenticator(page: Page) -> Iterator[None]:
    """A device in the browser that is unlocked and signs what it is asked."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield


def test_a_passkey_is_made_and_proves_who_one_is(stack: Stack, visit: Visitor) -> None:
    here = stack.url.replace("127.0.0.1", "localhost")  # passkeys belong to a name, never to an address
    with visit(language="en", width=390, height=844) as page, _authenticator(page):
        _sign_in(page, stack, here)
        _make_a_passkey(page, here)
        _make_recovery_codes_with_it(page, here)
        _remove_it_with_itself(page, here)


def test_where_the_browser_has_none_the_page_says_so(stack: Stack, visit: Visitor) -> None:
    here = stack.url.replace("127.0.0.1", "localhost")
    with visit(language="en") as page:
        page.add_init_script("navigator.credentials.create = () => Promise.reject(new Error('no'))")
        _sign_in(page, stack, here, contact="emma@people.example")
        page.goto(f"{here}/account/ways/passkey/")
        page.get_by_label("What you call it").fill("none")
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.get_by_text("No passkey was made.")).to_be_visible()


def _sign_in(page: Page, stack: Stack, here: str, contact: str = PERSON) -> None:
    known = len(stack.inbox(contact))
    page.goto(f"{here}/account/login/")
    page.locator("input[name=login]").fill(contact)
    page.locator("main form button").first.click()
    page.locator("input[name=code]").fill(stack.code(contact, known))
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: "/account/login/" not in url)


def _make_a_passkey(page: Page, here: str) -> None:
    page.goto(f"{here}/account/ways/passkey/")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("alert").get_by_role("listitem")).to_have_text("Give it a name, so that you know it again.")
    page.get_by_label("What you call it").fill("this phone")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("Added. From now on")).to_be_visible()
    expect(page.get_by_text("this phone")).to_be_visible()


def _prove_with_it(page: Page) -> None:
    page.locator("button[name=way][value=passkey]").click()
    page.get_by_role("button", name="Use the passkey").click()


def _make_recovery_codes_with_it(page: Page, here: str) -> None:
    page.goto(f"{here}/account/ways/recovery-codes/")
    expect(page.get_by_text("make new recovery codes")).to_be_visible()
    _prove_with_it(page)
    page.get_by_role("button", name="Make ten codes").click()
    expect(page.locator("ol.recovery li")).to_have_count(10)


def _remove_it_with_itself(page: Page, here: str) -> None:
    page.goto(f"{here}/account/ways/")
    page.get_by_role("button", name="Remove this phone").click()
    _prove_with_it(page)
    page.get_by_role("button", name="Do it now").click()
    expect(page.get_by_text("was removed.")).to_be_visible()
