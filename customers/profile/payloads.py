"""How is a customer printed? Pure functions from rows to the objects of docs/protocol.md 3 and 4.5."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from customers.cards.models import Card
from customers.groups.models import GroupMembership
from customers.profile.field_values import name_in, write_value
from customers.profile.models import Customer
from customers.registration.state import CustomerState
from customers.statuses.models import CustomerStatus
from customers.statuses.rules import label_of
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.policies import Policy

# The wire knows fraud statuses alone: what it calls those of labels. The others are NONE to it (docs/protocol.md 2.1).
_FRAUD_STATUS_OF: Mapping[str, str] = {
    CustomerStatus.Status.FRAUD_SUSPECTED: Customer.FraudStatus.MARKED,
    CustomerStatus.Status.FRAUD_CONFIRMED: Customer.FraudStatus.CONFIRMED,
    CustomerStatus.Status.INTERNAL: Customer.FraudStatus.INTERNAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudStatus:
    """What stands in the way of a customer, in the wire's words: the fraud status, who set it, when and why."""

    status: str
    by: str
    on: datetime | None
    reason: str


def fraud_status_of(customer: Customer, policy: Policy) -> FraudStatus:
    """By the label that decides about the customer, else by the fraud status."""
    label = label_of(customer, policy)
    if label is None:
        return FraudStatus(
            status=customer.fraud_status,
            by=customer.fraud_marked_by,
            on=customer.fraud_marked_on,
            reason=customer.fraud_reason,
        )
    return FraudStatus(
        status=_FRAUD_STATUS_OF.get(label.status, Customer.FraudStatus.NONE),
        by=customer.status_changed_by,
        on=customer.status_changed_on,
        reason=customer.status_reason,
    )


def field_rows(
    customer: Customer, definitions: Iterable[FieldDefinition], category: str, *, language: str = ""
) -> dict[str, Any]:
    """`{"field": [{name, value}]}` for the fields of a category that have a value, in the order of their definition.

    In a `language`, a field goes by its label there, where it has one.
    """
    return {
        "field": [
            {"name": name_in(definition, language), "value": write_value(customer.value_of(definition.pk))}
            for definition in definitions
            if definition.category == category and definition.is_active and customer.value_of(definition.pk)
        ]
    }


def place(row: Store | Till | None) -> dict[str, str]:
    """`{code, name}` of a store or till, blank without one."""
    return {"code": row.code, "name": row.name} if row else {"code": "", "name": ""}


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

    `loyalty` has the figures of points and tiers; `subscriptions` and `side_effects` are rows as they are printed.
    """
    judgement = fraud_status_of(customer, policy)
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
        "fraud_status": judgement.status,
        "reason": judgement.reason,
        "custom_fields": field_rows(customer, definitions, FieldDefinition.Category.CUSTOM),
        "extended_fields": field_rows(customer, definitions, FieldDefinition.Category.EXTENDED),
        "subscriptions": {"subscription": list(subscriptions)},
        "side_effects": {"effect": list(side_effects)},
    }


def search_row(
    person: CustomerState, *, definitions: Sequence[FieldDefinition], loyalty: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    """One customer whom a search found, all text (docs/protocol.md 4.4); till and store of the registration are read already.

    `loyalty` has the figures of points, purchases and tier, as text.
    """
    customer = person.customer
    place_of_registration = customer.registered_till or customer.registered_store
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
        "registered_by": place_of_registration.code if place_of_registration else "",
        "last_trans_value": loyalty["last_trans_value"],
        "attributes": {"attribute": attributes},
    }


def fraud_details(customer: Customer, policy: Policy, zone: ZoneInfo) -> dict[str, str]:
    """Who marked the customer, when and why; NONE and blanks for somebody never assessed (docs/protocol.md 7)."""
    judgement = fraud_status_of(customer, policy)
    return {
        "status": judgement.status,
        "marked_by": judgement.by,
        "modified_on": write_moment(judgement.on, zone) if judgement.on else "",
        "reason": judgement.reason,
    }


def card(row: Card, zone: ZoneInfo) -> dict[str, str]:
    """One card of `card_details` (docs/protocol.md 4.5)."""
    return {
        "card_number": row.number,
        "card_external_id": row.external_id,
        "series_id": str(row.series_id),
        "series_code": row.series.code,
        "series_name": row.series.name,
        "type": row.series.type,
        "status": row.status,
        "label": row.label,
        "issued_date": write_moment(row.issued_on, zone) if row.issued_on else "",
        "expiry_date": row.expires_on.isoformat() if row.expires_on else "",
    }


def user_group(row: GroupMembership, primary: int | None) -> dict[str, str]:
    """One group of `user_groups2`; `primary` is its primary member's id, "" without one (docs/protocol.md 4.5)."""
    return {
        "id": str(row.group_id),
        "external_id": row.group.external_id,
        "name": row.group.name,
        "role": row.role,
        "primary_user_id": "" if primary is None else str(primary),
    }
