"""Which columns may a customers file have, and which item of the API is a row of it? (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers.registration.input import InputContext
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
# Columns of consent, and the pair of channel and priority that each is about.
CONSENTS: Mapping[str, tuple[str, str]] = {
    "sms_trans": ("SMS", "TRANS"),
    "sms_bulk": ("SMS", "BULK"),
    "email_trans": ("EMAIL", "TRANS"),
    "email_bulk": ("EMAIL", "BULK"),
}
FIELD_CATEGORIES = (Category.CUSTOM, Category.EXTENDED, Category.PREFERENCE)


@dataclass(frozen=True, slots=True)
class CustomerColumns:
    """The columns of one file: the plain ones are keys of an item, the others name a field of a category."""

    fields: Mapping[str, tuple[str, str]]

    def item(self, values: Mapping[str, str]) -> Item:
        """The item, as a till would send it to add or update (docs/protocol.md 4.1)."""
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
    """What the columns mean; `custom.<name>` and its kin are columns where the organization has such an active field.

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
        # Names are found without case, so that two columns may mean one field.
        same = first.setdefault(definition.pk, column)
        known[column] = "" if same == column else f"the same field as {same}"
    check_columns(columns, known=known)
    return CustomerColumns(fields)


def check_consents(values: Mapping[str, str]) -> None:
    """Raise `LoyaltyError` 400 for a consent that is not 0 or 1: where a till can only be warned, a file can be mended."""
    if any(value.strip() not in {"0", "1"} for column, value in values.items() if column in CONSENTS):
        raise LoyaltyError(Code.INVALID_INPUT)


def _pair(column: str, value: str) -> Item:
    """The inline pair that a cell stands for."""
    channel, priority = CONSENTS[column]
    return {"channel": channel, "priority": priority, "is_subscribed": value}
