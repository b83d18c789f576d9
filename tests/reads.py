"""Reads of customers in tests, without HTTP."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from customers.lookup.statement import find_customers
from customers.profile.models import Customer
from customers.profile.reading import Reading, SectionChoice, chosen, merged
from loyalty_project import clock
from organizations.configuration import current_configuration

# Of a warm read in a test: the caller's row and the read. The read has a savepoint, as the test itself is a transaction.
READ_STATEMENTS = 2 + 2
# Of one whose sections must not fail: it has no savepoint.
SURE_READ_STATEMENTS = 2


def read_parts(
    choices: Sequence[SectionChoice],
    *customers: Customer,
    query: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> dict[int, dict[str, Any]]:
    """What the chosen sections print of these customers by id, in the scope of their organization."""
    reading = Reading(configuration=current_configuration(), query=query or {}, now=now or clock.now())
    ids = [str(customer.pk) for customer in customers]
    found = find_customers("id", ids, reading.policy, sections=chosen(choices, reading), reading=reading)
    return {hit.customer.pk: merged(hit.parts) for hit in found.values()}
