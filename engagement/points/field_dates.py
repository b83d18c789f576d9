"""Dates in customers' fields, by which points may expire."""

from collections.abc import Iterable
from datetime import date

from customers.profile.models import Customer
from engagement.points.expiry import FieldDate
from organizations.fields.models import FieldDefinition


def field_dates(customer: Customer, fields: Iterable[FieldDefinition]) -> FieldDate:
    """A function from the name of a field to the customer's date in it; None if the field is unknown or holds no date."""
    ids = {definition.name: definition.pk for definition in fields}

    def field_date(name: str) -> date | None:
        value = customer.value_of(ids[name]) if name in ids else None
        try:
            return date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            return None

    return field_date
