"""Who has this name or identifier, or registered here or then? The attributes of customers (docs/protocol.md 4.4)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q

from customers.identifiers.models import Identifier
from customers.identifiers.values import bare_digits, read_mobile
from customers.search.attributes import (
    TEXT_OPERATORS,
    Attribute,
    Attributes,
    Criterion,
    Matcher,
    OwnedRows,
    SearchContext,
    invalid_search,
)
from customers.search.criteria import text_criterion
from customers.search.grammar import Condition, Operator
from loyalty_project.protocol.moments import from_wall, read_moment
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

State = Identifier.State
NOBODY: Final = Q(pk__in=())
EVERYBODY: Final = Q()
_LARGEST_ID: Final = 2**63 - 1
_WHOLE: Final = frozenset({Operator.EQUALS, Operator.EXACT, Operator.IN})


def _name(column: str) -> Matcher:
    def meaning(condition: Condition, _circumstances: SearchContext) -> Q:
        return text_criterion(condition, column=f"{column}_folded", backwards=f"{column}_reversed", whole=column)

    return meaning


def _identifier(kind: str) -> Matcher:
    """One that came with a merged customer finds the survivor; one that was replaced finds nobody.

    Everybody has one current identifier of a kind at most. Of those that came with merged customers, which are few, only the
    first counts, and only where the current one does not.
    """

    def meaning(condition: Condition, circumstances: SearchContext) -> Criterion:
        if kind == Identifier.Kind.MOBILE:
            condition = _as_stored(condition, circumstances)
        rows = Identifier.objects.exclude(state=State.FORMER).filter(kind=kind)
        found = rows.filter(text_criterion(condition, column="value_folded", backwards="value_reversed", whole="value"))
        counted_otherwise = found.filter(Q(state=State.CURRENT) | Q(pk__lt=OuterRef("pk")), customer=OuterRef("customer"))
        return OwnedRows(rows=found.filter(Q(state=State.CURRENT) | ~Exists(counted_otherwise)), is_unmerged=True)

    return meaning


def _as_stored(condition: Condition, circumstances: SearchContext) -> Condition:
    """The condition with mobiles as they are kept: digits, and whole ones with their country."""
    countries = circumstances.organization.supported_countries

    def stored(number: str) -> str:
        whole = read_mobile(number, countries=countries, country_code=circumstances.country_code)
        return whole if whole and condition.operator in _WHOLE else bare_digits(number)

    return replace(condition, values=tuple(map(stored, condition.values)))


def _organization(condition: Condition, circumstances: SearchContext) -> Q:
    return EVERYBODY if condition.value.strip() == str(circumstances.organization.pk) else NOBODY


def _registered_store(condition: Condition, _circumstances: SearchContext) -> Q:
    """The stores are named by id or by code; there are few, and their ids let the index be used."""
    named = [value.strip() for value in condition.values]
    ids = [int(name) for name in named if name.isascii() and name.isdigit() and len(name) < 20 and int(name) <= _LARGEST_ID]
    stores = Store.objects.filter(Q(code__in=named) | Q(pk__in=ids)).values_list("pk", flat=True)
    return Q(registered_store__in=list(stores))


def _registered_date(condition: Condition, circumstances: SearchContext) -> Q:
    """Whole days in the organization's zone."""
    days = [_day(value, circumstances.organization) for value in condition.values]
    first = _first_moment(days[0], circumstances.organization)
    after = _first_moment(days[-1] + timedelta(days=1), circumstances.organization)
    match condition.operator:
        case Operator.LESS:
            return Q(registered_on__lt=first)
        case Operator.GREATER:
            return Q(registered_on__gte=after)
        case _:
            return Q(registered_on__gte=first, registered_on__lt=after)


def _day(text: str, organization: Organization) -> date:
    moment = read_moment(text, organization.zone)
    if moment is None:
        raise invalid_search()
    return moment.astimezone(organization.zone).date()


def _first_moment(day: date, organization: Organization) -> datetime:
    return from_wall(datetime.combine(day, time.min), organization.zone)


ATTRIBUTES: Final[Attributes] = {
    "firstname": Attribute(TEXT_OPERATORS, _name("firstname")),
    "lastname": Attribute(TEXT_OPERATORS, _name("lastname")),
    **{kind: Attribute(TEXT_OPERATORS, _identifier(kind)) for kind in Identifier.Kind.values},
    "org_id": Attribute(frozenset({Operator.EQUALS}), _organization),
    "registered_store": Attribute(frozenset({Operator.EQUALS, Operator.IN}), _registered_store),
    "registered_date": Attribute(frozenset({Operator.ON, Operator.RANGE, Operator.LESS, Operator.GREATER}), _registered_date),
}
