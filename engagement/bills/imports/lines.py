"""Rows of a line items file as lines of bills (docs/imports.md)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from engagement.bills.draft import MOST_MONEY, NUMBER_LENGTH, BillDraft, LineDraft
from engagement.bills.imports.cells import money_cell
from loyalty_project.imports.cells import Values, code_cell, moment_cell, number_cell, refusal, required, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from organizations.locations.lookup import Locations
from organizations.tenancy.models import Organization

REQUIRED = ("number", "billing_time", "item_sku", "quantity", "amount")
# Columns of attributes, by which earning rules choose lines.
ATTRIBUTE: Final = "attribute."
COLUMNS = (*IDENTIFIERS, *REQUIRED, "store_code", "till_code", "description", "rate", "discount")
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "number", "item_sku")
# Columns whose quoted cells may hold line breaks.
FREE_TEXT: Final = ("description",)
QUANTITY_DECIMALS: Final = 3
ITEM_LENGTH = 100
ATTRIBUTE_LENGTH = 200
DESCRIPTION_LENGTH = 250


def check_line_columns(columns: Sequence[str]) -> None:
    """Raise `ColumnsError` for unknown or missing columns."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=REQUIRED, prefixes=(ATTRIBUTE,))


def bill_of_row(row: Values) -> tuple[str, ...]:
    """What a row says of its bill: rows that follow each other and agree in it are lines of one bill."""
    return tuple(row.get(column, "").strip() for column in ("number", "store_code", "till_code"))


def read_line_row(
    row: Values, *, customer_id: int, organization: Organization, locations: Locations
) -> tuple[BillDraft, LineDraft]:
    """The sale that a row names (a draft of what identifies it), and the line.

    Raises `LoyaltyError` 1150 for an unknown store or till, 400 for other malformed cells.
    """
    store, till = locations.of_row(row)
    number = code_cell(row, "number", most=NUMBER_LENGTH, is_required=True)
    billed_at = required(moment_cell(row, "billing_time", organization.zone, is_required=True))
    amount = required(money_cell(row, "amount", organization, is_required=True))
    rate = money_cell(row, "rate", organization) or Decimal(0)
    discount = money_cell(row, "discount", organization) or Decimal(0)
    if amount + discount > MOST_MONEY:
        raise refusal(row, "amount", "is too large together with the discount")
    line = LineDraft(
        item_code=text_cell(row, "item_sku", most=ITEM_LENGTH, is_required=True),
        description=text_cell(row, "description", most=DESCRIPTION_LENGTH),
        quantity=_quantity(row),
        rate=rate,
        value=amount + discount,
        discount=discount,
        amount=amount,
        details=_details(row),
    )
    return BillDraft(customer_id=customer_id, number=number, billed_at=billed_at, till=till, store=store), line


def _details(row: Values) -> dict[str, Any]:
    """The attributes of a line, by name; a blank cell is none."""
    columns = [column for column in row if column.startswith(ATTRIBUTE)]
    attributes = {column.removeprefix(ATTRIBUTE): text_cell(row, column, most=ATTRIBUTE_LENGTH) for column in columns}
    return {"attributes": attributes} if attributes else {}


def _quantity(row: Values) -> Decimal:
    quantity = required(number_cell(row, "quantity", most=MOST_MONEY, decimals=QUANTITY_DECIMALS, is_required=True))
    if quantity < 0:
        raise refusal(row, "quantity", "is below 0")
    return quantity
