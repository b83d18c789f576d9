"""Every page on a desktop and on a phone: no error, no serious finding of axe-core, no sideways scrolling."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin

from tests.browser.desk import Desk, Screen, violations

pytestmark = pytest.mark.django_db
LISTS = sorted(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry)


@pytest.mark.parametrize("screen", Screen)
@pytest.mark.parametrize("path", ["/admin/", *LISTS])
def test_a_list_and_its_first_row(sit: Callable[..., Desk], path: str, screen: Screen) -> None:
    desk = sit("maya", screen)
    desk.go(path)
    look_at(desk)
    link = desk.page.locator("#result_list a[href*='/change/']").first
    if link.count():
        desk.go(str(link.get_attribute("href")).partition("?")[0])
        look_at(desk)


@pytest.mark.parametrize("screen", Screen)
def test_pages_of_rules_and_of_what_will_change(sit: Callable[..., Desk], screen: Screen) -> None:
    desk = sit("maya", screen)
    desk.go("/admin/engagement/program/")
    program = str(desk.page.locator("#result_list a[href*='/change/']").first.get_attribute("href"))
    rules = program.partition("/change/")[0] + "/rules/"
    for path in ("", "earning/0/", "tiers/2/", "tiers/", "settings/", "yaml/", "rehearse/"):
        desk.go(rules + path)
        look_at(desk)
    desk.go("/admin/organizations/organization/")
    organization = str(desk.page.locator("#result_list a[href*='/change/']").first.get_attribute("href"))
    desk.go(organization.partition("/change/")[0] + "/yaml/")
    look_at(desk)


@pytest.mark.parametrize("screen", Screen)
def test_forms_of_series_and_campaigns_and_what_they_will_change(sit: Callable[..., Desk], screen: Screen) -> None:
    desk = sit("maya", screen)
    for noun, field in (("engagement/couponseries", "max_coupons"), ("referrals/referralcampaign", "max_rewards")):
        desk.go(f"/admin/{noun}/add/")
        look_at(desk)
        desk.go(f"/admin/{noun}/")
        row = str(desk.page.locator("#result_list a[href*='/change/']").first.get_attribute("href")).partition("/change/")[0]
        desk.go(f"{row}/yaml/")
        look_at(desk)
        desk.go(f"{row}/edit/")
        desk.page.evaluate("for (const group of document.querySelectorAll('details')) group.open = true")
        look_at(desk)
        desk.page.locator(f"[name='{field}']").fill("77")
        desk.page.get_by_role("button", name="Next: what will change").click()
        desk.page.get_by_role("button", name="Save as version").wait_for()
        look_at(desk)


def look_at(desk: Desk) -> None:
    """Assert that the page in the window is sound."""
    page = desk.page
    assert violations(page, Axe()) == [], page.url
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} pixels wider than the window"
