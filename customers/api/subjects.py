"""Subjects of refusals: the customer whose identifiers a kept refusal repeats (docs/protocol.md 1.10)."""

from collections.abc import Mapping

from customers.lookup.references import find_by_references, references_in, sent_references, write_order
from customers.lookup.statement import Found
from customers.profile.locks import lock_customer
from loyalty_project.protocol.values import Item
from organizations.api.call import Call


def lock_first(references: Mapping[str, str], call: Call) -> int | None:
    """Lock the customer of the first reference, as sent, that a customer has: the id; None without one.

    Call it in a transaction. Raises as `lock_customer` if the customer was merged or erased meanwhile: the whole item has to be
    repeated.
    """
    given = references_in(dict(references))
    for key in write_order(call.policy):
        found = find_by_references(given, (key,), by=call.actor, country_code=call.country_code)
        if isinstance(found, Found):
            return lock_customer(found.customer.pk).pk
    return None


def lock_named(item: Item, *, call: Call) -> int | None:
    """Lock the customer that a refused item names, as `lock_first`."""
    return lock_first(sent_references(item), call)
