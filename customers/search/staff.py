"""Customers that match what staff type: an identifier, card or name, or its beginning.

Every look-up is a range of an index (the columns have the C collation) and stops at a limit, so that it is fast among millions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from organizations.tenancy.models import Organization

Kind = Identifier.Kind
# Most customers that each look-up returns.
LIMIT: Final = 200
# Longest term, in characters: longer than any identifier, and than first and last name together.
LONGEST_TERM: Final = 300
_LAST: Final = "\U0010ffff"
_MIN_DIGITS: Final = 3
_MAX_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Customers that a search may return: those of the organizations, and of the stores if any are given."""

    organizations: Sequence[Organization]
    stores: frozenset[int] = frozenset()

    def within(self, rows: QuerySet[Any], customer: str) -> QuerySet[Any]:
        """The rows within reach. `customer` is the path to the customer, "" for customers themselves."""
        # In addition to the scope: indexes start with the organization, and operators have no scope.
        rows = rows.filter(organization__in=[organization.pk for organization in self.organizations])
        return rows.filter(**{f"{customer}registered_store__in": self.stores}) if self.stores else rows


def find_customers(term: str, reach: Reach) -> set[int]:
    """Ids of customers that match the term: three queries."""
    if len(term) > LONGEST_TERM:
        return set()
    term = " ".join(trim(term).split())
    if not term or has_unusable_text(term):
        return set()
    ids: set[int] = set()
    for lookups in (_identifiers(term, reach), _cards(term, reach), _customers(term, reach)):
        first, *others = [rows[:LIMIT] for rows in lookups]
        ids |= {pk for (pk,) in first.union(*others, all=True)}
    return ids


def _identifiers(term: str, reach: Reach) -> Iterator[QuerySet[Any]]:
    current = reach.within(Identifier.objects.exclude(state=Identifier.State.FORMER), "customer__")
    for kind, value in identifier_prefixes(term, reach.organizations):
        # Each value is in one of two partial indexes.
        for exclusive in (True, False):
            rows = current.filter(kind=kind, exclusive=exclusive, **starts_with("value", value))
            yield rows.order_by("value").values_list("customer_id")


def identifier_prefixes(term: str, organizations: Sequence[Organization]) -> list[tuple[str, str]]:
    """Beginnings of identifiers that the term may stand for, with their kinds."""
    values: list[tuple[str, str]] = [(Kind.EMAIL, email_spelling(term).lower())]
    values += [(Kind.EXTERNAL_ID, spelling) for spelling in _spellings(term)]
    values += [(Kind.MOBILE, digits) for digits in sorted(_mobiles(term, organizations))]
    return values


def _cards(term: str, reach: Reach) -> Iterator[QuerySet[Any]]:
    issued = reach.within(Card.objects.filter(customer__isnull=False), "customer__")
    for spelling in _spellings(term):
        yield issued.filter(**starts_with("number", spelling)).order_by("number").values_list("customer_id")
        external = issued.filter(**starts_with("external_id", spelling)).exclude(external_id="")
        yield external.order_by("external_id").values_list("customer_id")


def _customers(term: str, reach: Reach) -> Iterator[QuerySet[Any]]:
    customers = reach.within(Customer.objects.all(), "")
    folded = fold(written_name(term))
    for column in ("firstname_folded", "lastname_folded"):
        yield customers.filter(**starts_with(column, folded)).order_by(column).values_list("pk")
    words = folded.split(" ")
    for first, last in _name_pairs(words):
        both = customers.filter(**starts_with("firstname_folded", first), **starts_with("lastname_folded", last))
        yield both.order_by("lastname_folded").values_list("pk")
    if term.isascii() and term.isdigit() and len(term) < 20 and int(term) <= _MAX_ID:
        yield customers.filter(pk=int(term)).order_by("pk").values_list("pk")


def _name_pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """First and last name, in either order."""
    if len(words) > 1:
        yield " ".join(words[:-1]), words[-1]
        yield " ".join(words[1:]), words[0]


def starts_with(column: str, text: str) -> dict[str, str]:
    """Conditions for rows whose `column` starts with the text."""
    return {f"{column}__gte": text, f"{column}__lt": text + _LAST}


def _spellings(term: str) -> list[str]:
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
