"""The lines of a bill as a till sends them (docs/protocol.md, tills' part 2.2)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from engagement.bills.codes import BillCode
from engagement.bills.draft import LineDraft
from engagement.bills.models import Bill
from engagement.bills.reader import CODE, LONG, SHORT, Reader
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import Item, rows, text

MOST_LINES: Final = 1000
CANCELLED: Final = "CANCELLED"
_RETURNED: Final = "RETURN"
_ADDED_ITEMS: Final[Mapping[str, str]] = {"addon_items": "addon_item", "combo_items": "combo_item", "split_items": "split_item"}
_ADDED_ITEM_KEYS: Final = ("item_code", "quantity", "description", "rate", "value")
_TEXTS: Final = ("variant", "base_item_code", "notes", "returnable", "returnable_days")


def read_lines(item: Item, reader: Reader, notices: list[Notice]) -> Sequence[LineDraft]:
    """The lines in their order, with warning 9608 for each outlier. Raises `LoyaltyError` 400 for more than 1,000."""
    return [_line(row, reader, notices) for row in rows(item, "line_items", "line_item", most=MOST_LINES)]


def _line(row: Item, reader: Reader, notices: list[Notice]) -> LineDraft:
    quantity = reader.quantity(row, "qty", "quantity")
    quantity = Decimal(1) if quantity is None else quantity
    rate = reader.money(row, "rate") or Decimal(0)
    value = reader.money(row, "value")
    item_code = reader.words(row, "item_code", most=CODE)
    outlier = text(row, "outlier_status").upper()
    if outlier and outlier not in Bill.Outlier.values:
        reader.unread.add(BillCode.INVALID_OUTLIER_STATUS)
    kinds = {text(row, "type").upper(), text(row, "return_type").upper()}
    if outlier and outlier != Bill.Outlier.NORMAL:
        notices.append(Notice(BillCode.LINE_IS_OUTLIER, x=item_code))
    return LineDraft(
        item_code=read_code(item_code),
        serial=reader.words(row, "serial", most=SHORT),
        description=reader.words(row, "description", most=LONG),
        quantity=quantity,
        rate=rate,
        value=(rate * quantity).quantize(Decimal("0.001")) if value is None else value,
        discount=reader.money(row, "discount", "discount_value") or Decimal(0),
        amount=reader.money(row, "amount"),
        details=_line_details(row, reader, outlier=outlier),
        is_returned=text(row, "type").upper() == _RETURNED,
        is_cancelled=CANCELLED in kinds,
        sale_number=read_code(reader.words(row, "transaction_number", most=CODE)),
        purchased_on=reader.day(text(row, "transaction_date", "purchase_time")),
    )


def _line_details(row: Item, reader: Reader, *, outlier: str) -> dict[str, Any]:
    """What is kept of a line as it was sent."""
    details: dict[str, Any] = {name: sent for name in _TEXTS if (sent := reader.words(row, name, most=LONG))}
    if attributes := _pairs(row, "attributes", "attribute", reader):
        details["attributes"] = attributes
    for category in ("custom_fields", "extended_fields"):
        if pairs := _pairs(row, category, "field", reader):
            details[category] = pairs
    for container, singular in _ADDED_ITEMS.items():
        if added := [_added_item(part, reader) for part in rows(row, container, singular)]:
            details[container] = added
    if outlier and outlier != Bill.Outlier.NORMAL:
        details["outlier_status"] = outlier
    return details


def _pairs(row: Item, container: str, singular: str, reader: Reader) -> dict[str, str]:
    """Values by name; those without a name or value are left out."""
    pairs = [
        (reader.words(pair, "name", most=LONG), reader.words(pair, "value", most=LONG))
        for pair in rows(row, container, singular)
    ]
    return {name: value for name, value in pairs if name and value}


def _added_item(part: Item, reader: Reader) -> dict[str, str]:
    return {key: sent for key in _ADDED_ITEM_KEYS if (sent := reader.words(part, key, most=LONG))}
