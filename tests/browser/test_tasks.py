"""What staff do all day, with the number of pages that it loads."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from customers.duplicates.models import DuplicateCandidate
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from demo.organization import ORGANIZATION_CODE
from engagement.bills.models import Bill
from engagement.points.models import PointsAccount
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import page_of
from tests.browser.desk import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Customer:
    """A member of the demo's program, with a mobile number, an e-mail address and points."""
    with organization_scope(Organization.objects.get(code=ORGANIZATION_CODE)):
        has_mobile = Identifier.objects.filter(kind="mobile", state="CURRENT").values("customer")
        has_email = Identifier.objects.filter(kind="email", state="CURRENT").values("customer")
        accounts = PointsAccount.objects.filter(balance__gt=100, customer__in=has_mobile).filter(customer__in=has_email)
        account = accounts.select_related("customer").order_by("pk").first()
        assert account is not None
        return account.customer


def mobile_of(member: Customer) -> str:
    with organization_scope(member.organization_id):
        return Identifier.objects.get(customer=member, kind="mobile", state="CURRENT").value


def box(desk: Desk) -> Locator:
    """The search box of the page."""
    return desk.page.get_by_role("combobox", name="Find a customer, card, coupon, bill or ticket")


def test_a_customer_is_found_by_mobile_in_one_page(sit: Callable[..., Desk], member: Customer) -> None:
    desk = sit("maya")
    desk.go("/admin/")
    desk.loads = 0
    box(desk).fill(f"+{mobile_of(member)}")
    box(desk).press("Enter")
    expect(desk.page.get_by_role("heading", name=str(member)).first).to_be_visible()
    assert (desk.page.url, desk.loads) == (desk.url + page_of("customers_customer", member), 1)


def test_the_reason_of_a_balance_opens_in_place(sit: Callable[..., Desk], member: Customer) -> None:
    desk = sit("maya")
    desk.go(page_of("customers_customer", member))
    desk.loads = 0
    desk.page.get_by_role("link", name="Points", exact=True).first.click()
    line = desk.page.locator("details").first
    line.locator("summary").click()
    expect(line).to_have_attribute("open", "")
    assert desk.loads <= 1


def test_goodwill_shows_its_result_and_loads_one_page(sit: Callable[..., Desk], member: Customer) -> None:
    desk = sit("maya")
    desk.go(page_of("customers_customer", member))
    desk.loads = 0
    desk.page.get_by_role("link", name="Goodwill").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Points").fill("50")
    dialog.get_by_label("Reason").select_option(index=1)
    expect(dialog.get_by_text("New balance")).to_be_visible()
    dialog.get_by_role("button", name="Adjust points").click()
    expect(desk.page.get_by_text("+50 points").first).to_be_visible()
    assert desk.loads == 1


def test_another_answer_about_offers_is_said_in_one_page(sit: Callable[..., Desk], member: Customer) -> None:
    desk = sit("maya")
    desk.go(page_of("customers_customer", member))
    desk.loads = 0
    consent = desk.page.locator("#consent")
    offers = consent.get_by_role("group", name="SMS, offers and news")
    answer = "Yes" if offers.get_by_role("radio", name="No").is_checked() else "No"
    offers.get_by_text(answer, exact=True).click()
    consent.get_by_label("How do you know?").fill("Asked at the till")
    consent.get_by_role("button", name="Save").click()
    expect(desk.page.get_by_text("since").first).to_be_visible()
    expect(offers.get_by_role("radio", name=answer)).to_be_checked()
    assert desk.loads == 1


def test_a_bill_by_its_number_says_what_it_earned(sit: Callable[..., Desk], member: Customer) -> None:
    with organization_scope(member.organization_id):
        number = Bill.objects.filter(customer=member, type="REGULAR").values_list("number", flat=True).first()
    desk = sit("maya")
    desk.go("/admin/")
    desk.loads = 0
    box(desk).fill(str(number))
    box(desk).press("Enter")
    expect(desk.page.get_by_text("Why these points").first).to_be_visible()
    assert desk.loads == 1


def test_how_the_program_is_doing_is_the_first_page(sit: Callable[..., Desk]) -> None:
    desk = sit("maya")
    desk.go("/admin/")
    desk.loads = 0
    expect(desk.page.get_by_role("heading", name="How the program is doing")).to_be_visible()
    assert desk.loads == 0


def test_who_joined_lately_is_listed_in_one_page(sit: Callable[..., Desk]) -> None:
    desk = sit("maya")
    desk.go("/admin/customers/customer/")
    desk.loads = 0
    desk.page.get_by_role("link", name="Joined in the last 7 days").click()
    expect(desk.page.get_by_role("link", name="Export")).to_be_visible()
    assert desk.loads == 1


def test_a_name_is_corrected_in_one_page(sit: Callable[..., Desk], member: Customer) -> None:
    desk = sit("maya")
    desk.go(page_of("customers_customer", member))
    desk.loads = 0
    desk.page.get_by_role("link", name="Correct the name").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Last name").fill("Of-The-Harbour")
    dialog.get_by_role("button", name="Save").click()
    expect(desk.page.get_by_role("heading", name="Of-The-Harbour").first).to_be_visible()
    assert desk.loads == 1


def test_two_accounts_are_merged_in_two_pages_and_parted_in_one(sit: Callable[..., Desk]) -> None:
    with organization_scope(Organization.objects.get(code=ORGANIZATION_CODE)):
        pair = DuplicateCandidate.objects.filter(state="OPEN").order_by("-pk")[0]
    desk = sit("maya")
    desk.go(page_of("customers_duplicatecandidate", pair))
    desk.loads = 0
    desk.page.get_by_role("link", name="Merge", exact=True).click()
    desk.page.get_by_label("Reason").fill("Signed up twice")
    desk.page.get_by_role("button", name="Merge", exact=True).click()
    undo = desk.page.get_by_role("link", name="Undo merge")
    expect(undo).to_be_visible()
    assert desk.loads == 2
    undo.click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("They are brothers")
    dialog.get_by_role("button", name="Undo merge").click()
    expect(desk.page.get_by_text("are two customers again")).to_be_visible()
    assert desk.loads == 3


def test_an_email_is_changed_in_two_pages_and_approved_in_one(sit: Callable[..., Desk], member: Customer) -> None:
    clerk = sit("tomas")
    clerk.go(page_of("customers_customer", member))
    clerk.loads = 0
    clerk.page.get_by_role("link", name="Change e-mail/mobile").click()
    dialog = clerk.page.get_by_role("dialog")
    dialog.get_by_role("radio", name="E-mail").check()
    dialog.get_by_label("New value").fill("moved.house@example.com")
    dialog.get_by_role("button", name="Request change").click()
    expect(clerk.page.get_by_text("moved.house@example.com").first).to_be_visible()
    assert clerk.loads <= 2

    manager = sit("maya")
    manager.go(page_of("customers_customer", member))
    manager.loads = 0
    manager.page.get_by_role("link", name="Approve").click()
    manager.page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(manager.page.get_by_text(": approved.")).to_be_visible()
    assert manager.loads == 1
