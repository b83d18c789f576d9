"""Locks of customers, taken in the order of their ids (`loyalty_project.db.locks`).

Everything that counts or changes rows of a customer locks the customer first.
"""

from collections.abc import Collection, Iterable
from typing import Final

from django.db.models import prefetch_related_objects

from customers.profile.models import Customer
from loyalty_project.db.arrays import id_array
from loyalty_project.db.locks import ask_to_repeat
from loyalty_project.protocol.codes import Transport
from organizations.tenancy.rows import lock_rows

_OF_THESE: Final = "stored.id = ANY((SELECT %(customers)s::bigint[])::bigint[])"


def lock_customers(ids: Iterable[int], *, merged: Collection[int] = (), may_be_erased: bool = False) -> dict[int, Customer]:
    """Lock these customers until the transaction ends; their rows by id. One query, none without ids.

    Merged customers who are changed with them are named by `merged` and locked in the same order. Raises
    `django.db.OperationalError` if a customer is not free in time (55P03), and if one was merged or erased before the lock was
    free (40001): the whole item has to be repeated, and its look-up refuses the erased customer. With `may_be_erased` the
    caller decides itself about erased customers (`statuses.rules`).
    """
    if not (wanted := set(ids)):
        return {}
    all_rows = lock_rows(Customer, _OF_THESE, {"customers": id_array(wanted.union(merged))})
    # Status labels decide what is blocked: one more query if any customer has a label.
    if any(customer.status_label_id is not None for customer in all_rows):
        prefetch_related_objects(all_rows, "status_label")
    locked = {customer.pk: customer for customer in all_rows if customer.pk in wanted}
    if any(customer.merged_into_id is not None for customer in locked.values()):
        ask_to_repeat("a customer was merged meanwhile")
    if not may_be_erased and any(customer.erased_at is not None for customer in locked.values()):
        ask_to_repeat("the personal data of a customer was erased", code=Transport.CUSTOMER_ERASED)
    return locked


def lock_customer(pk: int, *, may_be_erased: bool = False) -> Customer:
    """Lock one customer. Raises `Customer.DoesNotExist`, and errors as `lock_customers`."""
    locked = lock_customers([pk], may_be_erased=may_be_erased)
    if pk not in locked:
        raise Customer.DoesNotExist(f"no customer {pk}")
    return locked[pk]
