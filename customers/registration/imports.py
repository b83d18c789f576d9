"""Columns of a customers file, and the API item that a row stands for (docs/imports.md)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from customers.profile.field_cells import check_field_cell, is_strict
from customers.registration.context import InputContext
from loyalty_project.imports.cells import Values, choice_cell, moment_problem, refusal, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.protocol.codes import Code
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
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "card_number", "referral_code")
FIELD_CATEGORIES = (Category.CUSTOM, Category.EXTENDED, Category.PREFERENCE)


@dataclass(frozen=True)
class CustomerColumns:
    """The columns of one file. Plain ones are keys of an item; `definitions` has the fields of the others."""

    definitions: Mapping[str, FieldDefinition]

    @cached_property
    def fields(self) -> Mapping[str, tuple[str, str]]:
        """Key and name of each field in an item, by column."""
        return {column: (f"{field.category}_fields", field.name) for column, field in self.definitions.items()}

    @property
    def free_text(self) -> Collection[str]:
        """Text fields: what tills store in them may have line breaks, which exports write as they are."""
        return [column for column, field in self.definitions.items() if field.type == FieldDefinition.Type.TEXT]

    @cached_property
    def strict(self) -> Mapping[str, FieldDefinition]:
        """Number and date fields, by column."""
        return {column: field for column, field in self.definitions.items() if is_strict(field)}

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
    definitions: dict[str, FieldDefinition] = {}
    first: dict[int, str] = {}
    for column in columns:
        prefix, dot, name = column.partition(".")
        definition = context.field_named(prefix, name) if dot and prefix in FIELD_CATEGORIES else None
        if definition is None:
            continue
        definitions[column] = definition
        # Case is ignored, so that two columns may name the same field.
        same = first.setdefault(definition.pk, column)
        known[column] = "" if same == column else f"the same field as {same}"
    check_columns(columns, known={**dict.fromkeys(context.field_columns, ""), **known})
    return CustomerColumns(definitions)


def check_cells(values: Values, columns: CustomerColumns) -> None:
    """Raise `LoyaltyError` for cells that files have in one form only: a till gets a warning, or may send more forms.

    400 for a consent that is not 0 or 1, and for number and date fields of other forms; 1034 for a registration with an offset.
    """
    for column in CONSENTS.keys() & values.keys():
        choice_cell(values, column, {"0", "1"})
    for column, definition in columns.strict.items():
        check_field_cell(values, column, definition)
    if problem := moment_problem(text_cell(values, "registered_on")):
        raise refusal(values, "registered_on", problem, code=Code.REGISTRATION_DATE_OUT_OF_LIMITS)


def _pair(column: str, value: str) -> Item:
    """The consent that a cell stands for."""
    channel, priority = CONSENTS[column]
    return {"channel": channel, "priority": priority, "is_subscribed": value}
