"""The one statement of a read: from the values that were asked for to their customers, with the columns of its sections."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import structlog
from django.db import Error, connection

from customers.identifiers.models import Identifier
from customers.identifiers.owners import OWNER_OF_EXCLUSIVE_KIND, OWNER_OF_SHARED_KIND
from customers.identifiers.rules import is_exclusive
from customers.profile.reading import COLUMNS, CustomerRow, Payload, Reading, Section
from loyalty_project.db.arrays import text_array
from loyalty_project.db.errors import is_database_away
from loyalty_project.db.savepoints import confined
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.policies import Policy
from organizations.tenancy.statements import fetch_rows

log = structlog.get_logger(__name__)

_OWNER_OF_ID: Final = """LEFT JOIN LATERAL (
    SELECT coalesce(named.merged_into_id, named.id) AS customer_id, named.merged_into_id IS NOT NULL AS is_inherited
    FROM customers_customer AS named
    WHERE named.id = given.value::bigint AND named.organization_id + 0 = %(organization)s LIMIT 1
) AS owner ON true"""
_OWNER_OF_CARD: Final = """LEFT JOIN LATERAL (
    SELECT card.customer_id, false AS is_inherited FROM customers_card AS card
    WHERE card.organization_id = %(organization)s AND card.number = given.value LIMIT 1
) AS owner ON true"""
# The index covers external ids that are not blank; PostgreSQL uses it only with this condition.
_OWNER_OF_CARD_EXTERNAL_ID: Final = """LEFT JOIN LATERAL (
    SELECT card.customer_id, false AS is_inherited FROM customers_card AS card
    WHERE card.organization_id = %(organization)s AND card.external_id = given.value AND card.external_id <> ''
    LIMIT 1
) AS owner ON true"""

# Each value once. A sub-select hides the array from the planner, which then keeps one plan for any number of values.
# Customers are found by their primary key, also where the planner has no statistics: LIMIT keeps it from reading all of them
# at once, and + 0 from indexes that begin with the organization.
_STATEMENT: Final = """SELECT {columns}
FROM unnest((SELECT %(values)s::text[])) WITH ORDINALITY AS given (value, position)
{owner}
LEFT JOIN LATERAL (
    SELECT * FROM customers_customer AS known
    WHERE known.id = owner.customer_id AND known.organization_id + 0 = %(organization)s LIMIT 1
) AS customer ON true
{joins}
ORDER BY given.position"""
_FOUND: Final = ("given.value", "owner.is_inherited", *COLUMNS)
_WIDTH: Final = len(_FOUND)
_ID: Final = 2
_KINDS: Final = frozenset(Identifier.Kind.values)


def owner_of(key: str, policy: Policy) -> str:
    """The join that finds the customer of `given.value`, by the kind of value that `key` names."""
    if key in _KINDS:
        return OWNER_OF_EXCLUSIVE_KIND if is_exclusive(key, policy) else OWNER_OF_SHARED_KIND
    return {"id": _OWNER_OF_ID, "card_number": _OWNER_OF_CARD, "card_external_id": _OWNER_OF_CARD_EXTERNAL_ID}[key]


@dataclass(frozen=True, slots=True)
class Found:
    """The customer of a value, with the parts of the answer that the sections print.

    `is_merged`: the value came with a customer who was merged into this one (warning 91009).
    """

    customer: CustomerRow
    is_merged: bool
    parts: Sequence[Payload] = ()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Warnings of the customer's item that the look-up causes."""
        return (Notice(Code.SURVIVOR_RETRIEVED),) if self.is_merged else ()


def find_customers(
    key: str, values: Collection[str], policy: Policy, *, sections: Sequence[Section] = (), reading: Reading | None = None
) -> dict[str, Found]:
    """The customers of these values (in their stored forms) by value, each with the parts that `sections` print of a `reading`.

    One statement. What is due is settled, and the statement runs again. If the statement fails, its sections run one by one,
    and those that may fail become warnings. Raises `django.db.Error`.
    """
    if not values:
        return {}
    asked = (value for value in dict.fromkeys(values) if key != "id" or value.isdigit())
    parameters = {"kind": key, "values": text_array(asked)}
    if reading is None:
        rows = fetch_rows(composed_statement(key, policy), parameters)
        return {row[0]: Found(CustomerRow(*row[_ID:]), row[1]) for row in rows if row[_ID] is not None}
    return _Read(owner_of(key, policy), tuple(sections), parameters, reading).found()


