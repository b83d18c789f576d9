"""Bills of earlier versions: stated points get their column, numbers lose invisible characters."""

from decimal import Decimal
from typing import Any

import pytest

from customers.merging.models import Merge
from engagement.bills.models import Bill
from organizations.locations.models import Till
from tests.factories.bills import BillFactory
from tests.factories.customers import CustomerFactory
from tests.factories.locations import TillFactory
from tests.migrations import carry_back, carry_over
from tests.use_cases.merges import merge, undo

NAME = "0011_copy_stated_points"
CLEANING = "0013_bill_numbers_without_invisible_characters"


@pytest.fixture
def bills(organization: Any) -> list[Bill]:
    """Bills as they were stored before the column: two with stated points, one of them 0, and one without."""
    till = TillFactory(store__organization=organization)
    details = [{"stated_points": "7.125", "cashier": "9"}, {"stated_points": "0"}, {"cashier": "9"}]
    return [BillFactory(till=till, customer__organization=organization, details=detail) for detail in details]


def stored() -> list[tuple[Any, ...]]:
    return list(Bill.objects.order_by("pk").values_list("stated_points", "details"))


def test_stated_points_are_copied_to_their_column(bills: list[Bill]) -> None:
    before = stored()
    carry_over("engagement", NAME)
    assert stored() == [
        (points, details) for points, (_, details) in zip([Decimal("7.125"), Decimal(0), None], before, strict=True)
    ]


def test_stated_points_of_newer_bills_are_copied_to_details(bills: list[Bill]) -> None:
    Bill.objects.filter(pk=bills[2].pk).update(stated_points="3.500")
    carry_back("engagement", NAME)
    assert stored()[2] == (Decimal("3.500"), {"cashier": "9", "stated_points": "3.5"})


def test_copying_twice_changes_nothing(bills: list[Bill]) -> None:
    carry_over("engagement", NAME)
    before = stored()
    carry_over("engagement", NAME)
    assert stored() == before


def test_an_empty_table_is_migrated(organization: Any) -> None:
    carry_over("engagement", NAME)
    assert stored() == []


def test_bill_numbers_lose_invisible_characters(organization: Any) -> None:
    till = TillFactory(store__organization=organization)
    bill = BillFactory(till=till, customer__organization=organization, number="B-\u200b1", returned_number="\ufeffB-0")
    carry_over("engagement", CLEANING)
    bill.refresh_from_db()
    assert (bill.number, bill.returned_number) == ("B-1", "B-0")


def test_a_bill_whose_cleaned_number_is_another_bills_stays(organization: Any) -> None:
    till = TillFactory(store__organization=organization)
    numbers = ["B-1", "B-1\u200b"]
    for number in numbers:
        BillFactory(till=till, customer__organization=organization, number=number)
    carry_over("engagement", CLEANING)
    assert sorted(Bill.objects.values_list("number", flat=True)) == numbers


def test_a_merge_can_still_be_undone_after_its_bills_were_cleaned(till: Till) -> None:
    survivor, victim = (CustomerFactory(organization=till.organization) for _ in range(2))
    bill = BillFactory(till=till, customer=victim, number="B-\u200b1")
    merged = merge(till, survivor, victim)
    carry_over("engagement", CLEANING)
    undo(till, Merge.objects.get(pk=merged.pk))
    bill.refresh_from_db()
    assert (bill.number, bill.customer_id) == ("B-1", victim.pk)
