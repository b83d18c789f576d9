"""Which columns may a customers file have, and which item of the API is a row of it? (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers.drafts import Setup
from loyalty_project.api.values import Item
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from organizations.models import FieldDefinition

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
    "preferred_store",
)
# Columns whose part is not active yet: refused rather than lost.
LATER: Mapping[str, str] = {
    "referral_code": "referrals are not active yet",
    **dict.fromkeys(("sms_trans", "sms_bulk", "email_trans", "email_bulk"), "subscriptions are not active yet"),
}
_FIELDS = (Category.CUSTOM, Category.EXTENDED, Category.PREFERENCE)


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
            else:
                item[column] = value
        return item


def read_columns(columns: Sequence[str], setup: Setup) -> CustomerColumns:
    """What the columns mean; `custom.<name>` and its kin are columns where the organization has such an active field.

    Raises `ColumnsError`.
    """
    known = {**dict.fromkeys(PLAIN, ""), **LATER}
    fields: dict[str, tuple[str, str]] = {}
    first: dict[int, str] = {}
    for column in columns:
        prefix, dot, name = column.partition(".")
        definition = setup.field_named(prefix, name) if dot and prefix in _FIELDS else None
        if definition is None:
            continue
        fields[column] = (f"{prefix}_fields", definition.name)
        # Names are found without case, so that two columns may mean one field.
        same = first.setdefault(definition.pk, column)
        known[column] = "" if same == column else f"the same field as {same}"
    check_columns(columns, known=known)
    return CustomerColumns(fields)
