"""Reads of customers: the context of one, and the sections that its statement and its answer are composed of.

A read of the wire is one statement, for one customer or for a hundred. Each section adds columns and lateral joins to it, and
prints its part of each row (docs/architecture.md, Where reads go).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from loyalty_project import clock
from loyalty_project.protocol.best_effort import best_effort
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.values import is_on
from organizations.configuration import Configuration
from organizations.locations.models import Store
from organizations.policies import Policy
from organizations.tenancy.models import Organization

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Context of a read: the query's parameters, the store of the call, and the language ("": the organization's own).

    `options` are what the action reads of the query for its sections, such as a page.

    Sections add warnings: to `notices` for every item, to `own_notices` for the item of one customer, whose item they refuse
    by a code in `refused`. `unstored` has what was due and could not be stored, by keys of the section that settles.
    """

    configuration: Configuration
    query: Mapping[str, str]
    store: Store | None = None
    language: str = ""
    country_code: str = ""
    options: Any = None
    now: datetime = field(default_factory=clock.now)
    notices: list[Notice] = field(default_factory=list)
    own_notices: defaultdict[int, list[Notice]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[int, CodeTable] = field(default_factory=dict)
    unstored: dict[Any, Any] = field(default_factory=dict)
    _parts: dict[Callable[[], Any], Any] = field(default_factory=dict)

    @property
    def organization(self) -> Organization:
        """The organization whose customers are read."""
        return self.configuration.organization

    @property
    def policy(self) -> Policy:
        """The organization's policy."""
        return self.configuration.policy

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone."""
        return self.configuration.zone

    @property
    def today(self) -> date:
        """The day of the read in the organization's zone."""
        return self.now.astimezone(self.zone).date()

    def wants(self, flag: str, *, default: bool = False) -> bool:
        """True if a flag of the query is on: `true` or `1`, in any case."""
        return is_on(self.query, flag, default=default)

    def warnings_of(self, customer_id: int) -> list[Notice]:
        """Warnings of the customer's item."""
        return [*self.notices, *self.own_notices.get(customer_id, ())]

    def part(self, load: Callable[[], Part]) -> Part:
        """A part of the configuration: the same one for all customers of the read, though the configuration may change."""
        if load not in self._parts:
            self._parts[load] = self.configuration.part(load)
        return cast("Part", self._parts[load])

    def part_or_warning(self, load: Callable[[], Part], failure: Code) -> Part | None:
        """A part of the configuration; None, with the warning `failure`, if the database does not give it."""
        if self.configuration.holds(load):
            return self.part(load)
        part: Part | None = None
        with self.may_fail(failure):
            part = self.part(load)
        return part  # noqa: RET504 - None if it failed

    def may_fail(self, code: Code | None) -> AbstractContextManager[None]:
        """Context in which a database error leaves out a part of the answer, with the warning `code` once for all parts."""
        warnings = [] if code is None or Notice(code) in self.notices else [Notice(code)]
        return best_effort(self.notices, warnings)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as every read knows them: the columns of `COLUMNS`."""

    pk: int
    type: str
    firstname: str
    lastname: str
    source: str
    registered_on: datetime
    updated_on: datetime
    registered_store_id: int | None
    is_erased: bool


_SPELLED = {"pk": "id", "is_erased": "erased_at IS NOT NULL"}
COLUMNS = tuple(f"customer.{_SPELLED.get(column.name, column.name)}" for column in fields(CustomerRow))

Values = Sequence[Any]
Payload = Mapping[str, Any]


def no_parameters(_reading: Any) -> Mapping[str, Any]:
    """None: the default of a section."""
    return {}


def _never_due(_values: Values, _reading: Any) -> Collection[int]:
    return ()


# By identity: sections are constants, and part of the key by which composed statements are kept.
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Section:
    """A part of an answer about customers.

    `columns` are SQL expressions on the row `customer` and on the `joins`: lateral joins that give one row for each customer.
    `display` prints the part of one customer's answer from the values of these columns. `parameters` are those of the SQL
    besides `organization`, named after the noun. `after` is the section whose joins this one's refer to.

    `failure` is the warning of every item if the database does not give the values; `display` then gets None. So it does for a
    section that `is_optional`, without a warning: the reader gives one to the items that it concerns. `simpler` has as many
    columns and the same display, and is read in its place before that, without a warning.
    `due` names the customers who have something due by now; `settle` settles it, after which the statement runs again.
    """

    columns: tuple[str, ...]
    display: Callable[[Any, CustomerRow, Any], Payload]
    joins: str = ""
    after: "Section | None" = None
    parameters: Callable[[Any], Mapping[str, Any]] = no_parameters
    failure: Code | None = None
    is_optional: bool = False
    simpler: "Section | None" = None
    due: Callable[[Values, Any], Collection[int]] = _never_due
    settle: Callable[[Collection[int], Any], None] | None = None

    @property
    def may_fail(self) -> bool:
        """True if the answer is given without the section's values."""
        return self.is_optional or self.failure is not None


SectionChoice = Callable[[Any], Section | None]


def chosen(choices: Iterable[SectionChoice], reading: Reading) -> tuple[Section, ...]:
    """The sections that a read asks for: each choice returns its section, or None."""
    return tuple(section for choice in choices if (section := choice(reading)) is not None)


def merged(parts: Iterable[Payload]) -> dict[str, Any]:
    """The parts as one mapping."""
    gathered: dict[str, Any] = {}
    for part in parts:
        gathered.update(part)
    return gathered


def in_order(order: Mapping[str, Any], parts: Iterable[Payload]) -> dict[str, Any]:
    """The parts as one answer with the keys of `order`, in that order and with its values as defaults.

    A key whose default is `Ellipsis` is left out unless a part has it.
    """
    gathered = merged(parts)
    return {key: gathered.get(key, default) for key, default in order.items() if default is not Ellipsis or key in gathered}
