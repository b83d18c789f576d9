"""The customer that a value identifies: the one rule of reads, files and requests (docs/protocol.md 7).

A value that several customers have identifies none of them. Inherited values count, former ones do not.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from customers.identifiers.rules import is_exclusive
from loyalty_project.db.arrays import text_array
from organizations.policies import Policy
from organizations.tenancy.statements import fetch_rows

# LIMIT keeps the planner from reading all identifiers at once where it has no statistics of them.
# The row of a kind that is exclusive decides alone. Without one, and for other kinds, tens of thousands may share a value: the
# lowest and the highest customer are ends of an index. Each value is in one of two partial indexes.
_EXCLUSIVE: Final = """SELECT identifier.customer_id, identifier.state = 'MERGED' AS is_inherited
        FROM customers_identifier AS identifier
        WHERE identifier.organization_id = %(organization)s AND identifier.kind = %(kind)s AND identifier.value = given.value
            AND identifier.exclusive AND identifier.state <> 'FORMER'
        LIMIT 1"""
_SHARED: Final = """SELECT min(identifier.customer_id) AS customer_id, bool_and(identifier.state = 'MERGED') AS is_inherited
        FROM customers_identifier AS identifier
        WHERE identifier.organization_id = %(organization)s AND identifier.kind = %(kind)s AND identifier.value = given.value
            AND {condition} AND identifier.state <> 'FORMER'
        HAVING min(identifier.customer_id) = max(identifier.customer_id)"""

# Joins that find the `owner` of `given.value`: its customer_id, and is_inherited if it came with merged customers alone.
OWNER_OF_EXCLUSIVE_KIND: Final = f"""LEFT JOIN LATERAL (
        {_EXCLUSIVE}
) AS exclusive_owner ON true
LEFT JOIN LATERAL (
    SELECT exclusive_owner.customer_id, exclusive_owner.is_inherited WHERE exclusive_owner.customer_id IS NOT NULL
    UNION ALL
    SELECT shared.customer_id, shared.is_inherited FROM (
        {_SHARED.format(condition="NOT identifier.exclusive AND exclusive_owner.customer_id IS NULL")}
    ) AS shared
) AS owner ON true"""  # noqa: S608 - made of constants
OWNER_OF_SHARED_KIND: Final = f"""LEFT JOIN LATERAL (
        {_SHARED.format(condition="(identifier.exclusive OR NOT identifier.exclusive)")}
) AS owner ON true"""
_OWNERS: Final = """SELECT given.value, owner.customer_id, owner.is_inherited
FROM unnest((SELECT %(values)s::text[])) AS given (value)
{owner}
WHERE owner.customer_id IS NOT NULL"""
# By the unique index of exclusive values.
_EXCLUSIVE_OWNERS: Final = """SELECT given.kind, given.value, owner.customer_id
FROM unnest((SELECT %(kinds)s::text[]), %(values)s::text[]) AS given (kind, value)
CROSS JOIN LATERAL (
    SELECT identifier.customer_id FROM customers_identifier AS identifier
    WHERE identifier.organization_id = %(organization)s AND identifier.kind = given.kind AND identifier.value = given.value
        AND identifier.exclusive
    LIMIT 1
) AS owner"""
_OF_EXCLUSIVE_KIND: Final = _OWNERS.format(owner=OWNER_OF_EXCLUSIVE_KIND)
_OF_SHARED_KIND: Final = _OWNERS.format(owner=OWNER_OF_SHARED_KIND)


@dataclass(frozen=True, slots=True)
class Owner:
    """The only customer who has a value. `is_inherited`: it came with merged customers alone."""

    customer_id: int
    is_inherited: bool


def owners_of(kind: str, values: Collection[str], policy: Policy) -> dict[str, Owner]:
    """The owner of each value of this kind that has one. One statement."""
    if not values:
        return {}
    statement = _OF_EXCLUSIVE_KIND if is_exclusive(kind, policy) else _OF_SHARED_KIND
    rows = fetch_rows(statement, {"kind": kind, "values": list(values)})
    return {value: Owner(customer_id, is_inherited) for value, customer_id, is_inherited in rows}


def owners_of_exclusive(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The customers (ids) who have these exclusive values, by kind and value: one statement, none without keys."""
    if not keys:
        return {}
    kinds, values = zip(*keys, strict=True)
    rows = fetch_rows(_EXCLUSIVE_OWNERS, {"kinds": text_array(kinds), "values": text_array(values)})
    return {(kind, value): customer_id for kind, value, customer_id in rows}
