"""Rows of a line items file as lines of bills (docs/imports.md)."""

from collections.abc import Sequence
from decimal import Decimal

from engagement.bills.draft import MOST_MONEY, NUMBER_LENGTH, BillDraft, LineDraft
from engagement.bills.imports.cells import read_location, read_money_cell, read_text
from engagement.numbers.money import read_quantity
from loyalty_project.imports.batches import Values
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_moment
from organizations.locations.lookup import Locations
from organizations.tenancy.models import Organization

REQUIRED = ("number", "billing_time", "item_sku", "quantity", "amount")
COLUMNS = (*IDENTIFIERS, *REQUIRED, "store_code", "till_code", "description", "rate", "discount")
ITEM_LENGTH = 100
DESCRIPTION_LENGTH = 250


def check_line_columns(columns: Sequence[str]) -> None:
    """Raise `ColumnsError` for unknown or missing columns."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=REQUIRED)


def read_line_row(
    row: Values, *, customer_id: int, organization: Organization, locations: Locations
) -> tuple[BillDraft, LineDraft]:
    """The sale that a row names (a draft of what identifies it), and the line.

    Raises `LoyaltyError` 1150 for an unknown store or till, 400 for other malformed cells.
    """
    store, till = read_location(row, locations)
    billed_at = read_moment(read_text(row, "billing_time"), organization.zone)
    number, item, description = (read_text(row, column) for column in ("number", "item_sku", "description"))
    quantity = read_quantity(read_text(row, "quantity"))
    amount, rate, discount = (read_money_cell(row, column, organization) for column in ("amount", "rate", "discount"))
    discount = discount or Decimal(0)
    if billed_at is None or quantity is None or amount is None or not number or not item:
        raise LoyaltyError(Code.INVALID_INPUT)
    if len(number) > NUMBER_LENGTH or len(item) > ITEM_LENGTH or len(description) > DESCRIPTION_LENGTH:
        raise LoyaltyError(Code.INVALID_INPUT)
    rate = rate or Decimal(0)
    if quantity < 0 or max(quantity, rate, amount + discount) > MOST_MONEY:
        raise LoyaltyError(Code.INVALID_INPUT)
    line = LineDraft(
        item_code=item,
        description=description,
        quantity=quantity,
        rate=rate,
        value=amount + discount,
        discount=discount,
        amount=amount,
    )
    return BillDraft(customer_id=customer_id, number=number, billed_at=billed_at, till=till, store=store), line