def composed_statement(key: str, policy: Policy, sections: tuple[Section, ...] = ()) -> str:
    """The text of a read's statement."""
    return _compose(owner_of(key, policy), sections).text


@dataclass(frozen=True, slots=True)
class _Composed:
    """The statement of some sections, and the slice of its rows that is each section's."""

    text: str
    slices: Sequence[slice]


@lru_cache(maxsize=1000)
def _compose(owner: str, sections: tuple[Section, ...]) -> _Composed:
    columns, slices = list(_FOUND), []
    for section in sections:
        slices.append(slice(len(columns), len(columns) + len(section.columns)))
        columns += section.columns
    parts = [part for section in sections for part in (section.after, section) if part is not None and part.joins]
    joins = [part.joins for part in dict.fromkeys(parts)]
    return _Composed(_STATEMENT.format(columns=",\n    ".join(columns), owner=owner, joins="\n".join(joins)), slices)


# A row of the statement: value, is_inherited and customer; and the values of each section, None if they could not be read.
_Row = tuple[Sequence[Any], Sequence[Any]]


class _Read:
    """One run of a read's statement."""

    def __init__(self, owner: str, sections: tuple[Section, ...], parameters: Mapping[str, Any], reading: Reading) -> None:
        self.owner, self.sections, self.reading = owner, sections, reading
        self.parameters = dict(parameters)
        for section in sections:
            for part in (section.after, section):
                if part is not None:
                    self.parameters.update(part.parameters(reading))

    def found(self) -> dict[str, Found]:
        """Run, settle what is due, and print."""
        rows = self._rows()
        if self._settle(rows):
            rows = self._rows()
        printed: dict[int, tuple[CustomerRow, list[Payload]]] = {}
        found = {}
        for row, parts in rows:
            if row[_ID] not in printed:
                customer = CustomerRow(*row[2:_WIDTH])
                printed[customer.pk] = (
                    customer,
                    [
                        section.display(values, customer, self.reading)
                        for section, values in zip(self.sections, parts, strict=True)
                    ],
                )
            customer, payloads = printed[row[_ID]]
            found[row[0]] = Found(customer, row[1], payloads)
        return found

    def _settle(self, rows: Sequence[_Row]) -> bool:
        """Settle what is due of these customers; True if there was anything."""
        due: dict[Callable[[Collection[int], Any], None], set[int]] = {}
        for number, section in enumerate(self.sections):
            if section.settle is not None:
                for _, parts in rows:
                    if parts[number] is not None and (ids := section.due(parts[number], self.reading)):
                        due.setdefault(section.settle, set()).update(ids)
        for settle, ids in due.items():
            settle(ids, self.reading)
        return bool(due)

    def _rows(self) -> list[_Row]:
        try:
            return self._run(self.sections)
        except Error as error:
            if not any(section.may_fail for section in self.sections) or is_database_away(error):
                raise
            log.info("read_failed_as_a_whole")
            return self._one_by_one()

    def _run(self, sections: tuple[Section, ...]) -> list[_Row]:
        composed = _compose(self.owner, sections)
        # Within a transaction a failed statement is undone alone, if the answer is given without what it reads.
        is_undone = connection.in_atomic_block and any(section.may_fail for section in sections)
        with confined() if is_undone else nullcontext():
            rows = fetch_rows(composed.text, self.parameters)
        return [(row, [row[part] for part in composed.slices]) for row in rows if row[_ID] is not None]

    def _one_by_one(self) -> list[_Row]:
        """The rows by a statement for the sections that must not fail, and one for each that may."""
        sure = tuple(section for section in self.sections if not section.may_fail)
        rows = self._run(sure)
        parts: dict[Section, dict[Any, Any]] = {}
        for number, section in enumerate(sure):
            parts[section] = {row[_ID]: values[number] for row, values in rows}
        for section in self.sections:
            if section.may_fail:
                parts[section] = self._values_alone(section)
        return [(row, [parts[section].get(row[_ID]) for section in self.sections]) for row, _ in rows]

    def _values_alone(self, section: Section) -> dict[Any, Any]:
        """The values of a section by customer id, or of its simpler form; none if the database gives neither."""
        found: list[_Row] = []
        with self.reading.may_fail(None if section.simpler else section.failure):
            found = self._run((section,))
        if not found and section.simpler is not None:
            return self._values_alone(section.simpler)
        return {row[_ID]: values for row, (values,) in found}
