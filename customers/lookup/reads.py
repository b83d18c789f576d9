"""Who are these customers? Their rows and current identifiers, for those who only look: two queries for any number."""

from collections.abc import Collection, Sequence

from django.db.models import BigIntegerField

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration.state import CustomerState
from loyalty_project.db.lookups import is_any_of


def read_customers(ids: Collection[int], *, related: Sequence[str] = ()) -> dict[int, CustomerState]:
    """The customers by id, with the rows they are `related` to; an id of nobody is absent."""
    rows = Customer.objects.filter(is_any_of("pk", ids, BigIntegerField()))
    if related:
        rows = rows.select_related(*related)
    people = {row.pk: CustomerState(customer=row, identifiers={}) for row in rows}
    current = Identifier.objects.filter(is_any_of("customer_id", ids, BigIntegerField()), state=Identifier.State.CURRENT)
    for customer_id, kind, value in current.values_list("customer_id", "kind", "value"):
        people[customer_id].identifiers[kind] = value
    return people
