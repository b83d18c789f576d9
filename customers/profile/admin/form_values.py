"""Values of the form of a customer: the stored ones as the form shows them, and the typed ones as an item of a till."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from customers.identifiers.models import Identifier
from customers.profile.admin.form_fields import CATEGORIES, FormOptions, field_key
from customers.profile.models import Customer
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.values import Item
from organizations.fields.models import FieldDefinition

# Keys of an item that are plain text.
_PLAIN: Final = (
    "mobile", "email", "external_id", "firstname", "lastname", "type", "source", "registered_on",
    "preferred_store", "associated_with", "test_control_status", "ndnc_status",
)  # fmt: skip


def stored_values(customer: Customer, options: FormOptions) -> dict[str, Any]:
    """The stored values, as the form shows them."""
    current = [identifier for identifier in customer.identifiers.all() if identifier.state == Identifier.State.CURRENT]
    return {
        **{identifier.kind: identifier.value for identifier in current},
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "type": customer.type,
        "registered_on": write_moment(customer.registered_on, options.organization.zone),
        "preferred_store": customer.preferred_store.code if customer.preferred_store else "",
        "associated_with": customer.associated_till.code if customer.associated_till else "",
        "ndnc_status": customer.ndnc_status,
        "test_control_status": customer.test_control_status,
        "image_url": customer.image_url,
        "version": customer.version,
        "fraud_status": customer.fraud_status,
        "fraud_reason": customer.fraud_reason,
        **{field_key(definition): customer.value_of(definition.pk) for definition in options.fields},
    }


def item_of(cleaned: Mapping[str, Any], *, names: Collection[str], fields: Sequence[FieldDefinition]) -> Item:
    """The typed values as an item of customer/add or update: those of `names` that are not blank."""
    typed = {name: cleaned[name] for name in names if cleaned.get(name)}
    item: Item = {name: typed[name] for name in _PLAIN if name in typed}
    if "fraud_status" in typed or "fraud_reason" in typed:
        item["fraud_status"] = {"status": cleaned["fraud_status"], "reason": cleaned["fraud_reason"]}
    card = {"card_number": typed.get("card_number"), "series_code": typed.get("series_code")}
    if any(card.values()):
        item["card_details"] = card
    for category in CATEGORIES:
        rows = [
            {"name": definition.name, "value": typed[field_key(definition)]}
            for definition in fields
            if definition.category == category and field_key(definition) in typed
        ]
        if rows:
            item[f"{category}_fields"] = {"field": rows}
    return item
