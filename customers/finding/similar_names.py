"""Customers whose name differs from a term by a typo.

A name with a single typo still has the right beginning or the right end. So the candidates are the names that begin, or end,
like a word: ranges of two indexes, in which each name is read once, however many customers have it. Their edits are counted in
Python: no extension of the database is needed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db.models import Q

from customers.profile.models import Customer
from customers.profile.text import fold, written_name
from customers.search.staff import LookedUp, LookUp, Reach, clean_term, name_pairs, starts_with
from organizations.tenancy.scoping import organization_scope
from organizations.tenancy.statements import fetch_rows

# Shorter words have too many neighbours; longer ones are no names.
FEWEST_LETTERS: Final = 4
MOST_LETTERS: Final = 40
MOST_WORDS: Final = 4
# Words of at least so many letters may have two typos.
_LONG: Final = 8
# Most names that are read of a range, and most that are compared with customers.
CANDIDATES: Final = 1000
CLOSEST: Final = 10
_LAST: Final = "\U0010ffff"
_COLUMNS: Final = ("firstname", "lastname")
# Distinct values of a range: the index is entered once for each of them.
_NAMES: Final = """
SELECT given.word, found.name
FROM unnest(%(words)s::text[], %(lows)s::text[], %(highs)s::text[]) AS given (word, low, high),
    LATERAL (
        WITH RECURSIVE name (value, number) AS (
            (
                SELECT customer.{column}, 1 FROM customers_customer AS customer
                WHERE customer.organization_id = %(organization)s AND customer.{column} >= given.low
                    AND customer.{column} < given.high
                ORDER BY customer.{column} LIMIT 1
            )
            UNION ALL
            SELECT following.value, name.number + 1
            FROM name, LATERAL (
                SELECT customer.{column} AS value FROM customers_customer AS customer
                WHERE customer.organization_id = %(organization)s AND customer.{column} > name.value
                    AND customer.{column} < given.high
                ORDER BY customer.{column} LIMIT 1
            ) AS following
            WHERE name.number < %(most)s
        )
        SELECT name.value AS name FROM name
    ) AS found
"""
_STATEMENTS: Final = {
    column: _NAMES.format(column=column) for name in _COLUMNS for column in (f"{name}_folded", f"{name}_reversed")
}


def similar_look_ups(term: str, reach: Reach) -> list[LookUp]:
    """Look-ups of customers with names like the term: four statements. None for text that is no name.

    Nor for operators who see several organizations: a statement is about one.
    """
    folded = fold(written_name(clean_term(term))) if len(term) <= MOST_LETTERS * MOST_WORDS else ""
    words = folded.split(" ")
    if len(reach.organizations) != 1 or len(words) > MOST_WORDS or not any(map(_is_compared, words)):
        return []
    pairs = list(name_pairs(words))
    parts = {folded, *(part for pair in pairs for part in pair)}
    with organization_scope(reach.organizations[0]):
        close = {name: _close_names(parts, f"{name}_folded", f"{name}_reversed") for name in _COLUMNS}
    customers = reach.within(Customer.objects.all(), "")
    conditions = [Q(**{f"{name}_folded__in": close[name][folded]}) for name in _COLUMNS if close[name][folded]]
    conditions += [
        Q(firstname_folded__in=[first, *close["firstname"][first]])
        & (Q(lastname_folded__in=close["lastname"][last]) | Q(**starts_with("lastname_folded", last)))
        for first, last in pairs
    ]
    return [_look_up(customers.filter(condition)) for condition in conditions]


def _look_up(rows: Any) -> LookUp:
    return LookUp(kind=LookedUp.SIMILAR_NAME, rows=rows.order_by("pk"), customer="pk", column="lastname_folded")


def _is_compared(word: str) -> bool:
    """True for a word that may be a name: it begins with a letter, and has no marks that names do not have."""
    is_name = word[:1].isalpha() and all(letter.isalnum() or letter in "-'." for letter in word)
    return is_name and FEWEST_LETTERS <= len(word) <= MOST_LETTERS


def _close_names(words: Collection[str], column: str, backwards: str) -> Mapping[str, list[str]]:
    """The stored names that differ from each word by a typo, the closest first: two statements."""
    compared = [word for word in words if FEWEST_LETTERS <= len(word) <= MOST_LETTERS]
    candidates: defaultdict[str, set[str]] = defaultdict(set)
    for word, name in _names(column, {word: _part(word) for word in compared}):
        candidates[word].add(name)
    for word, name in _names(backwards, {word: _part(word[::-1]) for word in compared}):
        candidates[word].add(name[::-1])
    return defaultdict(list, {word: closest(word, names) for word, names in candidates.items()})


def _names(column: str, beginnings: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Names that begin like each word, in the column: pairs of word and name."""
    lows = list(beginnings.values())
    given = {"words": list(beginnings), "lows": lows, "highs": [low + _LAST for low in lows], "most": CANDIDATES}
    return fetch_rows(_STATEMENTS[column], given)


def _part(word: str) -> str:
    """The first letters, fewer than half: a single typo, even a swap in the middle, spares them or as many at the end."""
    return word[: (len(word) - 1) // 2]


def closest(word: str, names: Iterable[str]) -> list[str]:
    """The names that differ from the word by a typo or two, the closest first, at most `CLOSEST`."""
    most = 2 if len(word) >= _LONG else 1
    counted = [(count, name) for name in names if (count := edits(word, name, most=most)) is not None]
    return [name for _, name in sorted(counted)[:CLOSEST]]


def edits(left: str, right: str, *, most: int) -> int | None:
    """Edits between two texts: letters left out, added or replaced, and neighbours swapped. None if more than `most`."""
    if abs(len(left) - len(right)) > most:
        return None
    before: list[int] = []
    row = list(range(len(right) + 1))
    for index, letter in enumerate(left, start=1):
        before, above, row = row, before, [index]
        for other, counterpart in enumerate(right, start=1):
            cost = min(before[other] + 1, row[-1] + 1, before[other - 1] + (letter != counterpart))
            is_swapped = index > 1 and other > 1 and letter == right[other - 2] and left[index - 2] == counterpart
            row.append(min(cost, above[other - 2] + 1) if is_swapped else cost)
        if min(row) > most and min(before) >= most:
            return None
    return row[-1] if row[-1] <= most else None
