"""References to one customer in a call of a till: id, identifiers and cards (docs/protocol.md, tills' part 1.2)."""

from collections.abc import Mapping, Sequence
from typing import Final

from customers.lookup.services import KEYS, LookupQuery, find_each, names_customer, unless_erased
from customers.lookup.statement import Found
from customers.profile.reading import Reading, Section
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.values import Item, child, text
from organizations.audit.actors import Actor
from organizations.policies import Policy

# The order of the references of a read. In a write, the primary identifier comes before the other two.
READ_ORDER: Final = ("id", "mobile", "email", "external_id", "card_number", "card_external_id")
# The keys of an item that supply each reference, the first one given counts.
_NAMES: Final[Mapping[str, Sequence[str]]] = {key: ("id", "user_id") if key == "id" else (key,) for key in READ_ORDER}
UNKNOWN: Final = frozenset({Code.UNKNOWN_ID, Code.UNKNOWN_IDENTIFIER})


def write_order(policy: Policy) -> Sequence[str]:
    """The order of the references of a write: the id, the primary identifier, the others (docs/protocol.md 2.4)."""
    return tuple(dict.fromkeys(("id", policy.primary, "mobile", "external_id", "email", *KEYS)))


def references_in(item: Item) -> dict[str, str]:
    """The references that an item or a query supplies, as sent, with the aliases of docs/protocol.md, tills' part 1.2.

    Raises `LoyaltyError` 400 for an object or a list in place of a value.
    """
    sent = {key: text(item, *names) for key, names in _NAMES.items()}
    sent["card_number"] = sent["card_number"] or text(child(item, "card_details"), "card_number")
    return {key: value for key, value in sent.items() if value}


def sent_references(item: Item) -> dict[str, str]:
    """The references that an item supplies as text, under the names and as they were sent: what a refusal may repeat."""
    given = {key: item.get(key) for key in ("user_id", *READ_ORDER)}
    return {key: value for key, value in given.items() if isinstance(value, str) and value.strip()}


def references_of(query: Mapping[str, str]) -> dict[str, str]:
    """The references that a query supplies. A `user_id` that is 0, 1, true or false is a flag (docs/protocol.md 4.5)."""
    user_id = query.get("user_id", "")
    return references_in({key: value for key, value in query.items() if key != "user_id" or names_customer(user_id)})


def first_reference(references: Mapping[str, str]) -> tuple[Mapping[str, str], Sequence[str]]:
    """The reference of a read that counts, alone, and the order of references."""
    first = next((key for key in READ_ORDER if references.get(key, "").strip()), None)
    return ({first: references[first]} if first else {}), READ_ORDER


def find_each_reference(
    references: Sequence[tuple[str, str] | None], *, by: Actor, country_code: str, reading: Reading, sections: Sequence[Section]
) -> list[Found | Code | None]:
    """The customer of each reference (its key and its value), as `find_by_references` finds them; None where there is none.

    One statement for each kind of reference.
    """
    values: dict[str, list[str]] = {}
    for key, value in (reference for reference in references if reference):
        values.setdefault(key, []).append(value.strip())
    found = {
        (key, value): unless_erased(customer)
        for key, of_key in values.items()
        for value, customer in find_each(
            LookupQuery(key=key, values=of_key),
            organization=by.organization,
            policy=by.organization.policy,
            country_code=country_code,
            sections=sections,
            reading=reading,
        )
    }
    return [found[reference[0], reference[1].strip()] if reference else None for reference in references]


def find_by_references(
    references: Mapping[str, str],
    order: Sequence[str],
    *,
    by: Actor,
    country_code: str = "",
    sections: Sequence[Section] = (),
    reading: Reading | None = None,
) -> Found | Code | None:
    """The customer of the first known reference, in this order, with what `sections` print of a `reading` (`find_each`).

    Otherwise the refusal of the first malformed one (`look_up`), or the last code of unknown ones; None without a reference.
    One statement for each reference, up to the first that decides.
    """
    policy = by.organization.policy
    refusal: Code | None = None
    for key in order:
        value = references.get(key, "").strip()
        if not value:
            continue
        ((_, found),) = find_each(
            LookupQuery(key=key, values=[value]),
            organization=by.organization,
            policy=policy,
            country_code=country_code,
            sections=sections,
            reading=reading,
        )
        found = unless_erased(found)
        if isinstance(found, Found) or found not in UNKNOWN:
            return found
        refusal = found
    return refusal
