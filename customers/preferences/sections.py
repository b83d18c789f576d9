"""Section of customer/preferences: what a customer prefers (docs/protocol.md 4.12)."""

from typing import Any, Final

import orjson

from customers.details.payloads import field_rows
from customers.profile.reading import CustomerRow, Reading, Section, Values
from customers.registration.context import load_customer_fields
from loyalty_project.protocol.codes import Code
from organizations.fields.models import FieldDefinition
from organizations.locations.names import load_names

# The part that the section prints.
PREFERENCES: Final = "preferences"
PREFERRED_STORE: Final = "PREFERRED_STORE"


def _display(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    """Name and value of each preference, in order; nothing if the database does not give them."""
    fields = reading.part_or_warning(load_customer_fields, Code.PREFERENCES_NOT_READ)
    names = reading.part_or_warning(load_names, Code.PREFERENCES_NOT_READ)
    if values is None or fields is None or names is None:
        return {}
    field_values, store_id = values
    rows = field_rows(orjson.loads(field_values), fields, FieldDefinition.Category.PREFERENCE)["field"]
    store = names.store(store_id)
    return {PREFERENCES: [*rows, {"name": PREFERRED_STORE, "value": store.name}] if store else rows}


SECTION: Final = Section(
    columns=("customer.field_values::text", "customer.preferred_store_id"),
    display=_display,
    failure=Code.PREFERENCES_NOT_READ,
)
