"""Codes and names of an organization's stores and tills, kept with its configuration: what answers print of a location."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from organizations.configuration import Configuration
from organizations.locations.models import Store, Till


class LocationName(NamedTuple):
    """Code and name of a store or till."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class LocationNames:
    """Names of all stores and tills, by id."""

    stores: Mapping[int, LocationName]
    tills: Mapping[int, LocationName]


def load_names() -> LocationNames:
    """The names of the scope's organization: a part of its configuration. Two queries."""
    return LocationNames(_names(Store), _names(Till))


def name_of_store(configuration: Configuration, store_id: int | None) -> LocationName | None:
    """Code and name of a store of the organization; None without one."""
    if store_id is None:
        return None
    # A store that is younger than the snapshot is looked up.
    return configuration.part(load_names).stores.get(store_id) or _names(Store, store_id)[store_id]


def name_of_till(configuration: Configuration, till_id: int | None) -> LocationName | None:
    """Code and name of a till of the organization; None without one."""
    if till_id is None:
        return None
    return configuration.part(load_names).tills.get(till_id) or _names(Till, till_id)[till_id]


def _names(model: type[Store] | type[Till], pk: int | None = None) -> dict[int, LocationName]:
    rows = model.objects.order_by().values_list("pk", "code", "name")
    return {row[0]: LocationName(*row[1:]) for row in (rows if pk is None else rows.filter(pk=pk))}
