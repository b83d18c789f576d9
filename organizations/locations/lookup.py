"""Stores and tills by code, for the rows of a batch: active or not, with zone and concept."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from loyalty_project.imports.cells import Values, refusal, text_cell
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.values import read_id
from organizations.locations.models import Store, Till


class UnknownLocationError(ValueError):
    """There is no such store or till, or the till belongs to another store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locations:
    """Stores and tills by code. Imported history may name closed ones."""

    stores: dict[str, Store] = field(default_factory=dict)
    tills: dict[str, Till] = field(default_factory=dict)

    def find(self, *, store: str, till: str) -> tuple[Store | None, Till | None]:
        """The store and till of these codes ("" for none); a till alone brings its store. Raises `UnknownLocationError`."""
        named_till = self.tills.get(till)
        named_store = self.stores.get(store)
        if (till and named_till is None) or (store and named_store is None):
            raise UnknownLocationError
        if named_till is None:
            return named_store, None
        if named_store is not None and named_store.pk != named_till.store_id:
            raise UnknownLocationError
        return named_till.store, named_till

    def of_row(self, row: Values) -> tuple[Store | None, Till | None]:
        """The store and till of the columns `store_code` and `till_code`. Raises `LoyaltyError` 1150 for unknown ones."""
        store, till = text_cell(row, "store_code"), text_cell(row, "till_code")
        try:
            return self.find(store=store, till=till)
        except UnknownLocationError:
            pass
        if till and till not in self.tills:
            raise refusal(row, "till_code", "is not a till of the organization", code=Code.INVALID_STORE_ID)
        if store and store not in self.stores:
            raise refusal(row, "store_code", "is not a store of the organization", code=Code.INVALID_STORE_ID)
        raise refusal(row, "till_code", f"is a till of another store than {store}", code=Code.INVALID_STORE_ID)


def find_active_till(name: str) -> Till | None:
    """The active till of a code or an id, with its store; a code comes before an id. A part of the configuration."""
    named = Q(code=name) | Q(pk=read_id(name))
    tills = Till.objects.select_related("store").filter(named, is_active=True)
    return min(tills, key=lambda till: till.code != name, default=None)


def find_locations(*, stores: Collection[str], tills: Collection[str]) -> Locations:
    """Stores and tills of the scope's organization with these codes, in at most one query for stores and one for tills."""
    found_stores = Store.objects.filter(code__in=stores).select_related("zone", "concept") if stores else ()
    found_tills = Till.objects.filter(code__in=tills).select_related("store__zone", "store__concept") if tills else ()
    return Locations(stores={store.code: store for store in found_stores}, tills={till.code: till for till in found_tills})


def find_row_locations(rows: Iterable[Mapping[str, str]]) -> Locations:
    """Stores and tills of the columns `store_code` and `till_code` of rows of a file. See `find_locations`."""
    rows = list(rows)
    return find_locations(stores=_codes(rows, "store_code"), tills=_codes(rows, "till_code"))


def _codes(rows: Iterable[Mapping[str, str]], column: str) -> set[str]:
    return {code for row in rows if (code := row.get(column, "").strip())}
