"""The whole story in a real browser: a policy is answered, a change is published, reaches people, and is answered."""

import re
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Stack, Visitor, eventually
from tests.test_pages import LOOKS, check_page, enter_desk, with_look

pytestmark = pytest.mark.browser

POLICY = "shibei-privacy"
NEWCOMER = "13712345678"
PUBLISHER = "publisher@shibei.example"
SECONDS_UNTIL_EFFECT = 120  # of which half a minute may go by until the app shows a new token


def _enter(page: Page, stack: Stack, contact: str, door: str = "/account/login/") -> None:
    known = len(stack.inbox(contact))
    page.goto(door)
    page.get_by_label("手机号码或邮箱").fill(contact)
    page.locator("main form button").first.click()
    page.locator("input[name=code]").fill(stack.code(contact, known))
    page.locator("main form button").first.click()


def _choose(page: Page, question: str, answer: str) -> None:
    page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()


def _row(page: Page, purpose: str) -> Any:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=purpose))


def test_the_whole_story(stack: Stack, visit: Visitor) -> None:
    with visit(width=390, height=844) as person, visit() as publisher:
        _a_newcomer_signs_up_and_answers(person, stack)
        _she_withdraws_with_one_click(person)
        effective_at = _the_next_version_is_published(publisher, stack)
        _everybody_is_told_once(stack)
        _the_publisher_sees_that_it_went_out(publisher)
        _she_reads_what_changed_before_it_applies(person, stack)
        _the_new_pages_are_accessible(visit, person, publisher)
        _she_is_taken_to_the_change_when_it_applies(person, effective_at)
        _she_answers_again(person)


def _a_newcomer_signs_up_and_answers(page: Page, stack: Stack) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="政策", exact=True)).to_be_visible()
    page.get_by_role("link", name="拾贝支付隐私政策").click()
    expect(page.get_by_role("heading", name="一、我们为什么需要您的信息")).to_be_visible()
    _enter(page, stack, NEWCOMER, "/account/signup/")
    expect(page.get_by_role("heading", name="请您逐项决定")).to_be_visible()
    assert page.locator("input[type=radio]:checked").count() == 0  # nothing pre-ticked (K76)
    _choose(page, "政策整体", "同意")
    _choose(page, "快捷支付绑卡", "同意")
    _choose(page, "留存证件影像", "不同意")
    _choose(page, "按您的习惯推荐内容", "同意")
    page.get_by_role("button", name="提交我的选择").click()
    expect(page.get_by_role("heading", name="我的同意")).to_be_visible()
    expect(_row(page, "快捷支付绑卡")).to_contain_text("已同意")
    expect(_row(page, "留存证件影像")).to_contain_text("已拒绝")
    expect(_row(page, "优惠活动信息")).to_contain_text("以后再答")  # not answered, never taken as a yes


def _she_withdraws_with_one_click(page: Page) -> None:
    _row(page, "按您的习惯推荐内容").get_by_role("button", name="撤回").click()
    expect(_row(page, "按您的习惯推荐内容")).to_contain_text("已撤回")


def _the_next_version_is_published(page: Page, stack: Stack) -> datetime:
    _enter(page, stack, PUBLISHER)
    enter_desk(page, stack, PUBLISHER)
    page.get_by_role("link", name="编辑第 2 版草稿").click()
    page.get_by_role("link", name="复核并发布").click()
    effective_at = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(seconds=SECONDS_UNTIL_EFFECT)
    page.locator("input[name=effective_at]").fill(effective_at.strftime("%Y-%m-%dT%H:%M:%S"))
    page.get_by_role("button", name="发布", exact=True).click()
    page.locator("button[name=way][value=totp]").click()
    page.locator("input[name=code]").fill(stack.token(PUBLISHER))
    page.get_by_role("button", name="确认", exact=True).click()
    page.get_by_role("button", name="现在就做").click()
    expect(page.get_by_text("已发布。")).to_be_visible()
    return effective_at


def _letters(stack: Stack, to: str) -> list[dict[str, Any]]:
    return [message for message in stack.inbox(to) if f"/consents/{POLICY}/changes/2/" in message["text"]]


def _everybody_is_told_once(stack: Stack) -> None:
    told = ["lin@people.example", "13800138000", "emma@people.example", "wang@people.example", NEWCOMER]
    for person in told:
        eventually(partial(_letters, stack, person))
    eventually(lambda: _letters(stack, "13900139001"))  # whose mail is refused, and who gets a text message instead
    time.sleep(3)  # time enough for a second copy, if there were one
    assert [len(_letters(stack, person)) for person in told] == [1] * len(told)
    assert "A new recipient" in _letters(stack, "emma@people.example")[0]["text"]
    assert "拾贝生活" in _letters(stack, "lin@people.example")[0]["html"]


def _the_publisher_sees_that_it_went_out(page: Page) -> None:
    page.goto("/desk/")
    page.get_by_role("row").filter(has_text="第 2 版").get_by_role("link", name="进度").click()
    expect(page.get_by_text("100%")).to_be_visible()


def _she_reads_what_changed_before_it_applies(page: Page, stack: Stack) -> None:
    link = re.search(r"https?://\S+/changes/2/", _letters(stack, NEWCOMER)[0]["text"])
    assert link
    page.goto(link[0])
    expect(page.get_by_role("heading", name="改了什么，和您有什么关系")).to_be_visible()
    expect(page.locator("ins").first).to_be_visible()
    page.goto("/consents/")
    expect(_row(page, "快捷支付绑卡")).to_contain_text("已同意")


def _the_new_pages_are_accessible(visit: Visitor, person: Page, publisher: Page) -> None:
    """What only exists after a publication; the other pages have their own test."""
    progress = publisher.url
    for look in LOOKS:
        with with_look(visit, look, person) as page:
            check_page(page, "changes", f"/consents/{POLICY}/changes/2/", look)
            check_page(page, "consents-scheduled", "/consents/", look)
            check_page(page, "compare-2", f"/policies/{POLICY}/changes/1-2/", look)
            check_page(page, "announcement", f"/announcements/{POLICY}/2/", look)
        with with_look(visit, look, publisher) as page:
            check_page(page, "campaign", progress, look)


def _she_is_taken_to_the_change_when_it_applies(page: Page, effective_at: datetime) -> None:
    time.sleep(max(0.0, (effective_at - datetime.now(effective_at.tzinfo)).total_seconds()))

    def is_there() -> bool:
        page.goto("/consents/")
        return page.get_by_role("heading", name="改了什么，和您有什么关系").is_visible()

    eventually(is_there)


def _she_answers_again(page: Page) -> None:
    _choose(page, "政策整体", "同意")
    _choose(page, "登录时记录大致位置", "不同意")
    _choose(page, "向拾贝生活提供优惠券记录", "同意")
    page.get_by_role("button", name="提交我的选择").click()
    expect(_row(page, "政策整体")).to_contain_text("已重新同意")
    expect(_row(page, "政策整体")).to_contain_text("第 2 版")
    expect(_row(page, "快捷支付绑卡")).to_contain_text("第 1 版")  # what did not change was not asked again
    expect(_row(page, "登录时记录大致位置")).to_contain_text("已拒绝")


def test_the_stack_says_that_it_is_ready(stack: Stack) -> None:
    assert httpx.get(f"{stack.url}/healthz/").json() == {"status": "alive"}
    assert httpx.get(f"{stack.url}/readyz/").json() == {"status": "ready"}
