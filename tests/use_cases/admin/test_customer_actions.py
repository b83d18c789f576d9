"""What staff do for one customer: who may, whose customers, what is shown before, and that it is done once."""

from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from customers.profile.models import Customer
from engagement.adjustments.models import PointsAdjustment
from engagement.bills.models import Bill
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Program
from organizations.back_office.middleware import DIALOG_HEADER, LOCATION_HEADER
from organizations.locations.models import Store, Till
from tests.back_office import confirmed, log_in, page_of, register, text_of
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.programs import ProgramFactory, ProgramVersionFactory
from tests.factories.staff import StaffMemberFactory
from use_cases.admin.customer_actions import PAGES


def address(name: str, customer: Customer) -> str:
    return reverse(f"admin:customers_customer_{name}", args=[customer.pk])


def typed(browser: Client, name: str, customer: Customer, **values: Any) -> dict[str, Any]:
    """What the page's form sends: its initial values, and those that are typed."""
    form = browser.get(address(name, customer)).context["form"]
    sent = {key: form.get_initial_for_field(field, key) for key, field in form.fields.items()}
    return {key: value for key, value in {**sent, **values}.items() if value is not None and value is not False}


def send(browser: Client, name: str, customer: Customer, **values: Any) -> HttpResponse:
    """The answer to the form after its preview."""
    return browser.post(address(name, customer), confirmed(typed(browser, name, customer, **values)))


@pytest.fixture
def points(anna: Customer) -> PointsAccount:
    """Anna's account, with 100 points worth 0.5 each."""
    account = PointsAccount.objects.get(customer=anna)
    version = account.program.versions.order_by("-number")[0]
    earning = [{"name": "base", "award": {"per": 100, "points": 5}}]
    rules = {**version.rules, "points_to_currency": "0.5", "earning": earning}
    ProgramVersionFactory(program=account.program, number=version.number + 1, rules=rules)
    give_points(account, 100 - account.balance)
    account.refresh_from_db()
    return account


# --- who may


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"simulate_bill"}))
def test_auditors_do_nothing(auditor: Client, anna: Customer, name: str) -> None:
    for answer in (auditor.get(address(name, anna)), auditor.post(address(name, anna), {"token": "0"})):
        assert answer.status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_customers_of_other_stores_and_organizations_are_unknown(
    store: Store, indiranagar: Till, stranger: Till, name: str
) -> None:
    manager = log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store]))
    of_another_store = register(indiranagar, mobile="9812300077")
    of_another_organization = register(stranger, mobile="9812300077")
    for customer in (of_another_store, of_another_organization):
        assert manager.get(address(name, customer))["Location"] == "/admin/"
        assert manager.post(address(name, customer), {"token": "0"})["Location"] == "/admin/"


# --- goodwill


def test_goodwill_shows_the_new_balance_and_gives_points_once(
    administrator: Client, anna: Customer, points: PointsAccount
) -> None:
    assert "100 points = 50.00 INR" in text_of(administrator.get(address("goodwill", anna)))
    sent = typed(administrator, "goodwill", anna, points="25", reason="Wrong price", details="Shelf label")
    shown = administrator.post(address("goodwill", anna), sent)
    assert "New balance: 125 points = 62.50 INR" in text_of(shown)
    assert not PointsAdjustment.objects.exists()
    again = {**sent, "seen": shown.context["form"].seen}
    for _ in range(2):
        assert administrator.post(address("goodwill", anna), again)["Location"] == page_of("customers_customer", anna)
    entry = PointsEntry.objects.get(kind="ADJUST")
    assert (entry.points, entry.note) == (25, "Wrong price: Shelf label")
    page = text_of(administrator.get("/admin/"))
    assert "Anna Rao: +25 points." in page
    assert "nothing more was done: this page was sent before, with +25 points." in page


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"points": "-101"}, "points", "Only 100 points can be taken."),
        ({"points": "0.0001"}, "points", "The program allows whole points only."),
        ({"points": "x"}, "points", "Enter a number in plain digits, such as 250 or -12.5."),
        ({"reason": ""}, "reason", "This field is required."),
        ({"reason": "Another reason"}, "details", "Write the reason here."),
        ({"details": "x" * 240}, "details", "Write at most 237 characters."),
    ],
)
def test_refused_goodwill_is_explained_at_its_field(
    administrator: Client, anna: Customer, points: PointsAccount, values: dict[str, str], field: str, error: str
) -> None:
    sent = typed(administrator, "goodwill", anna, **{"points": "5", "reason": "Wrong price", **values})
    answer = administrator.post(address("goodwill", anna), sent)
    assert answer.context["form"].errors == {field: [error]}
    assert not PointsAdjustment.objects.exists()


def test_goodwill_above_the_limit_waits_for_a_colleague(anna: Customer, points: PointsAccount) -> None:
    agent = log_in(StaffMemberFactory(organization=anna.organization, role="care_agent"))
    sent = typed(agent, "goodwill", anna, points="1001", reason="Thank-you")
    shown = agent.post(address("goodwill", anna), sent)
    assert "A colleague approves it first. Until then no points move." in text_of(shown)
    agent.post(address("goodwill", anna), {**sent, "seen": shown.context["form"].seen})
    assert PointsAdjustment.objects.get().status == "PENDING"
    points.refresh_from_db()
    assert points.balance == 100


