"""Which bill is a row of a transactions file? (docs/imports.md)"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from customers.profile.field_values import NotAnOptionError, WrongTypeError, read_value
from engagement.bills.draft import BillDraft
from engagement.bills.models import ANONYMOUS
from engagement.numbers.money import read_money
from loyalty_project.imports.batches import Values
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.moments import read_moment
from organizations.fields.models import FieldDefinition
from organizations.locations.lookup import Locations, UnknownLocationError
from organizations.locations.models import Store, Till
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
    """The fields that `custom.<name>` columns mean, by column. Raises `ColumnsError` for what no such file has."""
    by_name = {f"{_CUSTOM}{one.name}": one for one in fields if one.is_active}
    check_columns(columns, known={**dict.fromkeys(COLUMNS, ""), **dict.fromkeys(by_name, "")}, required=REQUIRED)
    return {column: by_name[column] for column in columns if column in by_name}


def read_bill_row(
    row: Values,
    *,
    customer_id: int,
    organization: Organization,
    places: Locations,
    fields: Mapping[str, FieldDefinition],
) -> tuple[BillDraft, list[Notice]]:
    """The bill of a row, and warnings for fields that cannot be kept. An anonymous bill is nobody's.

    Raises `LoyaltyError` 1150 for an unknown store or till, 400 for anything else that is malformed.
    """
    store, till = row_place(row, places)
    billed_at = read_moment(row_text(row, "billing_time"), organization.zone)
    notes = row_text(row, "notes")
    if billed_at is None or not row_text(row, "number") or len(notes) > NOTES_LENGTH:
        raise LoyaltyError(Code.INVALID_INPUT)
    values, notices = _field_values(row, fields)
    type_ = row_text(row, "type").upper() or "REGULAR"
    draft = BillDraft(
        type=type_,
        customer_id=None if type_ in ANONYMOUS else customer_id,
        number=row_text(row, "number"),
        billed_at=billed_at,
        amount=row_money(row, "amount", organization),
        gross_amount=row_money(row, "gross_amount", organization),
        discount=row_money(row, "discount", organization) or Decimal(0),
        till=till,
        store=store,
        return_type=row_text(row, "return_type").upper(),
        sale_number=row_text(row, "return_of"),
        notes=notes,
        field_values=values,
        stated_points=_points(row),
    )
    if draft.amount is None or bool(draft.sale_number) > draft.is_return:
        raise LoyaltyError(Code.INVALID_INPUT)
    return draft, notices


def row_place(row: Values, places: Locations) -> tuple[Store | None, Till | None]:
    """The store and till that a row names. Raises `LoyaltyError` 1150 for unknown ones."""
    try:
        return places.find(store=row_text(row, "store_code"), till=row_text(row, "till_code"))
    except UnknownLocationError:
        raise LoyaltyError(Code.INVALID_STORE_ID) from None


def row_text(row: Values, column: str) -> str:
    """A cell without the blanks around it; "" for none."""
    return row.get(column, "").strip()


def row_money(row: Values, column: str, organization: Organization) -> Decimal | None:
    """A cell as an amount (>= 0); None for a blank one. Raises `LoyaltyError` 400 for anything else."""
    text = row_text(row, column)
    if not text:
        return None
    amount = read_money(text, organization.currency)
    if amount is None or amount < 0:
        raise LoyaltyError(Code.INVALID_INPUT)
    return amount


def _points(row: Values) -> Decimal | None:
    """The points that the file states; they must fit a column of points."""
    text = row_text(row, "points")
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
        if not (text := row_text(row, column)):
            continue
        try:
            values[str(definition.pk)] = read_value(text, definition)
        except NotAnOptionError:
            notices.append(Notice(Code.INVALID_CUSTOM_FIELD))
        except WrongTypeError:
            notices.append(Notice(Code.CUSTOM_FIELD_NOT_SAVED))
    return values, notices
