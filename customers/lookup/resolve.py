"""Customers of the rows of an import file (docs/imports.md)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from customers.lookup.services import LookupQuery, LookupResult, look_up
from customers.registration.refusals import explained
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import optional
from organizations.tenancy.models import Organization

# The first filled identifier of a row, in this order, decides.
PRECEDENCE: Final = ("id", "mobile", "external_id", "email")
Row = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NamedCustomer:
    """The customer of a row. `is_merged`: the row names a customer who is merged into this one."""

    customer_id: int
    is_merged: bool


def resolve_rows(rows: Sequence[Row], *, organization: Organization) -> list[int | LoyaltyError]:
    """For each row, in order, the id of its customer or the refusal: one query for each kind of identifier that decides.

    Refusals are those of `look_up`: 1015 without an identifier, 1042 malformed, 400 an id that is not a number, 1012 or 1011
    unknown. Identifiers of merged customers lead to the survivor; former identifiers are unknown. Nothing is locked: a service
    that changes rows of these customers locks them (`lock_customers`) and reads again.
    """
    resolved = resolve_named(rows, organization=organization)
    return [result.customer_id if isinstance(result, NamedCustomer) else result for result in resolved]


def resolve_named(rows: Sequence[Row], *, organization: Organization) -> list[NamedCustomer | LoyaltyError]:
    """As `resolve_rows`, and whether a row names a customer who is merged into the one it leads to."""
    identifiers = [_deciding_identifier(row) for row in rows]
    results: dict[tuple[str, str], LookupResult] = {}
    for key in PRECEDENCE:
        values = list(dict.fromkeys(given[1] for given in identifiers if given is not None and given[0] == key))
        if values:
            looked_up = look_up(
                LookupQuery(key=key, values=values), organization=organization, policy=organization.policy, country_code=""
            )
            results.update(((key, result.value), result) for result in looked_up)
    return [
        _resolved(row, results.get(given) if given else None, organization)
        for row, given in zip(rows, identifiers, strict=True)
    ]


def read_rows(rows: Sequence[Row], read: Callable[..., T], *, organization: Organization) -> list[T | LoyaltyError]:
    """Read each row by `read(row, customer_id=...)`; the refusal if the row or its customer is refused. See `resolve_rows`."""
    customers = resolve_rows(rows, organization=organization)
    return [_read(row, customer, read) for row, customer in zip(rows, customers, strict=True)]


def _read(row: Row, customer: int | LoyaltyError, read: Callable[..., T]) -> T | LoyaltyError:
    if isinstance(customer, LoyaltyError):
        return customer
    try:
        return read(row, customer_id=customer)
    except LoyaltyError as refusal:
        return refusal


def _deciding_identifier(row: Row) -> tuple[str, str] | None:
    """The column and value that identify the customer; None without a filled identifier."""
    filled = ((key, optional(row, key)) for key in PRECEDENCE)
    return next(((key, value) for key, value in filled if value), None)


def _resolved(row: Row, result: LookupResult | None, organization: Organization) -> NamedCustomer | LoyaltyError:
    if result is None:
        return explained(LoyaltyError(Code.IDENTIFIER_MISSING), row, organization)
    if result.customer_id is None:
        return explained(LoyaltyError(result.refusal or Code.UNKNOWN_ID), row, organization)
    return NamedCustomer(result.customer_id, is_merged=result.is_merged)
