"""Look-ups of customers by identifier, id or card: one query a kind for any number of values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import BigIntegerField, CharField

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.identifiers.owners import owners_of
from customers.identifiers.values import read_email, read_id
from customers.profile.models import Customer
from loyalty_project.db.lookups import is_any_of
from loyalty_project.phone_numbers import read_mobile, stored_mobile
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice, RequestRefusedError
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import has_unusable_text
from organizations.locations.models import Store
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
    (docs/protocol.md 5.1). A value that several customers share is 1012: it identifies nobody (7).
    """
    canonical = [_canonical(query.key, value, organization, policy, country_code) for value in query.values]
    known = _find(query.key, {value for value in canonical if isinstance(value, str)}, policy)
    results = []
    for given, value in zip(query.values, canonical, strict=True):
        if isinstance(value, Code):
            results.append(LookupResult(value=given, refusal=value))
        elif value in known:
            customer_id, is_merged = known[value]
            results.append(LookupResult(value=given, customer_id=customer_id, is_merged=is_merged))
        else:
            refusal = _unknown(query.key, given, organization, policy, country_code)
            results.append(LookupResult(value=given, refusal=refusal))
    return results


def ids_of_store(ids: Sequence[int], store: Store | None) -> set[int]:
    """The ids of customers registered in `store`: those that a call with member care access may see."""
    if store is None:
        return set()
    return set(Customer.objects.filter(pk__in=ids, registered_store=store).values_list("pk", flat=True))


def limit_to_store(results: Sequence[LookupResult], store: Store | None) -> list[LookupResult]:
    """The results, with 1044 for customers registered elsewhere: member care access."""
    permitted = ids_of_store([result.customer_id for result in results if result.customer_id is not None], store)
    return [
        replace(result, customer_id=None, refusal=Code.NOT_PERMITTED)
        if result.customer_id is not None and result.customer_id not in permitted
        else result
        for result in results
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


def _find(key: str, values: set[str], policy: Policy) -> dict[str, tuple[int, bool]]:
    """Ids of customers by value, and True if the value belongs to a merged customer."""
    if not values:
        return {}
    if key == "id":
        ids = [int(value) for value in values if value.isdigit()]
        known = Customer.objects.filter(is_any_of("pk", ids, BigIntegerField()))
        rows = known.values_list("pk", "merged_into_id")
        return {str(pk): (survivor or pk, survivor is not None) for pk, survivor in rows}
    if key in Identifier.Kind.values:
        owners = owners_of(key, values, policy)
        return {value: (owner.customer_id, owner.is_inherited) for value, owner in owners.items()}
    column = "number" if key == "card_number" else "external_id"
    # The index covers external ids that are not blank; PostgreSQL uses it only with this condition.
    cards = Card.objects.filter(is_any_of(column, values, CharField()), customer__isnull=False).exclude(**{column: ""})
    return {value: (customer_id, False) for value, customer_id in cards.values_list(column, "customer_id")}
