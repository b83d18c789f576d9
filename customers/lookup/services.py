"""Which customer is asked for? Lookups by identifier, id or card: one query a kind, for one value or thousands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import BigIntegerField, CharField, Q, QuerySet

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.identifiers.rules import is_exclusive
from customers.identifiers.values import read_email, read_id, read_mobile
from customers.profile.models import Customer
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice, RequestRefusedError
from loyalty_project.protocol.values import has_unusable_text
from organizations.locations.models import Store
from organizations.policies import Policy
from organizations.tenancy.models import Organization

State = Identifier.State
# What a read may be asked by, in the order in which the first one given counts (docs/protocol.md 4.5).
KEYS = ("mobile", "email", "external_id", "id", "card_number", "card_external_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupQuery:
    """What one read asks for: a key and its values, in order."""

    key: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """Whom one value leads to: a customer's id, or the code that says why nobody.

    `is_victims` tells that the value was that of a customer who has been merged into this one (warning 91009).
    """

    value: str
    customer_id: int | None = None
    refusal: Code | None = None
    is_victims: bool = False

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What an answer about the customer is warned of because of how they were asked for."""
        return (Notice(Code.SURVIVOR_RETRIEVED),) if self.is_victims else ()


def names_customer(user_id: str) -> bool:
    """Whether `user_id` of a query is an id; 0 and 1 are the flag (docs/protocol.md 4.5)."""
    return user_id.isascii() and user_id.isdigit() and user_id not in {"0", "1"}


def expand_identifier_pair(query: Mapping[str, str]) -> dict[str, str]:
    """The query with the pair `identifierName`, `identifierValue` as the one parameter it stands for (docs/protocol.md 4.6).

    Raises `RequestRefusedError` 400 for a name that is none.
    """
    name = query.get("identifierName", "")
    if not name:
        return dict(query)
    if name not in KEYS:
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return {**query, name: query.get("identifierValue", "")}


def read_lookup_query(query: Mapping[str, str], *, limit: int) -> LookupQuery:
    """The key and values of a read; commas separate values (docs/protocol.md 1.5).

    `user_id` is a flag when it is 0, 1, true or false, else another name of `id`. Raises `RequestRefusedError` 400 without any
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


def look_up(asked: LookupQuery, *, organization: Organization, policy: Policy, country_code: str) -> list[LookupResult]:
    """An answer for each value, in order.

    Refusals: 1015 blank, 400 an id that is no number (or unusable characters), 1042 malformed, 1012 or 1011 unknown
    (docs/protocol.md 5.1).
    """
    canonical = [_canonical(asked.key, value, organization, country_code) for value in asked.values]
    known = _find(asked.key, {value for value in canonical if isinstance(value, str)}, policy)
    unknown = Code.UNKNOWN_IDENTIFIER if asked.key in Identifier.Kind.values else Code.UNKNOWN_ID
    answers = []
    for given, value in zip(asked.values, canonical, strict=True):
        if isinstance(value, Code):
            answers.append(LookupResult(value=given, refusal=value))
        elif value in known:
            customer_id, is_victims = known[value]
            answers.append(LookupResult(value=given, customer_id=customer_id, is_victims=is_victims))
        else:
            answers.append(LookupResult(value=given, refusal=unknown))
    return answers


def ids_of_store(ids: Sequence[int], store: Store | None) -> set[int]:
    """Those of the ids whose customers registered in `store`: all that a call with member care access may see."""
    if store is None:
        return set()
    return set(Customer.objects.filter(pk__in=ids, registered_store=store).values_list("pk", flat=True))


def limit_to_store(answers: Sequence[LookupResult], store: Store | None) -> list[LookupResult]:
    """The answers with 1044 for customers who registered elsewhere: what member care access makes of them."""
    own = ids_of_store([one.customer_id for one in answers if one.customer_id is not None], store)
    return [
        replace(one, customer_id=None, refusal=Code.NOT_PERMITTED)
        if one.customer_id is not None and one.customer_id not in own
        else one
        for one in answers
    ]


def _canonical(key: str, value: str, organization: Organization, country_code: str) -> str | Code:
    """The value in the form in which it is stored, or why it is none."""
    if not value:
        return Code.IDENTIFIER_MISSING
    if has_unusable_text(value):
        return Code.INVALID_INPUT
    if key == "mobile":
        mobile = read_mobile(value, countries=organization.supported_countries, country_code=country_code)
        return mobile or Code.MALFORMED_IDENTIFIER
    if key == "email":
        return read_email(value) or Code.MALFORMED_IDENTIFIER
    if key == "id":
        try:
            return str(read_id(value))
        except LoyaltyError:
            return Code.INVALID_INPUT
    return value


def _find(key: str, values: set[str], policy: Policy) -> dict[str, tuple[int, bool]]:
    """The customers' ids by value, and whether the value was a merged customer's."""
    if not values:
        return {}
    if key == "id":
        ids = [int(value) for value in values if value.isdigit()]
        known = Customer.objects.filter(is_any_of("pk", ids, BigIntegerField()))
        rows = known.values_list("pk", "merged_into_id")
        return {str(pk): (survivor or pk, survivor is not None) for pk, survivor in rows}
    if key in Identifier.Kind.values:
        owners = _owners_of(key, values, policy).values_list("value", "customer_id", "state")
        return {value: (customer_id, state == State.MERGED) for value, customer_id, state in owners}
    column = "number" if key == "card_number" else "external_id"
    # The index of external ids has those that are not blank; only a condition that says so may use it.
    cards = Card.objects.filter(is_any_of(column, values, CharField()), customer__isnull=False).exclude(**{column: ""})
    return {value: (customer_id, False) for value, customer_id in cards.values_list(column, "customer_id")}


def _owners_of(kind: str, values: set[str], policy: Policy) -> QuerySet[Identifier]:
    """Who has these values of the kind; whoever counts comes last for each value.

    Of several customers with one value (where it need not be unique) the first registered counts, and of what led to them once
    more by a merge, what is theirs now. A policy that has changed leaves values behind that are exclusive or shared as it was
    when they were given: they are found as well, but the one that is exclusive counts where the policy says so now.
    """
    # Each value stands in one of two partial indexes.
    either = Q(exclusive=True) | Q(exclusive=False)
    found = Identifier.objects.filter(either, is_any_of("value", values, CharField()), kind=kind).exclude(state=State.FORMER)
    # "MERGED" before "CURRENT".
    order = ("-customer_id", "-state")
    return found.order_by("exclusive", *order) if is_exclusive(kind, policy) else found.order_by(*order)
