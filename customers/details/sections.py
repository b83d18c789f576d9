"""Section of customer/get about the customer: names, registration, fields (docs/protocol.md 4.5)."""

from typing import Any, Final

import orjson

from customers.details.payloads import field_rows
from customers.lookup.services import names_customer
from customers.profile.field_values import write_value
from customers.profile.reading import CustomerRow, Reading, Section, Values
from customers.statuses.payloads import COLUMNS as STATUS_COLUMNS
from customers.statuses.payloads import fraud_details, is_deleted, printed_fraud_status
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.locations.payloads import code_and_name

_CATEGORIES: Final = (FieldDefinition.Category.CUSTOM, FieldDefinition.Category.EXTENDED)


def printed_fields() -> tuple[FieldDefinition, ...]:
    """The organization's active custom and extended fields, in order: a part of the configuration."""
    return tuple(FieldDefinition.objects.filter(category__in=_CATEGORIES, is_active=True))


def _display(values: Values, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    """Names, registration and fields. Warning 1004 for a till without its store; a deleted account is refused by 8109."""
    till_code, till_name, store_code, store_name, field_values, ndnc_status, image_url, *status = values
    zone, policy = reading.zone, reading.policy
    if is_deleted(status, policy):
        reading.refused[customer.pk] = Transport.CUSTOMER_ERASED
    definitions = reading.configuration.part(printed_fields)
    given = orjson.loads(field_values) if field_values else {}
    gender_name = reading.organization.gender_field or policy.gender_field
    gender = next((given.get(str(row.pk)) for row in definitions if row.name == gender_name), None) if gender_name else None
    payload: dict[str, Any] = {
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "registered_on": write_moment(customer.registered_on, zone),
        "updated_on": write_moment(customer.updated_on, zone),
        "type": customer.type,
        "source": customer.source.lower(),
        "gender": write_value(gender) if gender else None,
        "registered_by": till_code or "",
        "custom_fields": field_rows(given, definitions, FieldDefinition.Category.CUSTOM),
        "extended_fields": field_rows(given, definitions, FieldDefinition.Category.EXTENDED, language=reading.language),
    }
    if reading.wants("registered_store", default=True):
        payload["registered_store"] = code_and_name(store_code, store_name)
        if till_code is not None and store_code is None:
            reading.own_notices[customer.pk].append(Notice(Code.STORE_NOT_POPULATED))
    if reading.wants("registered_till", default=True):
        payload["registered_till"] = code_and_name(till_code, till_name)
    if reading.wants("fraud_details", default=True):
        payload["fraud_details"] = fraud_details(printed_fraud_status(status, policy), zone)
    if reading.wants("ndnc_status") or reading.wants("ndsc_status"):
        payload["ndnc_status"] = ndnc_status
    if reading.wants("customer_image"):
        payload["customer_image"] = image_url
    if reading.wants("user_id") or names_customer(reading.query.get("user_id", "")):
        payload["user_id"] = str(customer.pk)
    return payload


_PROFILE: Final = Section(
    columns=(
        "registered_till.code",
        "registered_till.name",
        "registered_store.code",
        "registered_store.name",
        "customer.field_values::text",
        "customer.ndnc_status",
        "customer.image_url",
        *STATUS_COLUMNS,
    ),
    joins="""LEFT JOIN organizations_till AS registered_till
    ON registered_till.organization_id = %(organization)s AND registered_till.id = customer.registered_till_id
LEFT JOIN organizations_store AS registered_store
    ON registered_store.organization_id = %(organization)s AND registered_store.id = customer.registered_store_id
LEFT JOIN customers_customerstatus AS status_label
    ON status_label.organization_id = %(organization)s AND status_label.id = customer.status_label_id""",
    display=_display,
)


def profile(_reading: Reading) -> Section:
    """Names, registration and fields: part of every answer."""
    return _PROFILE
