"""When a session of the back office ends, and when it needs the password again."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import get_resolver

from organizations.locations.models import Till
from organizations.staff.sessions import dangerous_pages
from organizations.tenancy.models import Organization
from tests.back_office import page_of
from tests.factories.staff import STAFF_PASSWORD, StaffMemberFactory

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CONFIRM = "/admin/confirm-password/"


@pytest.fixture
def browser(organization: Organization) -> Client:
    """A browser that logged in at noon by the form."""
    StaffMemberFactory(organization=organization, role="org_admin", username="asha")
    browser = Client()
    with time_machine.travel(NOON, tick=False):
        assert browser.post("/admin/login/", {"username": "asha", "password": STAFF_PASSWORD}).status_code == 302
    return browser


def status(browser: Client, at: timedelta, path: str = "/admin/", **posted: str) -> int:
    with time_machine.travel(NOON + at, tick=False):
        return (browser.post(path, posted) if posted else browser.get(path)).status_code


def test_an_idle_session_ends(browser: Client) -> None:
    assert status(browser, timedelta(minutes=30)) == 200
    assert status(browser, timedelta(minutes=60)) == 200
    assert status(browser, timedelta(minutes=91)) == 302
    assert status(browser, timedelta(minutes=91)) == 302


def test_a_session_in_use_ends_after_twelve_hours(browser: Client) -> None:
    for halves in range(1, 25):
        assert status(browser, timedelta(minutes=30 * halves)) == 200
    assert status(browser, timedelta(hours=12, minutes=1)) == 302


def test_the_session_is_not_written_with_every_page(browser: Client) -> None:
    seen = []
    with time_machine.travel(NOON, tick=False) as now:
        for seconds in (59, 1, 59):
            now.shift(seconds)
            browser.get(CONFIRM)
            seen.append(browser.session["seen_at"] - int(NOON.timestamp()))
    assert seen == [0, 60, 60]


def test_a_dangerous_page_asks_for_a_password_that_is_old(browser: Client, till: Till) -> None:
    page = page_of("organizations_till", till).replace("/change/", "/password/")
    assert status(browser, timedelta(minutes=10), page) == 200
    with time_machine.travel(NOON + timedelta(minutes=11), tick=False):
        asked = browser.get(page)
        assert asked["Location"] == f"{CONFIRM}?next={page.replace('/', '%2F')}"
        assert b"Your password, please" in browser.get(asked["Location"]).content
        wrong = browser.post(asked["Location"], {"password": "guess"})
        assert wrong.context["form"].errors == {"password": ["This is not your password."]}
        assert browser.post(asked["Location"], {"password": STAFF_PASSWORD})["Location"] == page
        assert browser.get(page).status_code == 200


def test_a_form_that_was_opened_in_time_may_be_sent_later(browser: Client, till: Till) -> None:
    page = page_of("organizations_till", till).replace("/change/", "/password/")
    assert status(browser, timedelta(minutes=20), page, how="generate") == 200
    assert status(browser, timedelta(minutes=21), page, how="generate") == 302


@pytest.mark.parametrize("page", ["pointsadjustment/1/decide/approve/", "pointsentry/1/take-back/"])
def test_pages_that_decide_on_points_ask_for_a_password_that_is_old(browser: Client, page: str) -> None:
    path = f"/admin/engagement/{page}"
    with time_machine.travel(NOON + timedelta(minutes=11), tick=False):
        assert browser.get(path)["Location"] == f"{CONFIRM}?next={path.replace('/', '%2F')}"


def test_harmless_pages_do_not_ask(browser: Client) -> None:
    for minutes in (25, 50):
        assert status(browser, timedelta(minutes=minutes), "/admin/organizations/till/") == 200


def test_five_wrong_passwords_end_the_session(browser: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        answers = [browser.post(CONFIRM, {"password": f"guess {number}"}).status_code for number in range(5)]
        assert answers == [200] * 4 + [302]
        assert browser.get("/admin/")["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "", "\0"])
def test_the_page_leads_nowhere_else(browser: Client, elsewhere: str) -> None:
    with time_machine.travel(NOON, tick=False):
        answer = browser.post(f"{CONFIRM}?next={elsewhere}", {"password": STAFF_PASSWORD})
    assert answer["Location"] == "/admin/"


def test_who_is_not_logged_in_is_not_asked(db: None) -> None:
    assert Client().get(CONFIRM)["Location"].startswith("/admin/login/")


def test_every_dangerous_page_exists() -> None:
    namespaces = get_resolver().namespace_dict["admin"][1].reverse_dict
    missing = {name for name in dangerous_pages() if name not in {*namespaces, *get_resolver().reverse_dict}}
    assert not missing
