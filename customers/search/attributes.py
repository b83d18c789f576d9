"""By what can customers be searched? Attributes with their operators, and what all of them are told of the call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django.db.models import Q

from customers.profile.querysets import CustomerRows
from customers.search.grammar import Condition, Operator
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization

TEXT_OPERATORS: Final = frozenset({Operator.EXACT, Operator.EQUALS, Operator.STARTS, Operator.ENDS, Operator.IN})


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedField:
    """A field of customers; `is_indexed` when all its answers stand as terms."""

    definition: FieldDefinition
    is_indexed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchContext:
    """For whom a search is done: the organization, the dial code of the call, and the active fields, custom before extended."""

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


# The customers who meet a condition: a `Q` over customers, or rows of other tables.
Criterion: TypeAlias = Q | OwnedRows
Matcher: TypeAlias = Callable[[Condition, SearchContext], Criterion]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an attribute may be asked (`operators`), and which customers a condition on it means."""

    operators: frozenset[Operator]
    meaning: Matcher

    def customers(self, condition: Condition, circumstances: SearchContext) -> Criterion:
        """Whom the condition means. Raises `LoyaltyError` 400 for an operator or value that the attribute has not."""
        if condition.operator not in self.operators:
            raise invalid_search()
        return self.meaning(condition, circumstances)


Attributes: TypeAlias = Mapping[str, Attribute]


def invalid_search() -> LoyaltyError:
    """What is raised for a condition that means nothing."""
    return LoyaltyError(Code.INVALID_INPUT)
