"""Attributes that customers are searched by, with their operators (docs/protocol.md 4.4)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django.db.models import Exists, OuterRef, Q

from customers.profile.querysets import CustomerRows
from customers.search.grammar import Condition, Operator
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization

TEXT_OPERATORS: Final = frozenset({Operator.EXACT, Operator.EQUALS, Operator.STARTS, Operator.ENDS, Operator.IN})


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedField:
    """A field of customers. `is_indexed` is true if all its answers are kept as terms."""

    definition: FieldDefinition
    is_indexed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchContext:
    """Context of a search: organization, dial code of the call, and active fields, custom before extended."""

    organization: Organization
    country_code: str = ""
    fields: Sequence[SearchedField] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedRows:
    """Rows whose customers meet a condition, at most one row for each customer.

    `is_unmerged` is true if no row belongs to a customer who was merged into another one.
    """

    rows: CustomerRows[Any]
    is_unmerged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllBut:
    """All customers but those of the rows `unwanted`: who have a row in `wanted`, and who have no row at all.

    Both have at most one row for each customer.
    """

    unwanted: CustomerRows[Any]
    wanted: CustomerRows[Any]

    @property
    def condition(self) -> Q:
        """The same as a condition over customers."""
        return ~Q(Exists(self.unwanted.filter(customer=OuterRef("pk"))))


# The customers who meet a condition: a `Q` over customers, or rows of other tables.
Criterion: TypeAlias = Q | OwnedRows | AllBut
Matcher: TypeAlias = Callable[[Condition, SearchContext], Criterion]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: the operators it allows, and the function that turns a condition on it into a criterion."""

    operators: frozenset[Operator]
    matcher: Matcher

    def criterion(self, condition: Condition, context: SearchContext) -> Criterion:
        """The criterion of a condition. Raises `LoyaltyError` 400 for an operator or value that is not allowed."""
        if condition.operator not in self.operators:
            raise invalid_search()
        return self.matcher(condition, context)


Attributes: TypeAlias = Mapping[str, Attribute]


def invalid_search() -> LoyaltyError:
    """The error of an unreadable search: 400."""
    return LoyaltyError(Code.INVALID_INPUT)
