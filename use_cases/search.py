"""Who is meant by a search? Its conditions, of whatever app, become one question to the database (docs/protocol.md 4.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet

from customers.details.payloads import search_row
from customers.field_terms.models import IndexedField
from customers.field_terms.services import SEARCHED
from customers.lookup.reads import read_customers
from customers.profile.models import Customer
from customers.profile.text import fold
from customers.search.attributes import Attributes, Criterion, OwnedRows, SearchContext, SearchedField, invalid_search
from customers.search.customer_attributes import ATTRIBUTES, NOBODY
from customers.search.field_attributes import field_attribute
from customers.search.grammar import Condition, read_search
from engagement.bills.models import PurchaseTotals
from engagement.points.balances import Balance, read_balances
from engagement.points.search import POINTS, default_program, loyalty_attributes, settle_among
from engagement.programs.account_key import AccountKey
from engagement.programs.models import Program
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.timeouts import TookTooLongError, answered_within
from loyalty_project.protocol.codes import Transport
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.numbers import plain_digits
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked: `text` is the decoded `q`; of the hits, by user_id, `rows` from `start` on.

    `of_store` narrows to those who registered at `store`.
    """

    text: str
    start: int
    rows: int
    country_code: str = ""
    of_store: bool = False
    store: Store | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """How many customers were found in all, and the rows of those asked for."""

    count: int
    rows: list[dict[str, Any]]


def search_customers(search: Search, *, organization: Organization) -> Hits:
    """The customers of the scope's organization who meet every condition. The number of queries does not grow with the hits.

    Whose points fell due by now is found, and shown, by what they are then. Raises `LoyaltyError` 400 for a search that cannot
    be read and `RequestRefusedError` 461 for one that takes longer than SEARCH_TIMEOUT. Call it outside of a transaction.
    """
    conditions = read_search(search.text)
    program = default_program()
    circumstances = SearchContext(organization=organization, country_code=search.country_code, fields=_searched_fields())
    try:
        whom = _whom(conditions, search, program, circumstances)
        with answered_within(settings.SEARCH_TIMEOUT):
            count = whom.ids.count()
            ids = whom.page(search) if count > search.start else []
    except TookTooLongError as error:
        raise RequestRefusedError(int(Transport.SEARCH_BUSY), Transport.SEARCH_BUSY) from error
    definitions = [one.definition for one in circumstances.fields]
    return Hits(count=count, rows=_rows(ids, program, definitions, organization))


def _searched_fields() -> list[SearchedField]:
    """The fields that are switched on, custom before extended: one query."""
    complete = IndexedField.objects.filter(field=OuterRef("pk"), is_complete=True)
    rows = FieldDefinition.objects.filter(category__in=SEARCHED, is_active=True).annotate(is_indexed=Exists(complete))
    return [SearchedField(definition=one, is_indexed=one.is_indexed) for one in rows]


@dataclass(frozen=True, slots=True)
class _Whom:
    """Whom a search means: rows of a table, one for each customer, with their ids in a column."""

    rows: QuerySet[Any]
    column: str

    @property
    def ids(self) -> QuerySet[Any]:
        """A query for the ids, in no order."""
        return self.rows.order_by().values(self.column)

    def page(self, search: Search) -> list[int]:
        """The ids of one page, in their order. By an expression: no plan then walks along all customers in the hope of hits."""
        ids = self.rows.order_by(F(self.column) + 0).values_list(self.column, flat=True)
        return list(ids[search.start : search.start + search.rows])


def _whom(conditions: Sequence[Condition], search: Search, program: Program | None, circumstances: SearchContext) -> _Whom:
    """Who meets the conditions. Points come last: what is due is carried out on those whom the others leave."""
    attributes = {**ATTRIBUTES, **loyalty_attributes(program, shown={})}
    of_points = [one for one in conditions if fold(one.attribute) in POINTS]
    meant = [_meaning(one, attributes, circumstances) for one in conditions if one not in of_points]
    if search.of_store:
        meant.append(Q(registered_store=search.store) if search.store else NOBODY)
    if of_points and program:
        shown = settle_among(
            _all_of(meant).ids, program=program, organization=circumstances.organization, seconds=settings.SEARCH_TIMEOUT
        )
        attributes |= loyalty_attributes(program, shown=shown)
    return _all_of([*meant, *(_meaning(one, attributes, circumstances) for one in of_points)])


def _meaning(condition: Condition, attributes: Attributes, circumstances: SearchContext) -> Criterion:
    attribute = attributes.get(fold(condition.attribute)) or field_attribute(condition.attribute, circumstances)
    if attribute is None:
        raise invalid_search()
    return attribute.criterion(condition, circumstances)


def _all_of(meant: Sequence[Criterion]) -> _Whom:
    """Who is meant by all of these and was not merged. Customers themselves are read only where something is asked of them."""
    own = [one for one in meant if isinstance(one, Q)]
    owners = [one for one in meant if isinstance(one, OwnedRows)]
    if own or not owners:
        customers = Customer.objects.filter(*own, merged_into=None)
        for one in owners:
            customers = customers.filter(pk__in=one.rows.values("customer"))
        return _Whom(customers, "pk")
    first, *others = owners
    rows = first.rows
    for one in others:
        rows = rows.filter(customer__in=one.rows.values("customer"))
    if not any(one.is_unmerged for one in owners):
        rows = rows.unmerged()
    return _Whom(rows, "customer_id")


def _rows(
    ids: Sequence[int], program: Program | None, definitions: Sequence[FieldDefinition], organization: Organization
) -> list[dict[str, Any]]:
    if not ids:
        return []
    people = read_customers(ids, related=("registered_till", "registered_store"))
    balances = read_balances(ids, organization=organization)
    purchases = {
        one.customer_id: one for one in PurchaseTotals.objects.filter(is_any_of("customer_id", ids, BigIntegerField()))
    }
    rows = []
    for pk in ids:
        balance = balances.of(AccountKey(pk, program.pk if program else 0))
        loyalty = _loyalty(balance, purchases.get(pk))
        rows.append(search_row(people[pk], definitions=definitions, loyalty=loyalty, zone=organization.zone))
    return rows


def _loyalty(balance: Balance, purchases: PurchaseTotals | None) -> Mapping[str, str]:
    return {
        "loyalty_points": plain_digits(balance.spendable),
        "lifetime_points": plain_digits(balance.totals.lifetime),
        "lifetime_purchases": plain_digits(purchases.amount if purchases else ZERO),
        "last_trans_value": plain_digits(purchases.last_amount if purchases else ZERO),
        "current_slab": balance.current_slab or "",
    }
