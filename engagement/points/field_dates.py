"""What do rules of programs need to know of a customer's fields?"""

from collections.abc import Iterable
from datetime import date

from customers.profile.models import Customer
from engagement.points.expiry import FieldDate
from organizations.fields.models import FieldDefinition


def field_dates(customer: Customer, fields: Iterable[FieldDefinition]) -> FieldDate:
    """A function that gives the date in the customer's field of a name; None without one, or where it holds no date."""
    ids = {one.name: one.pk for one in fields}

    def field_date(name: str) -> date | None:
        value = customer.value_of(ids[name]) if name in ids else None
        try:
            return date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            return None

    return field_date
