"""Rows of a transactions file as bills (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from customers.profile.field_values import NotAnOptionError, WrongTypeError, read_value
from engagement.bills.draft import BillDraft
from engagement.bills.imports.cells import read_location, read_money_cell, read_text
from engagement.bills.models import ANONYMOUS
from loyalty_project.imports.batches import Values
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.moments import read_moment
from organizations.fields.models import FieldDefinition
from organizations.locations.lookup import Locations
from organizations.tenancy.models import Organization

REQUIRED = ("number", "billing_time", "amount")
COLUMNS = (
    *IDENTIFIERS,
    *REQUIRED,
    "type",
    "return_of",
    "return_type",
    "gross_amount",
    "discount",
    "store_code",
    "till_code",
    "notes",
    "points",
)
_CUSTOM = "custom."
NOTES_LENGTH = 250


def read_bill_columns(columns: Sequence[str], fields: Sequence[FieldDefinition]) -> Mapping[str, FieldDefinition]:
    """The fields of the `custom.<name>` columns, by column. Raises `ColumnsError` for unknown or missing columns."""
    by_name = {f"{_CUSTOM}{definition.name}": definition for definition in fields if definition.is_active}
    check_columns(columns, known={**dict.fromkeys(COLUMNS, ""), **dict.fromkeys(by_name, "")}, required=REQUIRED)
    return {column: by_name[column] for column in columns if column in by_name}


def read_bill_row(
    row: Values,
    *,
    customer_id: int,
    organization: Organization,
    locations: Locations,
    fields: Mapping[str, FieldDefinition],
) -> tuple[BillDraft, list[Notice]]:
    """The bill of a row, and warnings for custom values that cannot be kept. An anonymous bill has no customer.

    Raises `LoyaltyError` 1150 for an unknown store or till, 400 for other malformed cells.
    """
    store, till = read_location(row, locations)
    billed_at = read_moment(read_text(row, "billing_time"), organization.zone)
    notes = read_text(row, "notes")
    if billed_at is None or not read_text(row, "number") or len(notes) > NOTES_LENGTH:
        raise LoyaltyError(Code.INVALID_INPUT)
    values, notices = _field_values(row, fields)
    type_ = read_text(row, "type").upper() or "REGULAR"
    draft = BillDraft(
        type=type_,
        customer_id=None if type_ in ANONYMOUS else customer_id,
        number=read_text(row, "number"),
        billed_at=billed_at,
        amount=read_money_cell(row, "amount", organization),
        gross_amount=read_money_cell(row, "gross_amount", organization),
        discount=read_money_cell(row, "discount", organization) or Decimal(0),
        till=till,
        store=store,
        return_type=read_text(row, "return_type").upper(),
        sale_number=read_text(row, "return_of"),
        notes=notes,
        field_values=values,
        stated_points=_points(row),
    )
    if draft.amount is None or bool(draft.sale_number) > draft.is_return:
        raise LoyaltyError(Code.INVALID_INPUT)
    return draft, notices


def _points(row: Values) -> Decimal | None:
    """The points that the file states, which fit the column; None for a blank cell. Raises `LoyaltyError` 400."""
    text = read_text(row, "points")
    if not text:
        return None
    try:
        points = Decimal(text)
    except InvalidOperation:
        raise LoyaltyError(Code.INVALID_INPUT) from None
    if not points.is_finite() or points < 0 or points.adjusted() > 14 or points != points.quantize(Decimal("0.001")):
        raise LoyaltyError(Code.INVALID_INPUT)
    return points


def _field_values(row: Values, fields: Mapping[str, FieldDefinition]) -> tuple[dict[str, Any], list[Notice]]:
    values: dict[str, Any] = {}
    notices: list[Notice] = []
    for column, definition in fields.items():
        if not (text := read_text(row, column)):
            continue
        try:
            values[str(definition.pk)] = read_value(text, definition)
        except NotAnOptionError:
            notices.append(Notice(Code.INVALID_CUSTOM_FIELD))
        except WrongTypeError:
            notices.append(Notice(Code.CUSTOM_FIELD_NOT_SAVED))
    return values, notices
