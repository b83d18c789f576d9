"""References to one customer in a call of a till: id, identifiers and cards (docs/protocol.md, tills' part 1.2)."""

from collections.abc import Mapping, Sequence
from typing import Final

from customers.lookup.services import KEYS, LookupQuery, look_up
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.policies import Policy

# The order of the references of a read. In a write, the primary identifier comes before the other two.
READ_ORDER: Final = ("id", "mobile", "email", "external_id", "card_number", "card_external_id")
UNKNOWN: Final = frozenset({Code.UNKNOWN_ID, Code.UNKNOWN_IDENTIFIER})


def write_order(policy: Policy) -> Sequence[str]:
    """The order of the references of a write: the id, the primary identifier, the others (docs/protocol.md 2.4)."""
    return tuple(dict.fromkeys(("id", policy.primary, "mobile", "external_id", "email", *KEYS)))


def first_reference(references: Mapping[str, str]) -> tuple[Mapping[str, str], Sequence[str]]:
    """The reference of a read that counts, alone, and the order of references."""
    first = next((key for key in READ_ORDER if references.get(key, "").strip()), None)
    return ({first: references[first]} if first else {}), READ_ORDER


def find_referenced(
    references: Mapping[str, str], order: Sequence[str], *, by: Actor, country_code: str = ""
) -> int | Code | None:
    """The id of the customer of the first known reference, in this order.

    Otherwise the refusal of the first malformed one (`look_up`), or the last code of unknown ones; None without a reference.
    """
    policy = by.organization.policy
    refusal: Code | None = None
    for key in order:
        value = references.get(key, "").strip()
        if not value:
            continue
        query = LookupQuery(key=key, values=[value])
        (result,) = look_up(query, organization=by.organization, policy=policy, country_code=country_code)
        if result.customer_id is not None:
            return result.customer_id
        refusal = result.refusal
        if refusal not in UNKNOWN:
            return refusal
    return refusal
