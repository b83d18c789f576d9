"""Customers that match what staff type: an identifier, card or name, its beginning, or the last digits of a mobile.

Every look-up is a range of an index (the columns have the C collation) and stops at a limit, so that it is fast among millions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import phonenumbers
from django.db.models import QuerySet

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.identifiers.values import email_spelling
from customers.profile.models import Customer
from customers.profile.text import fold, written_name
from loyalty_project.phone_numbers import plain_number
from loyalty_project.protocol.plain_text import read_code, trim
from loyalty_project.protocol.values import has_unusable_text
from organizations.staff.reach import in_stores
from organizations.tenancy.models import Organization

Kind = Identifier.Kind
# Most customers that each look-up returns.
LIMIT: Final = 200
# Longest term, in characters: longer than any identifier, and than first and last name together.
LONGEST_TERM: Final = 300
_LAST: Final = "\U0010ffff"
_MIN_DIGITS: Final = 3
# Fewest and most digits that are looked for at the end of mobiles.
_FEWEST_LAST_DIGITS: Final = 4
_MOST_LAST_DIGITS: Final = 15
_MAX_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Customers that a search may return: those of the organizations, and of the stores if any are given.

    With `is_whole` the term has to be a whole identifier, card number or customer id: beginnings and names, tried one after the
    other, would reveal what is masked.
    """

    organizations: Sequence[Organization]
    stores: frozenset[int] = frozenset()
    is_whole: bool = False

    def within(self, rows: QuerySet[Any], customer: str) -> QuerySet[Any]:
        """The rows within reach. `customer` is the path to the customer, "" for customers themselves."""
        # In addition to the scope: indexes start with the organization, and operators have no scope.
        rows = rows.filter(organization__in=[organization.pk for organization in self.organizations])
        return in_stores(rows, self.stores, f"{customer}registered_store")


class LookedUp(StrEnum):
    """What a look-up compares with the term. Kinds of identifiers have the names of `Identifier.Kind`."""

    MOBILE = "mobile"
    EMAIL = "email"
    EXTERNAL_ID = "external_id"
    MOBILE_END = "mobile_end"
    CARD = "card"
    CARD_EXTERNAL_ID = "card_external_id"
    NAME = "name"
    BOTH_NAMES = "both_names"
    SIMILAR_NAME = "similar_name"
    ID = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """One look-up: rows in the order of its index, with the paths to the customer's id and to the column that it compares."""

    kind: LookedUp
    rows: QuerySet[Any]
    customer: str
    column: str


def find_customers(term: str, reach: Reach) -> set[int]:
    """Ids of customers that match the term: three queries."""
    ids: set[int] = set()
    for look_ups in look_ups_of(term, reach):
        first, *others = [look_up.rows.values_list(look_up.customer)[:LIMIT] for look_up in look_ups]
        ids |= {pk for (pk,) in first.union(*others, all=True)}
    return ids


def look_ups_of(term: str, reach: Reach) -> list[list[LookUp]]:
    """The look-ups of a term, grouped by table; none for an empty term, or one that cannot be stored or is too long."""
    if len(term) > LONGEST_TERM:
        return []
    term = clean_term(term)
    if not term or has_unusable_text(term):
        return []
    groups = [list(look_ups(term, reach)) for look_ups in (_identifiers, _cards, _customers)]
    return [group for group in groups if group]


def clean_term(term: str) -> str:
    """The term with one blank between its words."""
    return " ".join(trim(term).split())


def _identifiers(term: str, reach: Reach) -> Iterator[LookUp]:
    current = reach.within(Identifier.objects.exclude(state=Identifier.State.FORMER), "customer__")
    for kind, value in identifier_prefixes(term, reach.organizations):
        # Each value is in one of two partial indexes.
        for exclusive in (True, False):
            rows = current.filter(kind=kind, exclusive=exclusive, **_condition("value", value, reach)).order_by("value")
            yield LookUp(kind=LookedUp(kind), rows=rows, customer="customer_id", column="value")
    if not reach.is_whole and (digits := last_digits(term)):
        rows = current.filter(kind=Kind.MOBILE, **starts_with("value_reversed", digits[::-1])).order_by("value_reversed")
        yield LookUp(kind=LookedUp.MOBILE_END, rows=rows, customer="customer_id", column="value")


