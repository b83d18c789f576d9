"""Attributes of customers themselves: names, identifiers, registration (docs/protocol.md 4.4)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q

from customers.identifiers.models import Identifier
from customers.identifiers.values import email_spelling
from customers.profile.text import read_name, written_name
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
from loyalty_project.phone_numbers import plain_number, stored_mobile
from loyalty_project.protocol.moments import from_wall, read_moment
from loyalty_project.protocol.plain_text import read_code
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.phone_numbers import mobile_reading

State = Identifier.State
NOBODY: Final = Q(pk__in=())
EVERYBODY: Final = Q()
_LARGEST_ID: Final = 2**63 - 1
_WHOLE: Final = frozenset({Operator.EQUALS, Operator.EXACT, Operator.IN})


def _name(column: str) -> Matcher:
    def criterion(condition: Condition, _context: SearchContext) -> Q:
        spelling = replace(condition, values=tuple(written_name(value) for value in condition.values))
        if condition.operator is not Operator.EXACT:
            return text_criterion(spelling, column=f"{column}_folded", backwards=f"{column}_reversed")
        # Names of earlier versions are stored as they were sent.
        stored = [condition.value, read_name(condition.value)[0]]
        folded = text_criterion(spelling, column=f"{column}_folded", backwards=f"{column}_reversed")
        return folded & Q(**{f"{column}__in": stored})

    return criterion


def _identifier(kind: str) -> Matcher:
    """Matcher of an identifier. One that came with a merged customer finds the survivor; a former one finds no customer.

    A customer has at most one current identifier of a kind. Of the few that came with merged customers only the first counts,
    and only if the current one does not match.
    """

    def criterion(condition: Condition, context: SearchContext) -> Criterion:
        condition = replace(condition, values=tuple(_as_stored(kind, value, condition, context) for value in condition.values))
        rows = Identifier.objects.exclude(state=State.FORMER).filter(kind=kind)
        matching = rows.filter(text_criterion(condition, column="value_folded", backwards="value_reversed", whole="value"))
        preferred = matching.filter(Q(state=State.CURRENT) | Q(pk__lt=OuterRef("pk")), customer=OuterRef("customer"))
        return OwnedRows(rows=matching.filter(Q(state=State.CURRENT) | ~Exists(preferred)), is_unmerged=True)

    return criterion


def _as_stored(kind: str, value: str, condition: Condition, context: SearchContext) -> str:
    """The value, or the part of one, as it is stored: a complete mobile with its country code."""
    if kind == Identifier.Kind.EMAIL:
        return email_spelling(value)
    if kind == Identifier.Kind.EXTERNAL_ID:
        return read_code(value)
    reading = mobile_reading(context.organization, context.organization.policy, context.country_code)
    whole = stored_mobile(value, **reading) if condition.operator in _WHOLE else None
    return whole or plain_number(value).removeprefix("+") or value


def _organization(condition: Condition, context: SearchContext) -> Q:
    return EVERYBODY if condition.value.strip() == str(context.organization.pk) else NOBODY


def _registered_store(condition: Condition, _context: SearchContext) -> Q:
    """Customers registered in the stores, which are named by code or id. Ids of stores make PostgreSQL use the index."""
    named = [value.strip() for value in condition.values]
    ids = [int(name) for name in named if name.isascii() and name.isdigit() and len(name) < 20 and int(name) <= _LARGEST_ID]
    stores = Store.objects.filter(Q(code__in=named) | Q(pk__in=ids)).values_list("pk", flat=True)
    return Q(registered_store__in=list(stores))


def _registered_date(condition: Condition, context: SearchContext) -> Q:
    """Customers registered on these whole days in the organization's time zone."""
    days = [_day(value, context.organization) for value in condition.values]
    first = _first_moment(days[0], context.organization)
    after = _first_moment(days[-1] + timedelta(days=1), context.organization)
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
