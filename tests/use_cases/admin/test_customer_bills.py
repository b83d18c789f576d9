"""Staff record a bill of a customer, and ask what one would earn."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.points.models import PointsAccount
from organizations.locations.models import Store, Till
from tests.back_office import confirmed, page_of, text_of
from tests.factories.bills import BillFactory
from tests.factories.customers import CustomerFactory
from tests.use_cases.admin.dialogs import address


def bill(**values: Any) -> dict[str, Any]:
    lines = {"lines-item": ["KETTLE", "MUG"], "lines-quantity": ["1", "2"], "lines-amount": ["200", "50"]}
    return {"number": "B-100", "day": "2026-01-05", "token": "0", "amount": "", **lines, **values}


def test_a_bill_is_recorded_with_its_lines_and_points_once(
    administrator: Client, anna: Customer, points: PointsAccount, store: Store
) -> None:
    assert administrator.get(address("record_bill", anna)).status_code == 200
    typed_bill = bill(store=str(store.pk))
    shown = administrator.post(address("record_bill", anna), typed_bill)
    assert "250.00 INR: it earns 12 points = 6.00 INR" in text_of(shown)
    assert not Bill.objects.exists()
    for _ in range(2):
        answer = administrator.post(address("record_bill", anna), confirmed(typed_bill))
        assert answer["Location"] == page_of("customers_customer", anna)
    recorded = Bill.objects.get()
    assert (recorded.number, recorded.amount, recorded.store, recorded.recorded_by) == ("B-100", 250, store, "staff:asha")
    assert list(recorded.lines.order_by("position").values_list("item_code", "quantity", "amount")) == [
        ("KETTLE", 1, 200),
        ("MUG", 2, 50),
    ]
    points.refresh_from_db()
    assert points.balance == 112
    assert "bill B-100 of 250.00 INR, 12 points." in text_of(administrator.get("/admin/"))


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"number": "B-1"}, "number", "A bill of this number is recorded already. "),
        ({"number": "x" * 51}, "number", "Ensure this value has at most 50 characters (it has 51)."),
        ({"day": "2099-01-01"}, "day", "The day is too far in the future. "),
        ({"day": "1900-01-01"}, "day", "The day is too far in the past. "),
        ({"amount": "x"}, "amount", "Enter an amount in plain digits, such as 19.90."),
        ({"lines-item": ["", ""], "lines-amount": ["", ""], "lines-quantity": ["", ""]}, "amount", "Enter the amount"),
        ({"store": ""}, "store", "This field is required."),
    ],
)
def test_a_refused_bill_is_explained_at_its_field(
    administrator: Client, anna: Customer, till: Till, values: dict[str, Any], field: str, error: str
) -> None:
    BillFactory(till=till, customer=anna, number="B-1", billed_at=datetime(2026, 1, 5, 9, tzinfo=UTC))
    sent = bill(**{"store": str(till.store_id), **values})
    errors = administrator.post(address("record_bill", anna), sent).context["form"].errors
    assert list(errors) == [field]
    assert errors[field][0].startswith(error)


def test_store_staff_record_no_bills(seller: Client, anna: Customer, store: Store) -> None:
    assert seller.post(address("record_bill", anna), bill(store=str(store.pk))).status_code == 403


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
