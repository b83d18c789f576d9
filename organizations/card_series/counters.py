"""Counters of generated numbers. The row is locked until the transaction ends, so that no number is used twice."""

from typing import Final

from organizations.tenancy.statements import fetch_written_rows

_DRAW: Final = """
INSERT INTO organizations_counter AS counter (organization_id, name, last)
VALUES (%(organization)s, %(name)s, %(count)s)
ON CONFLICT (organization_id, name) DO UPDATE SET last = counter.last + EXCLUDED.last
RETURNING last
"""


def next_numbers(name: str, count: int) -> range:
    """The next `count` numbers of the scope's organization under `name`, from 1.

    Numbers of a transaction that is rolled back are used again.
    """
    ((last,),) = fetch_written_rows(_DRAW, {"name": name, "count": count})
    return range(last - count + 1, last + 1)


def next_number(name: str) -> int:
    """The next number under `name`."""
    return next_numbers(name, 1)[0]
