"""Search for customers: the conditions, of all apps, become one query (docs/protocol.md 4.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from customers.details.payloads import search_row
from customers.details.sections import profile
from customers.field_terms.models import IndexedField
from customers.field_terms.services import SEARCHED
from customers.identifiers.sections import identifiers
from customers.lookup.statement import find_customers
from customers.profile.models import Customer
from customers.profile.reading import Reading, merged
from customers.profile.text import fold_given
from customers.search.attributes import AllBut, Attributes, Criterion, OwnedRows, SearchContext, SearchedField, invalid_search
from customers.search.customer_attributes import ATTRIBUTES, NOBODY
from customers.search.field_attributes import field_attribute
from customers.search.grammar import Condition, read_search
from engagement.bills.sections import PURCHASE_FIGURES
from engagement.points.search import POINTS, loyalty_attributes, settle_among
from engagement.points.sections import FIGURES
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Program
from loyalty_project.db.timeouts import TookTooLongError, answered_within
from loyalty_project.protocol.codes import Transport
from loyalty_project.protocol.errors import RequestRefusedError
from organizations.configuration import Configuration
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store

ZERO: Final = Decimal(0)
# Customers that may be read one after the other to fill a page.
_READ_IN_ORDER: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search: `text` is the decoded `q`. The page is `rows` hits from `start` on, in the order of user_id.

    `of_store` limits it to customers who registered at `store`.
    """

    text: str
    start: int
    rows: int
    country_code: str = ""
    of_store: bool = False
    store: Store | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """The number of all hits, and the rows of one page."""

    count: int
    rows: list[dict[str, Any]]


def search_customers(search: Search, *, configuration: Configuration) -> Hits:
    """The customers of the scope's organization who meet every condition. The number of queries does not grow with the hits.

    Due points are settled before they are compared and printed. Raises `LoyaltyError` 400 for an invalid search and
    `RequestRefusedError` 461 for one that takes longer than SEARCH_TIMEOUT. Call it outside of a transaction.
    """
    conditions = read_search(search.text)
    default = configuration.part(load_catalog).default
    program = default.program if default else None
    context = SearchContext(
        organization=configuration.organization, country_code=search.country_code, fields=configuration.part(searched_fields)
    )
    try:
        selection = _select(conditions, search, program, context)
        with answered_within(settings.SEARCH_TIMEOUT):
            count = selection.count()
            ids = selection.page(search, count=count) if count > search.start else []
    except TookTooLongError as error:
        raise RequestRefusedError(int(Transport.SEARCH_BUSY), Transport.SEARCH_BUSY) from error
    return Hits(count=count, rows=_rows(ids, program, configuration))


def searched_fields() -> list[SearchedField]:
    """The active searchable fields, custom before extended: a part of the configuration."""
    complete = IndexedField.objects.filter(field=OuterRef("pk"), is_complete=True)
    rows = FieldDefinition.objects.filter(category__in=SEARCHED, is_active=True).annotate(is_indexed=Exists(complete))
    return [SearchedField(definition=row, is_indexed=row.is_indexed) for row in rows]


@dataclass(frozen=True, slots=True)
class _Selection:
    """Selected customers: rows of a table, one a customer, with the customer ids in `column`."""

    rows: QuerySet[Any]
    column: str

    @property
    def ids(self) -> QuerySet[Any]:
        """A query for the ids, unordered."""
        return self.rows.order_by().values(self.column)

    def count(self) -> int:
        """The number of customers."""
        return self.ids.count()

    def page(self, search: Search, *, count: int) -> list[int]:  # noqa: ARG002 - as in `_EverybodyElse`
        """The ordered ids of one page. Ordering by an expression keeps the planner from scanning all customers in id order."""
        ids = self.rows.order_by(F(self.column) + 0).values_list(self.column, flat=True)
        return list(ids[search.start : search.start + search.rows])


