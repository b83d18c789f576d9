"""A check of the ledger: one query that finds the rows for which a sum or a pair does not hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """Name of a check, the table whose rows it finds, and its query.

    The query takes an organization and returns (id of the row, figure, expected, found). It is one statement and sees one
    moment, so it may run while points are posted. It reads points and money only, nothing about persons.
    """

    name: str
    table: str
    sql: str
