"""Stated points of older bills are copied from their details to the column, and back."""

from decimal import Decimal
from typing import Any

import pytest

from engagement.bills.models import Bill
from tests.factories.bills import BillFactory
from tests.factories.locations import TillFactory
from tests.migrations import carry_back, carry_over

NAME = "0011_copy_stated_points"


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
