"""Look-ups of customers by identifier, id or card: one statement for any number of values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers.identifiers.models import Identifier
from customers.identifiers.values import read_email, read_id
from customers.lookup.statement import Found, find_customers
from customers.profile.reading import Reading, Section
from loyalty_project.phone_numbers import read_mobile, stored_mobile
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice, RequestRefusedError
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import has_unusable_text
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from organizations.tenancy.phone_numbers import mobile_reading

# Parameters that name customers; the first one given counts (docs/protocol.md 4.5).
KEYS = ("mobile", "email", "external_id", "id", "card_number", "card_external_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupQuery:
    """A key and its values, in order."""

    key: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """The customer of one value, or the code of the refusal.

    `is_merged` is true if the value belongs to a customer who was merged into this one (warning 91009).
    """

    value: str
    customer_id: int | None = None
    refusal: Code | None = None
    is_merged: bool = False

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Warnings of the customer's item that the look-up causes."""
        return (Notice(Code.SURVIVOR_RETRIEVED),) if self.is_merged else ()


def names_customer(user_id: str) -> bool:
    """True if the parameter `user_id` is an id; 0 and 1 are a flag (docs/protocol.md 4.5)."""
    return user_id.isascii() and user_id.isdigit() and user_id not in {"0", "1"}


def expand_identifier_pair(query: Mapping[str, str]) -> dict[str, str]:
    """The query with `identifierName` and `identifierValue` replaced by the parameter they name (docs/protocol.md 4.6).

    Raises `RequestRefusedError` 400 for an unknown name.
    """
    name = query.get("identifierName", "")
    if not name:
        return dict(query)
    if name not in KEYS:
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return {**query, name: query.get("identifierValue", "")}


def read_lookup_query(query: Mapping[str, str], *, limit: int) -> LookupQuery:
    """The key and values of a read; commas separate values (docs/protocol.md 1.5).

    `user_id` is a flag if it is 0, 1, true or false, otherwise another name of `id`. Raises `RequestRefusedError` 400 without a
    key and 1060 for more than `limit` values.
    """
    given = {key: query[key] for key in KEYS if key in query}
    user_id = query.get("user_id", "")
    if "id" not in given and names_customer(user_id):
        given["id"] = user_id
    if not given:
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    key = next((key for key in KEYS if given.get(key)), next(iter(given)))
    values = [value.strip() for value in given[key].split(",")]
    if len(values) > limit:
        raise RequestRefusedError(400, Code.BATCH_LIMIT_EXCEEDED)
    return LookupQuery(key=key, values=values)


def look_up(query: LookupQuery, *, organization: Organization, policy: Policy, country_code: str) -> list[LookupResult]:
    """A result for each value, in order.

    Refusals: 1015 blank, 400 an id that is not a number, or unusable characters, 1042 malformed, 1012 or 1011 unknown
    (docs/protocol.md 5.1). A value that several customers share is 1012: it identifies nobody (7). The id of an erased customer
    is 1011: only reads (`find_each`) find them.
    """
    each = find_each(query, organization=organization, policy=policy, country_code=country_code)
    return [_result(given, unless_erased(found)) for given, found in each]


def _result(given: str, found: Found | Code) -> LookupResult:
    if isinstance(found, Code):
        return LookupResult(value=given, refusal=found)
    return LookupResult(value=given, customer_id=found.customer.pk, is_merged=found.is_merged)


def unless_erased(found: Found | Code) -> Found | Code:
    """The customer that a write may concern; 1011 for one who was erased."""
    return Code.UNKNOWN_ID if isinstance(found, Found) and found.customer.is_erased else found


def find_each(
    query: LookupQuery,
    *,
    organization: Organization,
    policy: Policy,
    country_code: str,
    sections: Sequence[Section] = (),
    reading: Reading | None = None,
) -> list[tuple[str, Found | Code]]:
    """Each value as given, in order, with its customer, or the refusal (`look_up`). One statement, as `find_customers`."""
    canonical = [_canonical(query.key, value, organization, policy, country_code) for value in query.values]
    known = find_customers(
        query.key, [value for value in canonical if not isinstance(value, Code)], policy, sections=sections, reading=reading
    )
    return [
        (given, value)
        if isinstance(value, Code)
        else (given, known.get(value) or _unknown(query.key, given, organization, policy, country_code))
        for given, value in zip(query.values, canonical, strict=True)
    ]


def _canonical(key: str, value: str, organization: Organization, policy: Policy, country_code: str) -> str | Code:
    """The value in stored form, or the code of the refusal."""
    if not value:
        return Code.IDENTIFIER_MISSING
    if has_unusable_text(value):
        return Code.INVALID_INPUT
    if key == "mobile":
        reading = mobile_reading(organization, policy, country_code)
        return stored_mobile(value, **reading) or Code.MALFORMED_IDENTIFIER
    if key == "email":
        return read_email(value) or Code.MALFORMED_IDENTIFIER
    if key == "id":
        try:
            return str(read_id(value))
        except LoyaltyError:
            return Code.INVALID_INPUT
    return read_code(value) or Code.IDENTIFIER_MISSING


def _unknown(key: str, value: str, organization: Organization, policy: Policy, country_code: str) -> Code:
    """The code of a value that no customer has. A number that cannot be read is malformed, unless it is stored."""
    if key == "mobile" and read_mobile(value, **mobile_reading(organization, policy, country_code)) is None:
        return Code.MALFORMED_IDENTIFIER
    return Code.UNKNOWN_IDENTIFIER if key in Identifier.Kind.values else Code.UNKNOWN_ID
