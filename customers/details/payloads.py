"""Printed customers: pure functions (docs/protocol.md 3, 4.4)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from customers.profile.field_values import name_in, write_value
from customers.profile.models import Customer
from customers.registration.state import CustomerState
from customers.statuses.payloads import fraud_status_of
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy


def field_rows(
    customer: Customer, definitions: Iterable[FieldDefinition], category: str, *, language: str = ""
) -> dict[str, Any]:
    """`{"field": [{name, value}]}` for the fields of a category that have a value, in the order of their definition.

    With a `language`, the name is the field's label in that language, if it has one.
    """
    return {
        "field": [
            {"name": name_in(definition, language), "value": write_value(customer.value_of(definition.pk))}
            for definition in definitions
            if definition.category == category and definition.is_active and customer.value_of(definition.pk)
        ]
    }


def core(
    customer: Customer,
    identifiers: Mapping[str, str],
    *,
    definitions: Sequence[FieldDefinition],
    loyalty: Mapping[str, Any],
    subscriptions: Sequence[Mapping[str, Any]],
    side_effects: Sequence[Mapping[str, Any]],
    policy: Policy,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """CustomerCore: the answer of add and update (docs/protocol.md 3).

    `loyalty` has points and tiers; `subscriptions` and `side_effects` are printed rows.
    """
    fraud_status = fraud_status_of(customer, policy)
    return {
        "user_id": customer.pk,
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "mobile": identifiers.get("mobile"),
        "email": identifiers.get("email"),
        "external_id": identifiers.get("external_id"),
        **loyalty,
        "registered_on": write_moment(customer.registered_on, zone),
        "updated_on": write_moment(customer.updated_on, zone),
        "type": customer.type,
        "source": customer.source.lower(),
        "fraud_status": fraud_status.status,
        "reason": fraud_status.reason,
        "custom_fields": field_rows(customer, definitions, FieldDefinition.Category.CUSTOM),
        "extended_fields": field_rows(customer, definitions, FieldDefinition.Category.EXTENDED),
        "subscriptions": {"subscription": list(subscriptions)},
        "side_effects": {"effect": list(side_effects)},
    }


def search_row(
    person: CustomerState, *, definitions: Sequence[FieldDefinition], loyalty: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    """One customer of a search result, all text (docs/protocol.md 4.4). Till and store of registration are read already.

    `loyalty` has points, purchases and tier as text.
    """
    customer = person.customer
    registered_by = customer.registered_till or customer.registered_store
    attributes = [
        row
        for category in (FieldDefinition.Category.CUSTOM, FieldDefinition.Category.EXTENDED)
        for row in field_rows(customer, definitions, category)["field"]
    ]
    return {
        "user_id": str(customer.pk),
        "org_id": str(customer.organization_id),
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "mobile": person.identifiers.get("mobile", ""),
        "email": person.identifiers.get("email", ""),
        "external_id": person.identifiers.get("external_id", ""),
        "loyalty_points": loyalty["loyalty_points"],
        "lifetime_points": loyalty["lifetime_points"],
        "lifetime_purchases": loyalty["lifetime_purchases"],
        "current_slab": loyalty["current_slab"],
        "registered_on": write_moment(customer.registered_on, zone),
        "registered_by": registered_by.code if registered_by else "",
        "last_trans_value": loyalty["last_trans_value"],
        "attributes": {"attribute": attributes},
    }