@dataclass(frozen=True)
class _EverybodyElse:
    """Unmerged customers but those of some rows, counted by what is left out: that reads indexes alone."""

    rest: AllBut

    @cached_property
    def _total(self) -> int:
        return Customer.objects.filter(merged_into=None).count()

    @property
    def _customers(self) -> QuerySet[Customer]:
        return Customer.objects.filter(self.rest.condition, merged_into=None)

    @property
    def ids(self) -> QuerySet[Any]:
        """A query for the ids, unordered."""
        return self._customers.order_by().values("pk")

    def count(self) -> int:
        """The number of customers."""
        return self._total - self.rest.unwanted.unmerged().count()

    def page(self, search: Search, *, count: int) -> list[int]:
        """The ordered ids of one page of `count` customers.

        If enough customers belong to it, they are read in the order of ids until the page is full. Else they are few: those of
        the rows, if all of them have one.
        """
        if (search.start + search.rows) * self._total <= _READ_IN_ORDER * count:
            everybody = Customer.objects.filter(merged_into=None)
            ids = (everybody if count == self._total else self._customers).order_by("pk").values_list("pk", flat=True)
            return list(ids[search.start : search.start + search.rows])
        with_rows = self.rest.wanted.unmerged()
        few = _Selection(with_rows, "customer_id") if with_rows.count() == count else _Selection(self._customers, "pk")
        return few.page(search, count=count)


def _select(
    conditions: Sequence[Condition], search: Search, program: Program | None, context: SearchContext
) -> "_Selection | _EverybodyElse":
    """The customers who meet the conditions. Points come last: only customers who meet the others are settled first."""
    attributes = {**ATTRIBUTES, **loyalty_attributes(program, shown={})}
    of_points = [condition for condition in conditions if fold_given(condition.attribute) in POINTS]
    criteria = [_criterion(condition, attributes, context) for condition in conditions if condition not in of_points]
    if search.of_store:
        criteria.append(Q(registered_store=search.store) if search.store else NOBODY)
    if of_points and program:
        shown = settle_among(
            _all_of(criteria).ids, program=program, organization=context.organization, seconds=settings.SEARCH_TIMEOUT
        )
        attributes |= loyalty_attributes(program, shown=shown)
    return _all_of([*criteria, *(_criterion(condition, attributes, context) for condition in of_points)])


def _criterion(condition: Condition, attributes: Attributes, context: SearchContext) -> Criterion:
    attribute = attributes.get(fold_given(condition.attribute) or "") or field_attribute(condition.attribute, context)
    if attribute is None:
        raise invalid_search()
    return attribute.criterion(condition, context)


def _all_of(criteria: Sequence[Criterion]) -> "_Selection | _EverybodyElse":
    """Unmerged customers who meet all criteria. The customer table is read only if a criterion needs it."""
    if len(criteria) == 1 and isinstance(criteria[0], AllBut):
        return _EverybodyElse(criteria[0])
    conditions = [
        criterion.condition if isinstance(criterion, AllBut) else criterion
        for criterion in criteria
        if not isinstance(criterion, OwnedRows)
    ]
    owned = [criterion for criterion in criteria if isinstance(criterion, OwnedRows)]
    if conditions or not owned:
        customers = Customer.objects.filter(*conditions, merged_into=None)
        for criterion in owned:
            customers = customers.filter(pk__in=criterion.rows.values("customer"))
        return _Selection(customers, "pk")
    first, *others = owned
    rows = first.rows
    for criterion in others:
        rows = rows.filter(customer__in=criterion.rows.values("customer"))
    if not any(criterion.is_unmerged for criterion in owned):
        rows = rows.unmerged()
    return _Selection(rows, "customer_id")


def _rows(ids: Sequence[int], program: Program | None, configuration: Configuration) -> list[dict[str, Any]]:
    """The rows of these customers, in their order: one statement."""
    reading = Reading(configuration=configuration, query={}, options=program.pk if program else 0)
    sections = (profile(reading), identifiers(reading), FIGURES, PURCHASE_FIGURES)
    found = find_customers("id", [str(pk) for pk in ids], configuration.policy, sections=sections, reading=reading)
    return [search_row(hit.customer, merged(hit.parts), organization=configuration.organization) for hit in found.values()]
