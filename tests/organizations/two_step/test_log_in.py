"""Two-step log-in: how staff switch it on, and what the log-in asks for then."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from organizations.audit.models import AuditEntry
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import log_in, page_of
from tests.factories.staff import STAFF_PASSWORD, StaffMemberFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LOG_IN, PAGE = "/admin/login/", "/admin/two-step/"


@pytest.fixture
def asha(organization: Organization) -> StaffMember:
    return StaffMemberFactory(organization=organization, role="org_admin", username="asha")


def code_of(member: StaffMember) -> str:
    """The code that the member's app shows now."""
    return f"{totp(TOTPDevice.objects.get(user=member).bin_key):06}"


def switch_on(member: StaffMember) -> None:
    """As at half past eleven."""
    with time_machine.travel(NOON.replace(hour=11, minute=30), tick=False):
        browser = log_in(member)
        browser.get(PAGE)
        assert browser.post(PAGE, {"code": code_of(member)}).status_code == 302


def type_password(browser: Client) -> HttpResponse:
    return browser.post(LOG_IN, {"username": "asha", "password": STAFF_PASSWORD})


def is_in(browser: Client) -> bool:
    return browser.get("/admin/").status_code == 200


def test_the_app_is_added_by_its_first_code(asha: StaffMember) -> None:
    browser = log_in(asha)
    page = browser.get(PAGE)
    assert "data:image/svg+xml" in page.content.decode()
    assert "not right" in browser.post(PAGE, {"code": "000000x"}).content.decode()
    assert not TOTPDevice.objects.get().confirmed
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert browser.post(PAGE, {"code": code_of(asha)}).status_code == 302
    assert TOTPDevice.objects.get().confirmed
    with organization_scope(asha.organization):
        assert AuditEntry.objects.filter(object_type="staffmember", action="two-step log-in switched on").count() == 1


def test_the_log_in_asks_for_the_code_and_no_more(asha: StaffMember) -> None:
    switch_on(asha)
    browser = Client()
    with time_machine.travel(NOON, tick=False):
        asked = type_password(browser)
        assert not is_in(browser)
        assert 'name="code"' in asked.content.decode()
        assert 'name="password"' not in asked.content.decode()
        assert browser.post(LOG_IN, {"code": f"{code_of(asha)[:3]} {code_of(asha)[3:]}"}).status_code == 302
        assert is_in(browser)


def test_a_code_is_good_once(asha: StaffMember) -> None:
    switch_on(asha)
    with time_machine.travel(NOON, tick=False):
        answers = []
        for browser in (Client(), Client()):
            type_password(browser)
            answers.append(browser.post(LOG_IN, {"code": code_of(asha)}).status_code)
        assert answers == [302, 200]


def test_a_code_without_a_password_before_is_nothing(asha: StaffMember) -> None:
    switch_on(asha)
    browser = Client()
    with time_machine.travel(NOON, tick=False) as now:
        assert "took too long" in browser.post(LOG_IN, {"code": code_of(asha)}).content.decode()
        type_password(browser)
        now.shift(301)
        assert "took too long" in browser.post(LOG_IN, {"code": code_of(asha)}).content.decode()
        assert not is_in(browser)


def test_five_wrong_codes_begin_anew_and_each_makes_the_next_wait(asha: StaffMember) -> None:
    switch_on(asha)
    browser = Client()
    with time_machine.travel(NOON, tick=False) as now:
        type_password(browser)
        assert "not right" in browser.post(LOG_IN, {"code": "12"}).content.decode()
        assert "not right" in browser.post(LOG_IN, {"code": code_of(asha)}).content.decode()
        for _ in range(3):
            now.shift(20)
            browser.post(LOG_IN, {"code": "twelve"})
        now.shift(100)
        assert "took too long" in browser.post(LOG_IN, {"code": code_of(asha)}).content.decode()


def test_a_role_that_needs_it_reaches_nothing_else(asha: StaffMember, settings: Settings) -> None:
    settings.STAFF_TWO_STEP_ROLES = frozenset({"org_admin"})
    browser = Client()
    type_password(browser)
    assert browser.get("/admin/").headers["Location"] == PAGE
    assert "Your role requires it" in browser.get(PAGE).content.decode()
    browser.post(PAGE, {"code": code_of(asha)})
    assert is_in(browser)
    browser.post(PAGE, {"switch_off": "1"})
    assert TOTPDevice.objects.filter(confirmed=True).exists()


def test_it_is_switched_off_on_the_same_page(asha: StaffMember) -> None:
    switch_on(asha)
    browser = log_in(asha)
    assert "Use another phone" in browser.get(PAGE).content.decode()
    browser.post(PAGE, {"switch_off": "1"})
    assert not TOTPDevice.objects.exists()
    assert type_password(Client()).status_code == 302


def test_another_phone_replaces_the_first(asha: StaffMember) -> None:
    switch_on(asha)
    browser = log_in(asha)
    browser.get(f"{PAGE}?replace=1")
    new = TOTPDevice.objects.get(confirmed=False)
    assert browser.post(f"{PAGE}?replace=1", {"code": f"{totp(new.bin_key):06}"}).status_code == 302
    assert list(TOTPDevice.objects.values_list("pk", "confirmed")) == [(new.pk, True)]


def test_an_administrator_resets_a_lost_phone(asha: StaffMember, organization: Organization) -> None:
    switch_on(asha)
    page = page_of("organizations_staffmember", asha).replace("/change/", "/reset-two-step/")
    for role, status in (("store_manager", 403), ("org_admin", 302)):
        browser = log_in(StaffMemberFactory(organization=organization, role=role))
        assert browser.post(page).status_code == status
        assert TOTPDevice.objects.exists() == (status == 403)
    assert log_in(asha).get(page).headers["Location"] == PAGE


def test_the_command_resets_staff_and_operators(asha: StaffMember, capsys: pytest.CaptureFixture[str]) -> None:
    operator = StaffMember.objects.create_superuser("root", password="x")
    for member in (asha, operator):
        switch_on(member)
        call_command("reset_two_step", member.username)
        with pytest.raises(CommandError):
            call_command("reset_two_step", member.username)
    with pytest.raises(CommandError):
        call_command("reset_two_step", "nobody")
    assert not TOTPDevice.objects.exists()
