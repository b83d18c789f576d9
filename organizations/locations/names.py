"""Codes and names of an organization's stores and tills, kept with its configuration: what answers print of a location."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from organizations.locations.models import Store, Till


class LocationName(NamedTuple):
    """Code and name of a store or till."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class LocationNames:
    """Names of all stores and tills, by id. One that was added later is looked up: one query."""

    stores: Mapping[int, LocationName]
    tills: Mapping[int, LocationName]

    def store(self, pk: int | None) -> LocationName | None:
        """Code and name of a store of the organization; None without one."""
        return None if pk is None else self.stores.get(pk) or _names(Store, pk)[pk]

    def till(self, pk: int | None) -> LocationName | None:
        """Code and name of a till of the organization; None without one."""
        return None if pk is None else self.tills.get(pk) or _names(Till, pk)[pk]


def load_names() -> LocationNames:
    """The names of the scope's organization: a part of its configuration. Two queries."""
    return LocationNames(_names(Store), _names(Till))


def _names(model: type[Store] | type[Till], pk: int | None = None) -> dict[int, LocationName]:
    rows = model.objects.order_by().values_list("pk", "code", "name")
    return {row[0]: LocationName(*row[1:]) for row in (rows if pk is None else rows.filter(pk=pk))}
