"""Printed customers: pure functions (docs/protocol.md 3, 4.4)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from customers.profile.field_values import name_in, write_value
from customers.profile.models import Customer
from customers.profile.reading import CustomerRow
from customers.statuses.payloads import fraud_status_of
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.policies import Policy
from organizations.tenancy.models import Organization


def field_rows(
    values: Mapping[str, Any], definitions: Iterable[FieldDefinition], category: str, *, language: str = ""
) -> dict[str, Any]:
    """`{"field": [{name, value}]}` for the fields of a category that have a value, in the order of their definition.

    `values` are canonical values by field id. With a `language`, the name is the field's label in that language, if it has one.
    """
    return {
        "field": [
            {"name": name_in(definition, language), "value": write_value(value)}
            for definition in definitions
            if definition.category == category and definition.is_active and (value := values.get(str(definition.pk)))
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
        "custom_fields": field_rows(customer.field_values, definitions, FieldDefinition.Category.CUSTOM),
        "extended_fields": field_rows(customer.field_values, definitions, FieldDefinition.Category.EXTENDED),
        "subscriptions": {"subscription": list(subscriptions)},
        "side_effects": {"effect": list(side_effects)},
    }


def search_row(customer: CustomerRow, parts: Mapping[str, Any], *, organization: Organization) -> dict[str, Any]:
    """One customer of a search result, all text (docs/protocol.md 4.4).

    `parts` are those of the sections of customer/get about the customer and their identifiers, and points, purchases and tier
    as text.
    """
    return {
        "user_id": str(customer.pk),
        "org_id": str(organization.pk),
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "mobile": parts.get("mobile", ""),
        "email": parts.get("email", ""),
        "external_id": parts.get("external_id", ""),
        "loyalty_points": parts["loyalty_points"],
        "lifetime_points": parts["lifetime_points"],
        "lifetime_purchases": parts["lifetime_purchases"],
        "current_slab": parts["current_slab"],
        "registered_on": parts["registered_on"],
        "registered_by": parts["registered_till"]["code"] or parts["registered_store"]["code"],
        "last_trans_value": parts["last_trans_value"],
        "attributes": {"attribute": [*parts["custom_fields"]["field"], *parts["extended_fields"]["field"]]},
    }