def identifier_prefixes(term: str, organizations: Sequence[Organization]) -> list[tuple[str, str]]:
    """Beginnings of identifiers that the term may stand for, with their kinds."""
    values: list[tuple[str, str]] = [(Kind.EMAIL, email_spelling(term).lower())]
    values += [(Kind.EXTERNAL_ID, spelling) for spelling in spellings_of(term)]
    values += [(Kind.MOBILE, digits) for digits in sorted(_mobiles(term, organizations))]
    return values


def last_digits(term: str) -> str:
    """The digits that a mobile may end with; "" for a number with "+", and for text that is no part of a number."""
    number = plain_number(term)
    # Two zeros begin an international number, and the end of some.
    digits = number if "+" in term else number.replace("+", "00")
    is_part = digits.isdigit() and _FEWEST_LAST_DIGITS <= len(digits) <= _MOST_LAST_DIGITS
    return digits if is_part else ""


def _cards(term: str, reach: Reach) -> Iterator[LookUp]:
    issued = reach.within(Card.objects.filter(customer__isnull=False), "customer__")
    for spelling in spellings_of(term):
        numbers = issued.filter(**_condition("number", spelling, reach)).order_by("number")
        yield LookUp(kind=LookedUp.CARD, rows=numbers, customer="customer_id", column="number")
        external = issued.filter(**_condition("external_id", spelling, reach)).exclude(external_id="").order_by("external_id")
        yield LookUp(kind=LookedUp.CARD_EXTERNAL_ID, rows=external, customer="customer_id", column="external_id")


def _customers(term: str, reach: Reach) -> Iterator[LookUp]:
    customers = reach.within(Customer.objects.all(), "")
    if not reach.is_whole:
        yield from _names(fold(written_name(term)), customers)
    if term.isascii() and term.isdigit() and len(term) < 20 and int(term) <= _MAX_ID:
        rows = customers.filter(pk=int(term)).order_by("pk")
        yield LookUp(kind=LookedUp.ID, rows=rows, customer="pk", column="firstname_folded")


def _names(folded: str, customers: QuerySet[Any]) -> Iterator[LookUp]:
    for column in ("firstname_folded", "lastname_folded"):
        rows = customers.filter(**starts_with(column, folded)).order_by(column)
        yield LookUp(kind=LookedUp.NAME, rows=rows, customer="pk", column=column)
    for first, last in name_pairs(folded.split(" ")):
        both = customers.filter(**starts_with("firstname_folded", first), **starts_with("lastname_folded", last))
        rows = both.order_by("lastname_folded")
        yield LookUp(kind=LookedUp.BOTH_NAMES, rows=rows, customer="pk", column="lastname_folded")


def name_pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """First and last name, in either order."""
    if len(words) > 1:
        yield " ".join(words[:-1]), words[-1]
        yield " ".join(words[1:]), words[0]


def starts_with(column: str, text: str) -> dict[str, str]:
    """Conditions for rows whose `column` starts with the text."""
    return {f"{column}__gte": text, f"{column}__lt": text + _LAST}


def _condition(column: str, value: str, reach: Reach) -> dict[str, str]:
    """Conditions for rows whose `column` starts with the value, or is it."""
    return {column: value} if reach.is_whole else starts_with(column, value)


def spellings_of(term: str) -> list[str]:
    """Spellings of an external id or card number: as typed, and in capitals."""
    code = read_code(term)
    return list(dict.fromkeys([code, code.upper()]))


def _mobiles(term: str, organizations: Sequence[Organization]) -> set[str]:
    """Beginnings of mobiles that the digits may stand for: international, or national in a supported country."""
    number = plain_number(term)
    digits = number.removeprefix("+")
    if len(digits) < _MIN_DIGITS:
        return set()
    if number.startswith("+"):
        return {digits}
    countries = {country for organization in organizations for country in organization.supported_countries}
    national = digits.lstrip("0")
    codes = {phonenumbers.country_code_for_region(country) for country in countries}
    return {digits, *(f"{code}{national}" for code in codes if national)}
