"""Forms that were sent after their session had ended."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from organizations.locations.models import Store
from organizations.staff.kept_forms import EXPIRED, KEPT, MOST_BYTES
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.staff import STAFF_PASSWORD, StaffMemberFactory

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=45)
FORM = "/admin/organizations/store/add/"
TYPED = {"code": "hfx.pier", "name": "Halifax <Pier>", "zone": "", "till_password": "hunter2", "csrfmiddlewaretoken": "x"}
BACK = {"code": "hfx.pier", "name": "Halifax <Pier>", "zone": ""}
OURS = {"origin": "http://testserver"}


@pytest.fixture
def member(organization: Organization) -> StaffMember:
    return StaffMemberFactory(organization=organization, role="org_admin", username="asha")


@pytest.fixture
def browser(member: StaffMember) -> Client:
    """A browser in which asha logged in at noon."""
    browser = Client()
    log_in(browser, "asha", at=NOON)
    return browser


def log_in(browser: Client, username: str, *, at: datetime, page: str = "/admin/login/") -> HttpResponse:
    with time_machine.travel(at, tick=False):
        answer: HttpResponse = browser.post(page, {"username": username, "password": STAFF_PASSWORD})
    assert answer.status_code == 302
    return answer


def send(browser: Client, *, at: datetime = LATER, headers: dict[str, str] = OURS, **typed: str) -> HttpResponse:
    with time_machine.travel(at, tick=False):
        return browser.post(FORM, {**TYPED, **typed}, headers=headers)


def kept_in(browser: Client, *, at: datetime = LATER) -> list[list[str]] | None:
    """What the browser's session keeps; sessions end, too."""
    with time_machine.travel(at, tick=False):
        assert browser.cookies["sessionid"].value
        kept = browser.session.get(KEPT)
    return None if kept is None else kept["fields"]


def filled_in(browser: Client, *, at: datetime = LATER, page: str = FORM) -> dict[str, str] | None:
    """What the page fills in again."""
    with time_machine.travel(at, tick=False):
        html = browser.get(page).content.decode()
    kept = re.search(r'<script id="kept-form" type="application/json">(.*?)</script>', html)
    return dict(json.loads(unescape(kept[1]))) if kept else None


def test_what_was_typed_is_back_after_the_log_in_and_nothing_is_saved(browser: Client, organization: Organization) -> None:
    answer = send(browser)
    assert answer["Location"] == f"/admin/login/?next={FORM}"
    with time_machine.travel(LATER, tick=False):
        assert "What you typed is kept" in browser.get(answer["Location"]).content.decode()
    assert log_in(browser, "asha", at=LATER, page=answer["Location"])["Location"] == FORM
    with organization_scope(organization):
        assert not Store.objects.filter(code="hfx.pier").exists()
    # Another page leaves it; its own page has it once, without what is secret.
    assert filled_in(browser, page="/admin/") is None
    assert filled_in(browser) == BACK
    assert filled_in(browser) is None


def test_it_is_back_too_if_another_page_has_ended_the_session(browser: Client) -> None:
    with time_machine.travel(LATER, tick=False):
        assert browser.get("/admin/").status_code == 302
    send(browser)
    log_in(browser, "asha", at=LATER)
    assert filled_in(browser) == BACK


def test_another_member_does_not_get_it(browser: Client, organization: Organization) -> None:
    StaffMemberFactory(organization=organization, role="org_admin", username="omar")
    send(browser)
    log_in(browser, "omar", at=LATER)
    assert filled_in(browser) is None
    assert kept_in(browser) is None


def test_after_a_quarter_of_an_hour_it_is_gone(browser: Client) -> None:
    send(browser)
    log_in(browser, "asha", at=LATER)
    assert kept_in(browser, at=LATER + timedelta(minutes=16))
    assert filled_in(browser, at=LATER + timedelta(minutes=16)) is None
    assert kept_in(browser, at=LATER + timedelta(minutes=16)) is None


def test_a_log_in_after_that_lasts_as_long_as_any(browser: Client) -> None:
    send(browser)
    log_in(browser, "asha", at=LATER)
    with time_machine.travel(LATER + timedelta(minutes=29), tick=False):
        assert browser.get("/admin/").status_code == 200


def test_a_code_that_a_customer_was_sent_is_not_kept(browser: Client) -> None:
    with time_machine.travel(LATER, tick=False):
        browser.post("/admin/customers/customer/1/redeem/", {"code": "123456", "points": "200"}, headers=OURS)
    assert kept_in(browser) == [["points", "200"]]


@pytest.mark.parametrize(
    ("headers", "typed"),
    [
        ({}, {}),
        ({"origin": "https://elsewhere.example"}, {}),
        ({**OURS, "sec-fetch-mode": "cors"}, {}),
        (OURS, {"name": "x" * MOST_BYTES}),
    ],
    ids=["no origin", "another site", "a script", "too large"],
)
def test_a_form_of_elsewhere_or_without_bounds_is_not_kept(
    browser: Client, headers: dict[str, str], typed: dict[str, str]
) -> None:
    send(browser, headers=headers, **typed)
    with time_machine.travel(LATER, tick=False):
        assert EXPIRED in browser.session
    assert kept_in(browser) is None


def test_a_browser_whose_member_logged_out_keeps_nothing(browser: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        browser.post("/admin/logout/")
        send(browser, at=NOON)
        assert KEPT not in browser.session


def test_a_form_of_before_the_log_in_has_its_own_page(member: StaffMember) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member, backend="organizations.staff.log_in.RoleBackend")
    refused = strict.post(FORM, TYPED, headers=OURS)
    assert refused.status_code == 403
    assert f'<a href="{FORM}">' in refused.content.decode()
    assert "What you typed is still there" in refused.content.decode()
    in_dialog = strict.post(FORM, TYPED, headers={**OURS, "x-dialog": "1"})
    assert (in_dialog.status_code, in_dialog["X-Dialog-Location"]) == (204, FORM)
    kept = strict.session[KEPT]
    assert ["name", "Halifax <Pier>"] in kept["fields"]
    # The log-in's own form has a page that leads back to it.
    assert 'href="/admin/login/"' in strict.post("/admin/login/", TYPED, headers=OURS).content.decode()


def test_a_form_that_needs_the_password_again_is_kept(browser: Client, organization: Organization) -> None:
    with time_machine.travel(NOON + timedelta(minutes=25), tick=False):
        answer = browser.post("/admin/organizations/staffmember/add/", {"username": "noor"}, headers=OURS)
        assert answer["Location"].startswith("/admin/confirm-password/")
        assert browser.session[KEPT]["fields"] == [["username", "noor"]]
