"""Columns of a customers file, and the API item that a row stands for (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers.registration.context import InputContext
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item
from organizations.fields.models import FieldDefinition

Category = FieldDefinition.Category
PLAIN = (
    *IDENTIFIERS,
    "firstname",
    "lastname",
    "type",
    "registered_on",
    "registered_till",
    "associated_with",
    "source",
    "fraud_status",
    "test_control_status",
    "ndnc_status",
    "card_number",
    "referral_code",
    "preferred_store",
)
# Consent columns, each with its channel and priority.
CONSENTS: Mapping[str, tuple[str, str]] = {
    "sms_trans": ("SMS", "TRANS"),
    "sms_bulk": ("SMS", "BULK"),
    "email_trans": ("EMAIL", "TRANS"),
    "email_bulk": ("EMAIL", "BULK"),
}
FIELD_CATEGORIES = (Category.CUSTOM, Category.EXTENDED, Category.PREFERENCE)


@dataclass(frozen=True, slots=True)
class CustomerColumns:
    """The columns of one file. Plain ones are keys of an item; `fields` has category and name of the others."""

    fields: Mapping[str, tuple[str, str]]

    def item(self, values: Mapping[str, str]) -> Item:
        """The row as an item of add or update (docs/protocol.md 4.1)."""
        item: Item = {}
        for column, value in values.items():
            if column in self.fields:
                container, name = self.fields[column]
                item.setdefault(container, {"field": []})["field"].append({"name": name, "value": value})
            elif column in CONSENTS:
                item.setdefault("subscriptions", {"subscription": []})["subscription"].append(_pair(column, value))
            else:
                item[column] = value
        return item


def read_columns(columns: Sequence[str], context: InputContext) -> CustomerColumns:
    """Read the header. `custom.<name>`, `extended.<name>` and `preference.<name>` need an active field of that name.

    Raises `ColumnsError`.
    """
    known = dict.fromkeys((*PLAIN, *CONSENTS), "")
    fields: dict[str, tuple[str, str]] = {}
    first: dict[int, str] = {}
    for column in columns:
        prefix, dot, name = column.partition(".")
        definition = context.field_named(prefix, name) if dot and prefix in FIELD_CATEGORIES else None
        if definition is None:
            continue
        fields[column] = (f"{prefix}_fields", definition.name)
        # Case is ignored, so that two columns may name the same field.
        same = first.setdefault(definition.pk, column)
        known[column] = "" if same == column else f"the same field as {same}"
    check_columns(columns, known=known)
    return CustomerColumns(fields)


def check_consents(values: Mapping[str, str]) -> None:
    """Raise `LoyaltyError` 400 for a consent that is not 0 or 1. (A till gets a warning only, but a file can be corrected.)"""
    if any(value.strip() not in {"0", "1"} for column, value in values.items() if column in CONSENTS):
        raise LoyaltyError(Code.INVALID_INPUT)


def _pair(column: str, value: str) -> Item:
    """The consent that a cell stands for."""
    channel, priority = CONSENTS[column]
    return {"channel": channel, "priority": priority, "is_subscribed": value}
