"""How are customers kept from changing under somebody's hands? Locked together, in the order of their ids, and not merged.

Whoever counts or changes anything of customers holds them; whatever hangs on them follows (`loyalty_project.db.locks`).
"""

from collections.abc import Iterable

from django.db.models import BigIntegerField

from customers.profile.models import Customer
from loyalty_project.db.locks import ask_to_repeat, lock
from loyalty_project.db.lookups import is_any_of


def lock_customers(ids: Iterable[int]) -> dict[int, Customer]:
    """Hold these customers until the transaction ends; who they are now, by id. One query, none without ids.

    Raises `django.db.OperationalError` when one is not free in time (55P03), and when one was merged into another before the
    lock was free (40001): who is meant has to be looked up again, with the whole item.
    """
    if not (wanted := set(ids)):
        return {}
    # With their status labels, which say what may be done to them: a query more where anybody has one.
    customers = Customer.objects.filter(is_any_of("pk", wanted, BigIntegerField())).prefetch_related("status_label")
    held = {one.pk: one for one in lock(customers)}
    if any(one.merged_into_id is not None for one in held.values()):
        ask_to_repeat("a customer was merged meanwhile")
    return held


def lock_customer(pk: int) -> Customer:
    """One customer, held. Raises `Customer.DoesNotExist` for nobody, and errors as above."""
    held = lock_customers([pk])
    if pk not in held:
        raise Customer.DoesNotExist(f"no customer {pk}")
    return held[pk]
