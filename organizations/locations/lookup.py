"""Which stores and tills do the rows of a batch name? Those of the organization, open or closed, with zone and concept."""

from collections.abc import Collection
from dataclasses import dataclass, field

from organizations.locations.models import Store, Till


class UnknownPlaceError(ValueError):
    """There is no such store or till, or the till does not stand in the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Stores and tills by code. History may name what is closed by now."""

    stores: dict[str, Store] = field(default_factory=dict)
    tills: dict[str, Till] = field(default_factory=dict)

    def find(self, *, store: str, till: str) -> tuple[Store | None, Till | None]:
        """The store and till of these codes ("" for none); a till alone brings its store. Raises `UnknownPlaceError`."""
        found_till = self.tills.get(till)
        found_store = self.stores.get(store)
        if (till and found_till is None) or (store and found_store is None):
            raise UnknownPlaceError
        if found_till is None:
            return found_store, None
        if found_store is not None and found_store.pk != found_till.store_id:
            raise UnknownPlaceError
        return found_till.store, found_till


def named_places(*, stores: Collection[str], tills: Collection[str]) -> Places:
    """The places of the scope's organization with these codes: a query for stores and one for tills, where any are named."""
    named_stores = Store.objects.filter(code__in=stores).select_related("zone", "concept") if stores else ()
    named_tills = Till.objects.filter(code__in=tills).select_related("store__zone", "store__concept") if tills else ()
    return Places(stores={one.code: one for one in named_stores}, tills={one.code: one for one in named_tills})