def test_goodwill_goes_to_the_chosen_program(administrator: Client, anna: Customer, points: PointsAccount) -> None:
    other = ProgramFactory(organization=anna.organization, name="Outlet")
    account = PointsAccountFactory(organization=anna.organization, customer=anna, program=other)
    assert "Outlet" in text_of(administrator.get(address("goodwill", anna)))
    send(administrator, "goodwill", anna, account_id=str(account.pk), points="7", reason="Thank-you")
    account.refresh_from_db()
    points.refresh_from_db()
    assert (account.balance, points.balance) == (7, 100)


def test_a_customer_without_points_gets_no_goodwill(administrator: Client, store: Store) -> None:
    customer = CustomerFactory(organization=store.organization, firstname="Zoe", lastname="")
    assert administrator.get(address("goodwill", customer))["Location"] == page_of("customers_customer", customer)
    assert "Zoe has no points: only members of a program have." in text_of(administrator.get("/admin/"))


def test_store_staff_need_a_limit_for_goodwill(seller: Client, anna: Customer, points: PointsAccount) -> None:
    assert seller.get(address("goodwill", anna)).status_code == 403
    anna.organization.flags = {"ADJUSTMENT_LIMIT_STORE_STAFF": 5}
    anna.organization.save()
    assert send(seller, "goodwill", anna, points="5", reason="Thank-you").status_code == 302


# --- simulation


def test_what_a_bill_would_earn_is_shown_rule_by_rule(
    auditor: Client, anna: Customer, points: PointsAccount, store: Store
) -> None:
    page = auditor.get(address("simulate_bill", anna) + f"?amount=250&store={store.pk}&day=2026-01-05")
    form = page.context["form"]
    assert (form["amount"].value(), form["day"].value()) == ("250", "2026-01-05")
    shown = text_of(
        auditor.post(address("simulate_bill", anna), {"amount": "250", "day": "2026-01-05", "store": str(store.pk)})
    )
    assert "It earns 12 points = 6.00 INR" in shown
    assert "Rule base gives 12 regular points; they never expire." in shown
    assert not Bill.objects.exists()


def test_the_lines_of_a_simulated_bill_make_its_amount(auditor: Client, anna: Customer, points: PointsAccount) -> None:
    lines = {"lines-item": ["KETTLE", "", "MUG"], "lines-quantity": ["", "", "2"], "lines-amount": ["40", "", "2.50"]}
    answer = auditor.post(address("simulate_bill", anna), {"amount": "", "day": "2026-01-05", **lines})
    form = answer.context["form"]
    assert form.cleaned_data["amount"] == Decimal("42.50")
    assert [(line.item_code, line.quantity, line.amount) for line in form.cleaned_data["lines"]] == [
        ("KETTLE", 1, 40),
        ("MUG", 2, Decimal("2.50")),
    ]


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({}, "amount", "Enter the amount of the bill, or its lines."),
        ({"amount": "-1"}, "amount", "Enter an amount in plain digits, such as 19.90."),
        ({"amount": "1", "day": "x"}, "day", "Enter a valid date."),
        ({"amount": "1", "store": "0"}, "store", "Select a valid choice. 0 is not one of the available choices."),
        ({"lines-amount": ["1"]}, "lines", "Line 1: enter the code of the item, of at most 100 characters."),
        (
            {"lines-item": ["A"], "lines-quantity": ["0"]},
            "lines",
            "Line 1: the quantity is a number above 0, such as 1 or 2.5.",
        ),
        ({"lines-item": ["A"], "lines-amount": ["x"]}, "lines", "Line 1: enter the amount in plain digits, such as 19.90."),
    ],
)
def test_what_cannot_be_simulated_is_explained_at_its_field(
    auditor: Client, anna: Customer, values: dict[str, Any], field: str, error: str
) -> None:
    empty = {"amount": "", "day": "2026-01-05", "lines-item": [""], "lines-quantity": [""], "lines-amount": [""]}
    answer = auditor.post(address("simulate_bill", anna), {**empty, **values})
    assert answer.context["form"].errors == {field: [error]}


def test_a_bill_of_a_customer_in_no_program_earns_nothing(auditor: Client, store: Store) -> None:
    customer = CustomerFactory(organization=store.organization)
    answer = auditor.post(address("simulate_bill", customer), {"amount": "10", "day": "2026-01-05"})
    assert "It earns nothing" in text_of(answer)


# --- dialogs


def test_a_dialog_learns_where_success_leads(administrator: Client, anna: Customer, points: PointsAccount) -> None:
    sent = confirmed(typed(administrator, "goodwill", anna, points="5", reason="Thank-you"))
    answer = administrator.post(address("goodwill", anna), sent, headers={DIALOG_HEADER: "1"})
    assert (answer.status_code, answer[LOCATION_HEADER]) == (204, page_of("customers_customer", anna))
    assert "Anna Rao: +5 points." in text_of(administrator.get("/admin/"))


def test_a_dialog_learns_that_the_log_in_is_over(client: Client, anna: Customer) -> None:
    answer = client.get(address("goodwill", anna), headers={DIALOG_HEADER: "1"})
    assert (answer.status_code, answer[LOCATION_HEADER].startswith("/admin/login/")) == (204, True)


def test_goodwill_asks_for_the_password_if_it_was_typed_long_ago(administrator: Client, anna: Customer) -> None:
    session = administrator.session
    session["confirmed_at"] = 0
    session.save()
    assert administrator.get(address("goodwill", anna))["Location"].startswith("/admin/confirm-password/")


def test_the_program_of_a_customer_who_is_in_none_is_not_guessed(anna: Customer, administrator: Client) -> None:
    Program.objects.update(is_active=False)
    assert administrator.get(address("goodwill", anna))["Location"] == page_of("customers_customer", anna)
