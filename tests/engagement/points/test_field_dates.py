"""What do rules of programs need to know of a customer's fields?"""

from datetime import date

from customers.profile.models import Customer
from engagement.points.field_dates import field_dates
from organizations.fields.models import FieldDefinition


def test_the_date_in_a_field_by_its_name() -> None:
    fields = [FieldDefinition(pk=1, name="dob"), FieldDefinition(pk=2, name="city"), FieldDefinition(pk=3, name="married")]
    date_in = field_dates(Customer(field_values={"1": "1990-02-28", "2": "Pune", "3": 7}), fields)
    assert [date_in(name) for name in ("dob", "city", "married", "unknown")] == [date(1990, 2, 28), None, None, None]
