"""Craft of the desk: forms that outlive a log-in, lists on a phone, pages from right to left, dialogs by keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.desk import PASSWORD, Desk, Screen

pytestmark = pytest.mark.django_db
CUSTOMERS = "/admin/customers/customer/"


def test_a_form_outlives_a_new_log_in(sit: Callable[..., Desk]) -> None:
    desk = sit("owen")
    desk.go(f"{CUSTOMERS}add/")
    desk.page.get_by_label("First name").fill("Wilhelmina")
    desk.context.clear_cookies()
    other = desk.context.new_page()
    other.goto(f"{desk.url}/admin/login/")
    other.get_by_label("Username").fill("owen")
    other.get_by_label("Password").fill(PASSWORD.format("owen"))
    other.get_by_role("button", name="Log in").click()
    other.wait_for_url(f"{desk.url}/admin/")
    desk.page.locator(".bo-desk .main").first.click()
    desk.page.get_by_role("link", name="Back to the form").click()
    expect(desk.page.get_by_label("First name")).to_have_value("Wilhelmina")
    expect(desk.page.get_by_text("nothing was saved")).to_be_visible()


def test_a_customer_has_two_lines_on_a_phone(sit: Callable[..., Desk]) -> None:
    desk = sit("maya", Screen.PHONE)
    desk.go(CUSTOMERS)
    card = desk.page.locator("#result_list .data-row").first
    tops = card.evaluate(
        "row => [...row.children].filter(cell => cell.offsetParent).map(cell => cell.getBoundingClientRect().top)"
    )
    assert len(tops) > 4
    assert max(tops) - min(tops) < 40
    assert (card.bounding_box() or {"height": 999})["height"] < 80
    # All of the card leads to the customer.
    card.click(position={"x": 8, "y": 8})
    desk.page.wait_for_url(f"{desk.url}{CUSTOMERS}*/change/**")


@pytest.mark.parametrize("path", ["/admin/", CUSTOMERS, "/admin/engagement/bill/", f"{CUSTOMERS}add/"])
def test_a_page_may_run_from_right_to_left(sit: Callable[..., Desk], path: str) -> None:
    desk = sit("maya")
    desk.page.add_init_script("document.addEventListener('DOMContentLoaded', () => { document.documentElement.dir = 'rtl'; })")
    desk.go(path)
    wide = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


def test_a_dialog_keeps_the_focus_and_gives_it_back(sit: Callable[..., Desk]) -> None:
    desk = sit("maya")
    desk.go(CUSTOMERS)
    desk.page.locator("#result_list a[href*='/change/']").first.click()
    opener = desk.page.locator("a[data-dialog]").first
    opener.focus()
    desk.page.keyboard.press("Enter")
    dialog = desk.page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    is_inside = "document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement)"
    for _ in range(20):
        desk.page.keyboard.press("Tab")
        assert desk.page.evaluate(is_inside)
    desk.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
