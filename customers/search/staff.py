"""Whom does somebody at a desk mean by what they typed? Any identifier, card or name, whole or its beginning, in one move.

Every lookup is a range of an index (the columns are in the C collation) and stops at a limit, so that it stays quick among
millions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import phonenumbers
from django.db.models import QuerySet

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.profile.text import fold
from loyalty_project.protocol.values import has_unusable_text
from organizations.tenancy.models import Organization

Kind = Identifier.Kind
# So many customers are found at most by each way of looking.
LIMIT: Final = 200
_LAST: Final = "\U0010ffff"
_NUMBER: Final = re.compile(r"\+?[\d\s().\-\u2010-\u2015]+", re.ASCII)
_MIN_DIGITS: Final = 3
_MAX_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where to look: these organizations (all that the scope allows), and of their customers those of these stores."""

    organizations: Sequence[Organization]
    stores: frozenset[int] = frozenset()

    def within(self, rows: QuerySet[Any], customer: str) -> QuerySet[Any]:
        """Those of `rows` that lie within reach; `customer` is the path to the customer, "" for customers themselves."""
        # Named again beside the scope: the indexes begin with the organization, and operators have no scope.
        rows = rows.filter(organization__in=[one.pk for one in self.organizations])
        return rows.filter(**{f"{customer}registered_store__in": self.stores}) if self.stores else rows


def find_customers(term: str, reach: Reach) -> set[int]:
    """The ids of the customers whom `term` may mean; three queries, whatever is typed."""
    term = " ".join(term.split())
    if not term or has_unusable_text(term):
        return set()
    found: set[int] = set()
    for lookups in (_identifiers(term, reach), _cards(term, reach), _people(term, reach)):
        first, *others = [rows[:LIMIT] for rows in lookups]
        found |= {pk for (pk,) in first.union(*others, all=True)}
    return found


def _identifiers(term: str, reach: Reach) -> Iterator[QuerySet[Any]]:
    current = reach.within(Identifier.objects.exclude(state=Identifier.State.FORMER), "customer__")
    for kind, value in identifier_prefixes(term, reach.organizations):
        # Each value stands in one of two partial indexes.
        for exclusive in (True, False):
            rows = current.filter(kind=kind, exclusive=exclusive, **starts_with("value", value))
            yield rows.order_by("value").values_list("customer_id")


def identifier_prefixes(term: str, organizations: Sequence[Organization]) -> list[tuple[str, str]]:
    """The identifiers that may begin so, by kind."""
    values: list[tuple[str, str]] = [(Kind.EMAIL, term.lower())]
    values += [(Kind.EXTERNAL_ID, spelling) for spelling in _spellings(term)]
    values += [(Kind.MOBILE, digits) for digits in sorted(_mobiles(term, organizations))]
    return values


def _cards(term: str, reach: Reach) -> Iterator[QuerySet[Any]]:
    issued = reach.within(Card.objects.filter(customer__isnull=False), "customer__")
    for spelling in _spellings(term):
        yield issued.filter(**starts_with("number", spelling)).order_by("number").values_list("customer_id")
        external = issued.filter(**starts_with("external_id", spelling)).exclude(external_id="")
        yield external.order_by("external_id").values_list("customer_id")


def _people(term: str, reach: Reach) -> Iterator[QuerySet[Any]]:
    people = reach.within(Customer.objects.all(), "")
    folded = fold(term)
    for column in ("firstname_folded", "lastname_folded"):
        yield people.filter(**starts_with(column, folded)).order_by(column).values_list("pk")
    words = folded.split(" ")
    for first, last in _split_names(words):
        both = people.filter(**starts_with("firstname_folded", first), **starts_with("lastname_folded", last))
        yield both.order_by("lastname_folded").values_list("pk")
    if term.isascii() and term.isdigit() and int(term) <= _MAX_ID:
        yield people.filter(pk=int(term)).order_by("pk").values_list("pk")


def _split_names(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """First and last name, in either order."""
    if len(words) > 1:
        yield " ".join(words[:-1]), words[-1]
        yield " ".join(words[1:]), words[0]


def starts_with(column: str, text: str) -> dict[str, str]:
    """Conditions for rows whose `column` starts with the text."""
    return {f"{column}__gte": text, f"{column}__lt": text + _LAST}


def _spellings(term: str) -> list[str]:
    """External ids and card numbers are kept as they came: as typed, and all in capitals."""
    return list(dict.fromkeys([term, term.upper()]))


def _mobiles(term: str, organizations: Sequence[Organization]) -> set[str]:
    """What the digits may be the beginning of: a whole number, or a national one of a supported country."""
    digits = re.sub(r"\D", "", term) if _NUMBER.fullmatch(term) else ""
    if len(digits) < _MIN_DIGITS:
        return set()
    if term.startswith("+"):
        return {digits}
    countries = {country for organization in organizations for country in organization.supported_countries}
    national = digits.lstrip("0")
    codes = {phonenumbers.country_code_for_region(country) for country in countries}
    return {digits.removeprefix("00"), *(f"{code}{national}" for code in codes if national)}
