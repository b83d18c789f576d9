"""The built-in recommender: which items are bought together, computed anew from the bills of an organization."""

from datetime import timedelta
from typing import Final, NamedTuple

from django.db import transaction

from engagement.recommendations.sql import BUILD
from loyalty_project import clock
from loyalty_project.db.locks import lock_values
from loyalty_project.db.whole_reads import join_whole_sets
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_written_rows

MIN_SUPPORT: Final = 5
DAYS: Final = 365
# Pairs that are kept of an item, and items of a bill up to which it counts.
MOST_PAIRS: Final = 20
MOST_ITEMS: Final = 100


class Built(NamedTuple):
    """Numbers of pairs: of the recommender as it is now, and of those that it no longer has."""

    pairs: int
    gone: int


@transaction.atomic
def build_pairs(organization: Organization, *, min_support: int = MIN_SUPPORT, days: int = DAYS) -> Built:
    """Compute the pairs of items that are bought together, in one statement; tills read the earlier ones until it ends.

    Sales of the last `days` count, anonymous ones included, without outliers, without lines that were brought back whole, and
    without bills of more than 100 items. A pair, and each of its items, is on at least `min_support` bills; its lift is above
    1; an item keeps the 20 pairs of the highest lift. Builds of an organization wait for each other.
    """
    lock_values([("item pairs", organization.pk)])
    join_whole_sets()
    now = clock.now()
    ((pairs, gone),) = fetch_written_rows(
        BUILD,
        {
            "since": now - timedelta(days=days),
            "now": now,
            "min_support": min_support,
            "most_pairs": MOST_PAIRS,
            "most_items": MOST_ITEMS,
        },
    )
    return Built(pairs, gone)
