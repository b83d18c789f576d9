"""Stores by the code of a till, store, zone or concept, kept with the configuration: where coupons may be redeemed."""

from collections import defaultdict
from collections.abc import Mapping

from organizations.locations.models import Store, Till

Places = Mapping[tuple[str, str], frozenset[str]]


def load_places() -> Places:
    """Codes of stores by kind (TILL, STORE, ZONE, CONCEPT) and code of what has them: three queries.

    A store is also named by its id.
    """
    places: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for pk, store, zone, concept in Store.objects.values_list("pk", "code", "zone__code", "concept__code"):
        places["STORE", str(pk)].add(store)
        places["ZONE", zone].add(store)
        places["CONCEPT", concept].add(store)
    for till, store in Till.objects.values_list("code", "store__code"):
        places["TILL", till].add(store)
    # A code counts before the id of another store.
    for store in Store.objects.values_list("code", flat=True):
        places["STORE", store] = {store}
    return {key: frozenset(stores) for key, stores in places.items()}
