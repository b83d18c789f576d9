"""Section of customer/get about the customer: names, registration, fields (docs/protocol.md 4.5)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from customers.details.payloads import field_rows
from customers.lookup.services import names_customer
from customers.profile.field_values import write_value
from customers.profile.reading import CustomerRow, Reading, Section, Values
from customers.registration.context import load_customer_fields
from customers.statuses.payloads import COLUMNS as STATUS_COLUMNS
from customers.statuses.payloads import LABEL, NO_LABEL, fraud_details, is_deleted, printed_fraud_status
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.locations.names import load_names
from organizations.locations.payloads import printed_name

_PRINTED: Final = frozenset({FieldDefinition.Category.CUSTOM, FieldDefinition.Category.EXTENDED})


def _display(values: Values, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    """Names, registration and fields. Warning 1004 for a till without its store; 8109 refuses erased and deleted accounts."""
    till_id, field_values, ndnc_status, image_url, *status = values
    zone, policy = reading.zone, reading.policy
    names = reading.part(load_names)
    till, store = names.till(till_id), names.store(customer.registered_store_id)
    if customer.is_erased or is_deleted(status, policy):
        reading.refused[customer.pk] = Transport.CUSTOMER_ERASED
    definitions = reading.part(load_customer_fields)
    given = orjson.loads(field_values) if field_values else {}
    gender = _gender(given, definitions, reading.organization.gender_field or policy.gender_field)
    payload: dict[str, Any] = {
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "registered_on": write_moment(customer.registered_on, zone),
        "updated_on": write_moment(customer.updated_on, zone),
        "type": customer.type,
        "source": customer.source.lower(),
        "gender": write_value(gender) if gender else None,
        "registered_by": till.code if till else "",
        "custom_fields": field_rows(given, definitions, FieldDefinition.Category.CUSTOM),
        "extended_fields": field_rows(given, definitions, FieldDefinition.Category.EXTENDED, language=reading.language),
    }
    if reading.wants("registered_store", default=True):
        payload["registered_store"] = printed_name(store)
        if till is not None and store is None:
            reading.own_notices[customer.pk].append(Notice(Code.STORE_NOT_POPULATED))
    if reading.wants("registered_till", default=True):
        payload["registered_till"] = printed_name(till)
    if reading.wants("fraud_details", default=True):
        payload["fraud_details"] = fraud_details(printed_fraud_status(status, policy), zone)
    if reading.wants("ndnc_status") or reading.wants("ndsc_status"):
        payload["ndnc_status"] = ndnc_status
    if reading.wants("customer_image"):
        payload["customer_image"] = image_url
    if reading.wants("user_id") or names_customer(reading.query.get("user_id", "")):
        payload["user_id"] = str(customer.pk)
    return payload


def _gender(given: Mapping[str, Any], definitions: Sequence[FieldDefinition], name: str) -> Any:
    """The value of the field of this name that is printed; None without one."""
    named = (row for row in definitions if row.name == name and row.is_active and row.category in _PRINTED) if name else ()
    return next((given.get(str(row.pk)) for row in named), None)


_COLUMNS: Final = (
    "customer.registered_till_id",
    "customer.field_values::text",
    "customer.ndnc_status",
    "customer.image_url",
)
_PROFILE: Final = Section(columns=(*_COLUMNS, NO_LABEL, *STATUS_COLUMNS), display=_display)
_PROFILE_WITH_LABEL: Final = Section(columns=(*_COLUMNS, LABEL, *STATUS_COLUMNS), display=_display)


def profile(reading: Reading) -> Section:
    """Names, registration and fields: part of every answer."""
    return _PROFILE_WITH_LABEL if reading.policy.lifecycle_status else _PROFILE
