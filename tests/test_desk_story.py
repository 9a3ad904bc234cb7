"""In a real browser: somebody calls, is found to be who they say, a reviewer agrees to delete their account,
and once the cooling-off period is over nothing is left of it but what a law wants kept."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Stack, Visitor
from tests.cooling_off import move_end, receipt_in_the_inbox, what_is_left
from tests.test_pages import Look, _sign_in, check_page, enter_desk, with_look

pytestmark = pytest.mark.browser

CALLER, STRANGER = "lin@people.example", "nobody@people.example"
SUPPORT, REVIEWER = "support@shibei.example", "reviewer@shibei.example"
LOOKS: list[Look] = [("phone", "zh-CN", False), ("narrow", "en", True), ("desktop", "en", False)]


def test_a_call_ends_in_deletion(stack: Stack, visit: Visitor) -> None:
    with visit(width=390, height=844) as agent, visit() as reviewer, visit(width=390, height=844) as caller:
        _sign_in(agent, stack, SUPPORT)
        enter_desk(agent, stack, SUPPORT)
        _look_at(visit, agent, {"case-unknown": _write_down_the_call(agent, STRANGER)})
        known = len(stack.inbox(CALLER))
        case = _write_down_the_call(agent, CALLER)
        link = _link_in_the_acknowledgement(stack, known)
        _look_at(visit, agent, {"case-received": case})
        _find_out_who_calls(agent, stack)
        _look_at(visit, None, {"request-by-link": link})

        _sign_in(reviewer, stack, REVIEWER)
        enter_desk(reviewer, stack, REVIEWER)
        _agree(reviewer, stack, case)
        _look_at(visit, reviewer, {"case-agreed": case})
        _carry_out(reviewer)

        _sign_in(caller, stack, CALLER)
        expect(caller.get_by_role("heading", name="您的账户正在注销")).to_be_visible()
        _look_at(visit, caller, {"own-request": f"/account/requests/{case.rstrip('/').rpartition('/')[2]}/"})

        user = move_end(stack, CALLER, hours=0)
        receipt = receipt_in_the_inbox(stack, CALLER)
        caller.goto("/account/")
        expect(caller.locator("input[name=login]")).to_be_visible()
        _look_at(visit, None, {"left": receipt})
        _look_at(visit, reviewer, {"case-ended": case})
        left = what_is_left(stack, user, "email", CALLER)
        assert (left["finished"], left["personal"], left["keys"]) == (True, ["", 0, 0, 0], 0)
        assert list(left["vault"]) == ["contacts"]


def _write_down_the_call(agent: Page, contact: str) -> str:
    agent.goto("/desk/requests/new/")
    agent.locator("#id_kind").select_option("deletion")
    agent.locator("#id_contact").fill(contact)
    agent.locator("#id_details").fill("请删除我的账户。")
    agent.get_by_role("button", name="登记").click()
    agent.get_by_role("button", name="领取").click()
    expect(agent.get_by_role("heading", name="核验身份")).to_be_visible()
    expect(agent.locator("main")).not_to_contain_text(contact)
    expect(agent.get_by_role("heading", name="作出决定")).to_have_count(0)
    return urlsplit(agent.url).path


def _link_in_the_acknowledgement(stack: Stack, known: int) -> str:
    text = stack.message(CALLER, known)
    found = re.search(r"https?://[^/\s]+(/requests/R-\S+/)", text)
    assert found, text
    return found[1]


def _find_out_who_calls(agent: Page, stack: Stack) -> None:
    known = len(stack.inbox(CALLER))
    agent.get_by_role("button", name="发送验证码").click()
    text = stack.message(CALLER, known)
    found = re.search(r"：(\d{6})", text)
    assert found, text
    agent.get_by_label("对方念出的验证码").fill(found[1])
    agent.get_by_role("button", name="核对验证码").click()
    expect(agent.get_by_role("status")).to_contain_text("身份核验通过")
    expect(agent.locator("main")).to_contain_text("您办理过此案")


def _agree(reviewer: Page, stack: Stack, case: str) -> None:
    reviewer.goto(case)
    reviewer.get_by_role("button", name="领取").click()
    reviewer.get_by_label("同意办理").check()
    reviewer.get_by_label("给本人的话").fill("反悔期过后，我们会删除您的账户。")
    reviewer.get_by_role("button", name="作出决定").click()
    reviewer.locator("button[name=way][value=totp]").click()
    reviewer.locator("input[name=code]").fill(stack.token(REVIEWER))
    reviewer.locator("main form button").first.click()
    reviewer.locator("main form button").first.click()
    expect(reviewer.get_by_role("status")).to_contain_text("已作出决定")
    reviewer.get_by_role("button", name="领取").click()


def _carry_out(reviewer: Page) -> None:
    reviewer.get_by_role("button", name="执行并办结").click()
    expect(reviewer.get_by_role("status")).to_contain_text("已执行")


def _look_at(visit: Visitor, signed_in: Page | None, pages: dict[str, str]) -> None:
    for look in LOOKS:
        with with_look(visit, look, signed_in) as page:
            for name, path in pages.items():
                check_page(page, name, path, look)
