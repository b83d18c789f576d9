"""Section of customer/get about the customer: names, registration, fields (docs/protocol.md 4.5)."""

from collections.abc import Sequence
from typing import Any

from customers.details.payloads import field_rows
from customers.lookup.services import names_customer
from customers.profile.field_values import write_value
from customers.profile.models import Customer
from customers.profile.reading import Payloads, Reading
from customers.statuses.payloads import fraud_details
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.locations.payloads import location
from organizations.policies import Policy
from organizations.tenancy.models import Organization


def profile(ids: Sequence[int], reading: Reading) -> Payloads:
    """Names, registration and fields of the customers: two queries. Warning 1004 for a till without its store."""
    rows = Customer.objects.filter(pk__in=ids).select_related("registered_till", "registered_store", "status_label")
    definitions = list(FieldDefinition.objects.filter(category__in=["custom", "extended"], is_active=True))
    gender = _gender_field(reading.organization, reading.policy, definitions)
    return {row.pk: _profile(row, reading, definitions, gender) for row in rows}


def _profile(
    customer: Customer, reading: Reading, definitions: Sequence[FieldDefinition], gender: FieldDefinition | None
) -> dict[str, Any]:
    zone = reading.organization.zone
    gender_value = customer.value_of(gender.pk) if gender else None
    payload: dict[str, Any] = {
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "registered_on": write_moment(customer.registered_on, zone),
        "updated_on": write_moment(customer.updated_on, zone),
        "type": customer.type,
        "source": customer.source.lower(),
        "gender": write_value(gender_value) if gender_value else None,
        "registered_by": customer.registered_till.code if customer.registered_till else "",
        "custom_fields": field_rows(customer, definitions, FieldDefinition.Category.CUSTOM),
        "extended_fields": field_rows(customer, definitions, FieldDefinition.Category.EXTENDED, language=reading.language),
    }
    if reading.wants("registered_store", default=True):
        payload["registered_store"] = location(customer.registered_store)
        if customer.registered_till is not None and customer.registered_store is None:
            reading.own_notices[customer.pk].append(Notice(Code.STORE_NOT_POPULATED))
    if reading.wants("registered_till", default=True):
        payload["registered_till"] = location(customer.registered_till)
    if reading.wants("fraud_details", default=True):
        payload["fraud_details"] = fraud_details(customer, reading.policy, zone)
    if reading.wants("ndnc_status") or reading.wants("ndsc_status"):
        payload["ndnc_status"] = customer.ndnc_status
    if reading.wants("customer_image"):
        payload["customer_image"] = customer.image_url
    if reading.wants("user_id") or names_customer(reading.query.get("user_id", "")):
        payload["user_id"] = str(customer.pk)
    return payload


def _gender_field(organization: Organization, policy: Policy, definitions: Sequence[FieldDefinition]) -> FieldDefinition | None:
    name = organization.gender_field or policy.gender_field
    return next((definition for definition in definitions if name and definition.name == name), None)
