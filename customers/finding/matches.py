"""Customers that match a term of the search box, the best match first, each with what matched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import CharField, QuerySet, Value

from customers.finding.similar_names import similar_look_ups
from customers.search.staff import LookedUp, LookUp, Reach, clean_term, identifier_prefixes, look_ups_of, spellings_of

# Better matches first. Complete values come before all of them.
_ORDER: Final = (
    LookedUp.MOBILE_END, LookedUp.CARD, LookedUp.CARD_EXTERNAL_ID, LookedUp.EXTERNAL_ID, LookedUp.MOBILE, LookedUp.BOTH_NAMES,
    LookedUp.NAME, LookedUp.EMAIL, LookedUp.SIMILAR_NAME, LookedUp.ID,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A customer, and the stored value that matched; `is_whole`: the term is the whole identifier or card number."""

    customer_id: int
    kind: LookedUp
    value: str
    is_whole: bool


def find_matches(term: str, reach: Reach, *, limit: int) -> list[Match]:
    """At most `limit` customers, none of them merged into another one: three queries, and five more if no value matches.

    Then names are compared that differ from the term by a typo.
    """
    whole = _whole_values(term, reach)
    matches = [match for look_ups in look_ups_of(term, reach) for match in _read(look_ups, whole, limit)]
    if not matches and not reach.is_whole:
        matches = _read(similar_look_ups(term, reach), whole, limit)
    return _best(matches, limit)


def _whole_values(term: str, reach: Reach) -> frozenset[tuple[str, str]]:
    """Whole values that the term may stand for, with the kinds of their look-ups."""
    term = clean_term(term)
    cards = [(kind, spelling) for spelling in spellings_of(term) for kind in (LookedUp.CARD, LookedUp.CARD_EXTERNAL_ID)]
    return frozenset([*identifier_prefixes(term, reach.organizations), *cards])


def _read(look_ups: Sequence[LookUp], whole: frozenset[tuple[str, str]], limit: int) -> list[Match]:
    """What the look-ups find: one query, or none without look-ups."""
    if not look_ups:
        return []
    first, *others = [_rows(look_up, limit) for look_up in look_ups]
    rows = first.union(*others, all=True) if others else first
    return [
        Match(customer_id=pk, kind=LookedUp(kind), value=value, is_whole=(kind, value) in whole) for pk, value, kind in rows
    ]


def _rows(look_up: LookUp, limit: int) -> QuerySet[Any, Any]:
    rows = look_up.rows.filter(merged_into=None) if look_up.customer == "pk" else look_up.rows
    kind = Value(look_up.kind.value, output_field=CharField())
    return rows.values_list(look_up.customer, look_up.column, kind)[:limit]


def _best(matches: Iterable[Match], limit: int) -> list[Match]:
    """The best match of each customer, in order of how good they are."""
    best: dict[int, Match] = {}
    for match in sorted(matches, key=lambda match: (not match.is_whole, _ORDER.index(match.kind))):
        best.setdefault(match.customer_id, match)
    return list(best.values())[:limit]
