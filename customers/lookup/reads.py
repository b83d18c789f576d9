"""Reading customers with their current identifiers, without locks."""

from collections.abc import Collection, Sequence

from django.db.models import BigIntegerField

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration.state import CustomerState
from loyalty_project.db.lookups import is_any_of


def read_customers(ids: Collection[int], *, related: Sequence[str] = ()) -> dict[int, CustomerState]:
    """Customers by id, with their `related` rows; unknown ids are absent. Two queries."""
    rows = Customer.objects.filter(is_any_of("pk", ids, BigIntegerField()))
    if related:
        rows = rows.select_related(*related)
    states = {row.pk: CustomerState(customer=row, identifiers={}) for row in rows}
    current = Identifier.objects.filter(is_any_of("customer_id", ids, BigIntegerField()), state=Identifier.State.CURRENT)
    for customer_id, kind, value in current.values_list("customer_id", "kind", "value"):
        states[customer_id].identifiers[kind] = value
    return states
