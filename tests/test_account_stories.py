"""In a real browser on a phone, in both languages: somebody corrects what is known of them, changes their number, and
leaves, first with second thoughts and then for good. The passkey and the call to the desk have files of their own."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import Stack, Visitor
from tests.cooling_off import let_days_pass, move_end, receipt_in_the_inbox, what_is_left
from tests.in_clear import files_with, rows_with
from tests.test_pages import check_page

pytestmark = pytest.mark.browser

ID_NUMBER, MISTYPED = "11010519491231002X", "110105194912310021"  # the example of GB 11643, and one digit for its X
MASKED = "1101**********002X"
UNDO_LINK = re.compile(r"https?://[^/\s]+(/account/undo/\S+/)")
OWN_PAGE = re.compile(r"/account/(?!\w)")


@dataclass(frozen=True)
class Person:
    """Who walks through the stories in a language, and the words of that language by which they find their way."""

    language: str
    newcomer: str  # by e-mail, and new to the portal
    number: str  # by text message, and new to the portal
    next_number: str
    leaver: str  # of the demonstration, with consents
    leavers_number: str
    number_is_wrong: str
    show_in_full: str
    locked: str
    changing: str
    keep: str
    cancelling: str
    keep_until: str


CHINESE = Person(
    language="zh-CN",
    newcomer="bai@people.example",
    number="13800138011",
    next_number="13800138012",
    leaver="wang@people.example",
    leavers_number="13800138013",
    number_is_wrong="这个号码不对",
    show_in_full="查看您的完整信息：证件号码",
    locked="不能直接修改",
    changing="把您的手机号码改为 138 **** 8012",
    keep="保留我的账户",
    cancelling="注销您的账户",
    keep_until="保留账户",
)
ENGLISH = Person(
    language="en",
    newcomer="grace@people.example",
    number="13800138021",
    next_number="13800138022",
    leaver="emma@people.example",
    leavers_number="13800138023",
    number_is_wrong="This identity number cannot be right",
    show_in_full="see your full entry: Number of the document",
    locked="Locked",
    changing="change your mobile number to 138 **** 8022",
    keep="Keep my account",
    cancelling="cancel your account",
    keep_until="keep your account",
)
in_both_languages = pytest.mark.parametrize("who", [CHINESE, ENGLISH], ids=["zh", "en"])
PHONE = {"width": 390, "height": 844}


@in_both_languages
def test_what_is_known_is_corrected(stack: Stack, visit: Visitor, who: Person) -> None:
    with visit(language=who.language, **PHONE) as page:
        _enter(page, stack, who.newcomer, "/account/signup/")
        _mistype_then_give_the_number(page, who)
        _see_it_masked_and_in_the_history(page)
        _see_it_in_full_behind_a_code(page, stack, who)
        _ask_for_the_correction_of_what_is_locked(page, stack, who)


def _enter(page: Page, stack: Stack, contact: str, door: str = "/account/login/") -> None:
    known = len(stack.inbox(contact))
    page.goto(door)
    page.locator("input[name=login]").fill(contact)
    _go_on(page)
    page.locator("input[name=code]").fill(stack.code(contact, known))
    _go_on(page)
    page.wait_for_url(lambda url: "/account/login/" not in url and "/account/signup/" not in url)


def _go_on(page: Page) -> None:
    page.locator("main form button[type=submit]").first.click()


def _prove(page: Page, stack: Stack, way: str, contact: str, act: str) -> None:
    """By a code that is sent there, in a message that names the act."""
    known = len(stack.inbox(contact))
    page.locator(f"button[name=way][value={way}]").click()
    expect(page.locator("main")).to_contain_text(act)
    page.locator("input[name=code]").fill(stack.code(contact, known))
    assert act in stack.message(contact, known)
    _go_on(page)


def _fill_document(page: Page, number: str) -> None:
    page.locator("select[name=id-kind]").select_option("resident-card")
    page.locator("input[name=id-number]").fill(number)
    page.locator("input[name=id-expiry]").fill("2041-05-01")
    page.locator("form:has([name=id-number]) button[type=submit]").click()


def _mistype_then_give_the_number(page: Page, who: Person) -> None:
    page.goto("/account/")
    page.locator("a[href^='/account/profile/id-']").first.click()
    _fill_document(page, MISTYPED)
    expect(page.get_by_role("alert")).to_contain_text(who.number_is_wrong)
    expect(page.locator("input[name=id-number]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("input[name=id-number]")).to_have_value(MISTYPED)
    _fill_document(page, ID_NUMBER)
    page.wait_for_url(lambda url: urlsplit(url).path == "/account/")


def _see_it_masked_and_in_the_history(page: Page) -> None:
    expect(page.locator("main")).to_contain_text(MASKED)
    page.goto("/account/history/")
    expect(page.locator("main")).to_contain_text(MASKED)
    assert ID_NUMBER not in page.content()


def _see_it_in_full_behind_a_code(page: Page, stack: Stack, who: Person) -> None:
    page.goto("/account/profile/id-number/show/")
    expect(page.locator("main")).not_to_contain_text(ID_NUMBER)
    _prove(page, stack, "email", who.newcomer, who.show_in_full)
    expect(page.locator("main")).to_contain_text(ID_NUMBER)


def _ask_for_the_correction_of_what_is_locked(page: Page, stack: Stack, who: Person) -> None:
    page.goto("/account/profile/id-number/")
    expect(page.locator("main")).to_contain_text(who.locked)
    expect(page.locator("input[name=id-number]")).to_have_count(0)
    page.locator("a[href*='kind=correction'][href*='field=id-number']").first.click()
    page.locator("input[name=value]").fill(ID_NUMBER)
    page.locator("form:has([name=kind]) button[type=submit]").click()
    known = len(stack.inbox(who.newcomer))
    page.locator("button[name=way][value=email]").click()
    page.locator("input[name=code]").fill(stack.code(who.newcomer, known))
    _go_on(page)
    _go_on(page)
    expect(page.locator("main")).to_contain_text(re.compile(r"R-20\d\d-\d{6}"))
    assert "/account/requests/R-" in page.url


@in_both_languages
def test_a_new_number_is_taken_back_and_then_kept(stack: Stack, visit: Visitor, who: Person) -> None:
    with visit(language=who.language, **PHONE) as page:
        _enter(page, stack, who.number, "/account/signup/")
        link = _change_the_number(page, stack, who)
        _take_it_back(visit, who, link)
        page.goto("/account/")
        expect(page.locator("input[name=login]")).to_be_visible()  # the undo ended every session

        _enter(page, stack, who.number)
        _change_the_number(page, stack, who)
        page.context.clear_cookies()
        _enter(page, stack, who.next_number)
        page.goto("/account/")
        expect(page.locator("main")).to_contain_text("138 **** " + who.next_number[-4:])


def _change_the_number(page: Page, stack: Stack, who: Person) -> str:
    """The link by which the former number can undo it."""
    page.goto("/account/contacts/phone/")
    page.locator("input[name=new]").fill(who.next_number)
    _go_on(page)
    _prove(page, stack, "sms", who.number, who.changing)
    told, sent = len(stack.inbox(who.number)), len(stack.inbox(who.next_number))
    _go_on(page)
    check_page(page, "contact-code", urlsplit(page.url).path, ("phone", who.language, False))
    page.locator("input[name=code]").fill(stack.code(who.next_number, sent))
    _go_on(page)
    page.wait_for_url(lambda url: urlsplit(url).path == "/account/")
    expect(page.locator("main")).to_contain_text("138 **** " + who.next_number[-4:])
    return _found(UNDO_LINK, stack.message(who.number, told))


def _found(link: re.Pattern[str], message: str) -> str:
    found = link.search(message)
    assert found, message
    return found[1]


def _take_it_back(visit: Visitor, who: Person, link: str) -> None:
    with visit(language=who.language, **PHONE) as elsewhere:  # who was pushed out need not be signed in
        elsewhere.goto(link)
        _go_on(elsewhere)
        expect(elsewhere.get_by_role("status")).to_be_visible()
        again = elsewhere.goto(link)
        assert again is not None
        assert again.status == 410
        expect(elsewhere.locator("main form")).to_have_count(0)


@in_both_languages
def test_an_account_is_cancelled_kept_and_cancelled_for_good(stack: Stack, visit: Visitor, who: Person) -> None:
    with visit(language=who.language, **PHONE) as page:
        _enter(page, stack, who.leaver)
        page.goto("/account/profile/id-number/")
        _fill_document(page, ID_NUMBER)
        _add_a_second_contact(page, stack, who)
        _see_that_it_does_not_count_yet(page)
        let_days_pass(stack, who.leaver, 30)
        _read_what_it_means(page)
        _cancel(page, stack, who)
        _sign_in_again_and_keep_it(page, stack, who)

        _cancel(page, stack, who)
        user = _let_the_time_pass(stack, who)
        page.goto("/account/")
        expect(page.locator("input[name=login]")).to_be_visible()  # the session that was open is dead
        _nobody_is_there(page, stack, who)
    _only_what_the_law_wants_is_left(stack, user, who)


def _add_a_second_contact(page: Page, stack: Stack, who: Person) -> None:
    page.goto("/account/contacts/phone/")
    page.locator("input[name=new]").fill(who.leavers_number)
    _go_on(page)
    _prove(page, stack, "email", who.leaver, "138 **** " + who.leavers_number[-4:])
    sent = len(stack.inbox(who.leavers_number))
    _go_on(page)
    page.locator("input[name=code]").fill(stack.code(who.leavers_number, sent))
    _go_on(page)
    page.wait_for_url(lambda url: urlsplit(url).path == "/account/")


def _see_that_it_does_not_count_yet(page: Page) -> None:
    page.goto("/account/leave/")
    expect(page.locator("section[aria-labelledby=conditions] li .seal.due")).to_have_count(1)
    expect(page.locator("form[action='/account/leave/']")).to_have_count(0)


def _fates(page: Page) -> Locator:
    return page.locator("main table tbody tr")


def _read_what_it_means(page: Page) -> None:
    page.goto("/account/leave/")
    conditions = page.locator("section[aria-labelledby=conditions] li")
    expect(conditions.locator(".seal.on").nth(1)).to_be_visible()
    expect(conditions.locator(".seal.due")).to_have_count(0)
    expect(page.locator("section[aria-labelledby=stops] li").first).to_be_visible()
    expect(_fates(page).filter(has=page.locator(".seal.law")).first).to_be_visible()
    expect(_fates(page).filter(has=page.locator(".seal:not(.law)")).first).to_be_visible()


def _cancel(page: Page, stack: Stack, who: Person) -> None:
    """By two proofs of different kinds; every contact is told."""
    page.goto("/account/leave/")
    told = {contact: len(stack.inbox(contact)) for contact in (who.leaver, who.leavers_number)}
    page.locator("form[action='/account/leave/'] button").click()
    _prove(page, stack, "email", who.leaver, who.cancelling)
    expect(page.locator("button[name=way][value=email]")).to_have_count(0)  # the same way again is no second proof
    _prove(page, stack, "sms", who.leavers_number, who.cancelling)
    _go_on(page)
    expect(page.get_by_role("button", name=who.keep)).to_be_visible()
    check_page(page, "cooling-off", "/account/leave/", ("phone", who.language, False))
    for contact, known in told.items():
        assert f"{stack.url}/account/leave/" in stack.message(contact, known)
    page.goto("/account/settings/")
    assert urlsplit(page.url).path == "/account/leave/"  # nothing else can be changed meanwhile


def _sign_in_again_and_keep_it(page: Page, stack: Stack, who: Person) -> None:
    page.locator("form[action='/account/leave/sign-out/'] button").click()
    expect(page.get_by_role("status")).to_contain_text(who.keep_until)
    _enter(page, stack, who.leavers_number)
    assert urlsplit(page.url).path == "/account/leave/"
    told = {contact: len(stack.inbox(contact)) for contact in (who.leaver, who.leavers_number)}
    page.get_by_role("button", name=who.keep).click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/account/")
    expect(page.get_by_role("status").first).to_be_visible()
    for contact, known in told.items():
        assert OWN_PAGE.search(stack.message(contact, known))  # whoever did not do it looks at the account
    page.goto("/account/settings/")
    assert urlsplit(page.url).path == "/account/settings/"


def _let_the_time_pass(stack: Stack, who: Person) -> int:
    """The user's id. A day before the end everybody is reminded; at the end the worker erases."""
    known = len(stack.inbox(who.leaver))
    move_end(stack, who.leaver, hours=12)
    assert f"{stack.url}/account/leave/" in stack.message(who.leaver, known)
    return move_end(stack, who.leaver, hours=0)


