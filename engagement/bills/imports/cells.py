"""Cells of money, which files of bills and of lines share."""

from decimal import Decimal

from engagement.bills.draft import MOST_MONEY
from engagement.numbers.money import round_money
from loyalty_project.imports.cells import Values, number_cell, refusal
from organizations.tenancy.models import Organization


def money_cell(row: Values, column: str, organization: Organization, *, is_required: bool = False) -> Decimal | None:
    """A cell as an amount (>= 0), rounded to the decimals of the currency; None for a blank one. Raises `LoyaltyError` 400."""
    amount = number_cell(row, column, most=MOST_MONEY, is_required=is_required)
    if amount is None:
        return None
    if amount < 0:
        raise refusal(row, column, "is below 0")
    return round_money(amount, organization.currency)
