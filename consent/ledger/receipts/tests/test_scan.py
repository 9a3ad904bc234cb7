"""The check page reads a printed code with the camera where the browser can, and works without."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, Route, sync_playwright

ADDRESS = "https://portal.example/check/"
DETECTS = "window.BarcodeDetector = class { async detect() { return [{rawValue: '%s'}] } }"
CANNOT = "delete window.BarcodeDetector"
ARGUMENTS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]

pytestmark = pytest.mark.browser

Open = Callable[[str], Page]


@pytest.fixture
def open_check(client: Client, chromium_path: str) -> Iterator[Open]:
    """The real page with its real policy, in a browser with a camera; an init script says what the camera sees."""
    response = client.get("/check/")
    headers = {name: response[name] for name in ("Content-Type", "Content-Security-Policy")}

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix("https://portal.example")
        if path == "/check/":
            route.fulfill(body=response.content, headers=headers)
        elif path.startswith("/static/"):
            route.fulfill(path=settings.BASE_DIR / path.lstrip("/"))
        else:
            route.fulfill(body=f"<title>{path}</title>", content_type="text/html")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        page = browser.new_page(ignore_https_errors=True)
        page.route("**/*", answer)

        def start(script: str) -> Page:
            page.add_init_script(script)
            page.goto(ADDRESS)
            return page

        yield start
        browser.close()


def test_a_scanned_code_of_ours_opens_its_entry(open_check: Open) -> None:
    page = open_check(DETECTS % f"{ADDRESS}6f1e6a52-3c0f-8d6e-9a54-2b7c1d0e9f31/?leaf=00")

    page.locator("#scan").click()

    page.wait_for_url(f"{ADDRESS}6f1e6a52-3c0f-8d6e-9a54-2b7c1d0e9f31/?leaf=00")


@pytest.mark.parametrize(
    "code", ["https://elsewhere.example/check/", "javascript:alert(1)", "hello", f"{ADDRESS[:-7]}/x"]
)
def test_a_foreign_code_is_told_and_never_followed(code: str, open_check: Open) -> None:
    page = open_check(DETECTS % code)

    page.locator("#scan").click()
    page.locator("#scan-said", has_text="不是这里签发的回执").wait_for()

    assert page.url == ADDRESS


def test_the_camera_stops_when_asked(open_check: Open) -> None:
    page = open_check(DETECTS % "hello")
    page.locator("#scan").click()
    page.locator("#scan-view:not([hidden])").wait_for()

    page.locator("#scan").click()

    assert page.locator("#scan-view").is_hidden()
    assert not page.evaluate("document.getElementById('scan-view').srcObject?.active")


def test_without_a_detector_nothing_offers_to_scan(open_check: Open) -> None:
    page = open_check(CANNOT)

    assert page.locator("#scan").is_hidden()
