"""Cells that files of bills and of lines share: text, money, store and till."""

from decimal import Decimal

from engagement.numbers.money import read_money
from loyalty_project.imports.batches import Values
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.locations.lookup import Locations, UnknownLocationError
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization


def read_text(row: Values, column: str) -> str:
    """A cell without surrounding blanks; "" for a missing one."""
    return row.get(column, "").strip()


def read_money_cell(row: Values, column: str, organization: Organization) -> Decimal | None:
    """A cell as an amount (>= 0); None for a blank one. Raises `LoyaltyError` 400 for anything else."""
    text = read_text(row, column)
    if not text:
        return None
    amount = read_money(text, organization.currency)
    if amount is None or amount < 0:
        raise LoyaltyError(Code.INVALID_INPUT)
    return amount


def read_location(row: Values, locations: Locations) -> tuple[Store | None, Till | None]:
    """The store and till of a row. Raises `LoyaltyError` 1150 for unknown ones."""
    try:
        return locations.find(store=read_text(row, "store_code"), till=read_text(row, "till_code"))
    except UnknownLocationError:
        raise LoyaltyError(Code.INVALID_STORE_ID) from None