def _nobody_is_there(page: Page, stack: Stack, who: Person) -> None:
    for contact in (who.leaver, who.leavers_number):
        receipt = receipt_in_the_inbox(stack, contact)
        check_page(page, "left", receipt, ("phone", who.language, False))
        expect(_fates(page).filter(has=page.locator(".seal.law")).first).to_be_visible()
        expect(_fates(page).filter(has=page.locator(".seal:not(.law)")).first).to_be_visible()
        assert who.leaver not in page.content()
    known = len(stack.inbox(who.leaver))
    page.goto("/account/login/")
    page.locator("input[name=login]").fill(who.leaver)
    _go_on(page)
    assert not re.search(r"(?<!\d)\d{6}(?!\d)", stack.message(who.leaver, known))  # nothing to enter by


def _only_what_the_law_wants_is_left(stack: Stack, user: int, who: Person) -> None:
    left = what_is_left(stack, user, "phone", f"+86{who.leavers_number}")
    assert (left["finished"], left["personal"], left["keys"]) == (True, ["", 0, 0, 0], 0)
    assert left["events"]  # what was agreed to stays in the log, and leads to nobody
    rule, years, content = left["vault"]["id-number"]
    assert (rule, years, content["value"]) == ("aml-identity", 10, ID_NUMBER)
    assert set(left["vault"]) >= {"contacts", "id-kind", "id-expiry"}
    stack.manage("verify_log")


def test_after_all_of_it_no_row_and_no_log_says_who_they_were(stack: Stack, visit: Visitor) -> None:
    """Of whoever came, changed and left in the stories above, and of somebody who comes now."""
    with visit() as page:
        _enter(page, stack, "last@people.example", "/account/signup/")
    people = (CHINESE, ENGLISH)
    values = ["last@people.example", ID_NUMBER, *(who.newcomer for who in people), *(who.leaver for who in people)]
    values += [number for who in people for number in (who.number, who.next_number, who.leavers_number)]

    assert rows_with(stack, values) == []
    assert files_with(stack, values) == []
    assert rows_with(stack, ["shibei-privacy"]), "the search finds nothing, whatever it is"
