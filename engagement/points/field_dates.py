"""Dates in customers' fields, by which points may expire."""

from collections.abc import Iterable
from datetime import date

from customers.profile.models import Customer
from engagement.points.expiry import FieldDate
from engagement.programs.catalog import ProgramCatalog
from organizations.fields.models import FieldDefinition


def expiry_fields(catalog: ProgramCatalog) -> list[FieldDefinition]:
    """Fields that may hold the date of an expiry: one query, or none if no program's points expire by a field."""
    return list(FieldDefinition.objects.filter(category="extended")) if catalog.reads_customer_fields else []


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
