"""Rows of a transactions file as bills (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from customers.profile.field_cells import check_field_cell, is_strict
from customers.profile.field_values import NotAnOptionError, WrongTypeError, read_value
from engagement.bills.draft import NUMBER_LENGTH, BillDraft
from engagement.bills.imports.cells import money_cell
from engagement.bills.models import ANONYMOUS, Bill
from engagement.numbers.rounding import MOST_DECIMALS, MOST_POINTS
from loyalty_project.imports.cells import Values, choice_cell, code_cell, moment_cell, number_cell, refusal, required, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
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
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "number", "return_of")
_CUSTOM = "custom."
NOTES_LENGTH = 250


def read_bill_columns(columns: Sequence[str], fields: Sequence[FieldDefinition]) -> Mapping[str, FieldDefinition]:
    """The fields of the `custom.<name>` columns, by column. Raises `ColumnsError` for unknown or missing columns."""
    by_name = {f"{_CUSTOM}{definition.name}": definition for definition in fields if definition.is_active}
    check_columns(columns, known={**dict.fromkeys(COLUMNS, ""), **dict.fromkeys(by_name, "")}, required=REQUIRED)
    return {column: by_name[column] for column in columns if column in by_name}


def free_text_of(fields: Mapping[str, FieldDefinition]) -> list[str]:
    """Columns whose quoted cells may hold line breaks: notes, and text fields."""
    return ["notes", *(column for column, field in fields.items() if field.type == FieldDefinition.Type.TEXT)]


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
    store, till = locations.of_row(row)
    values, notices = _field_values(row, fields)
    type_ = choice_cell(row, "type", Bill.Type.values) or Bill.Type.REGULAR
    draft = BillDraft(
        type=type_,
        customer_id=None if type_ in ANONYMOUS else customer_id,
        number=code_cell(row, "number", most=NUMBER_LENGTH, is_required=True),
        billed_at=required(moment_cell(row, "billing_time", organization.zone, is_required=True)),
        amount=money_cell(row, "amount", organization, is_required=True),
        gross_amount=money_cell(row, "gross_amount", organization),
        discount=money_cell(row, "discount", organization) or Decimal(0),
        till=till,
        store=store,
        return_type=text_cell(row, "return_type").upper(),
        sale_number=code_cell(row, "return_of", most=NUMBER_LENGTH),
        notes=text_cell(row, "notes", most=NOTES_LENGTH),
        field_values=values,
        stated_points=_points(row),
    )
    if draft.sale_number and not draft.is_return:
        raise refusal(row, "return_of", f"is filled, but a bill of type {type_} returns nothing")
    return draft, notices


def _points(row: Values) -> Decimal | None:
    """The points that the file states, which fit the column; None for a blank cell. Raises `LoyaltyError` 400."""
    points = number_cell(row, "points", most=MOST_POINTS, decimals=MOST_DECIMALS)
    if points is not None and points < 0:
        raise refusal(row, "points", "is below 0")
    return points


def _field_values(row: Values, fields: Mapping[str, FieldDefinition]) -> tuple[dict[str, Any], list[Notice]]:
    values: dict[str, Any] = {}
    notices: list[Notice] = []
    for column, definition in fields.items():
        if not (text := text_cell(row, column)):
            continue
        if is_strict(definition):
            check_field_cell(row, column, definition)
        try:
            values[str(definition.pk)] = read_value(text, definition)
        except NotAnOptionError:
            notices.append(Notice(Code.INVALID_CUSTOM_FIELD))
        except WrongTypeError:
            notices.append(Notice(Code.CUSTOM_FIELD_NOT_SAVED))
    return values, notices
