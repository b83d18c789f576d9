"""Configuration of an organization at one version, kept in the memory of each process (docs/architecture.md, Laws 10).

Triggers give the organization's row a new `configuration_version` with every change of its configuration, in the transaction
of the change. A version is never used again, so a snapshot with the version that a statement has just read is exactly what is
stored. Nothing expires and nothing is invalidated: another version is another snapshot.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final, TypeVar, TypeVarTuple
from zoneinfo import ZoneInfo

from loyalty_project.db.statements import fetch
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, scope_organization

MOST_ORGANIZATIONS: Final = 200
# Parts of one snapshot, for example its tills. The earliest one makes room.
MOST_PARTS: Final = 5_000
# Loads of one part while the configuration changes again and again; then the last result is returned as it is.
_MOST_LOADS: Final = 5
_VERSION: Final = "SELECT configuration_version FROM organizations_organization WHERE id = %(organization)s"
Part = TypeVar("Part")
Key = TypeVarTuple("Key")


class Configuration:
    """The configuration of `organization` at `version`. Threads share it, its row and its parts: nobody changes them."""

    __slots__ = ("_lock", "_parts", "organization", "policy", "version", "zone")

    def __init__(self, organization: Organization) -> None:
        self.organization: Final = organization
        self.version: Final = organization.configuration_version
        self.policy: Final[Policy] = organization.policy
        self.zone: Final[ZoneInfo] = organization.zone
        self._parts: dict[Hashable, Any] = {}
        self._lock = Lock()

    def part(self, load: Callable[[*Key], Part], *key: *Key) -> Part:
        """The result of `load(*key)` in the organization's scope, loaded when it is first asked for.

        None is not kept, so that unknown keys take no room. If the version has changed since the snapshot was made, the
        result is that of the configuration by now, and is not kept either. Loading costs one statement more than `load`.
        """
        name = (load, *key)
        try:
            kept: Part = self._parts[name]
        except KeyError:
            pass
        else:
            return kept
        version: int | None = self.version
        with organization_scope(self.organization):
            for _ in range(_MOST_LOADS):
                loaded = load(*key)
                before, version = version, _version_of(self.organization.pk)
                if before == version:
                    break
        if before == version == self.version and loaded is not None:
            self._keep(name, loaded)
        return loaded

    def holds(self, load: Callable[[], Any]) -> bool:
        """True if the part is in memory: `part` costs nothing and cannot fail."""
        return (load,) in self._parts

    def _keep(self, name: Hashable, part: object) -> None:
        with self._lock:
            while len(self._parts) >= MOST_PARTS:
                del self._parts[next(iter(self._parts))]
            self._parts[name] = part


_kept: OrderedDict[int, Configuration] = OrderedDict()
_kept_lock = Lock()


def configuration_of(organization_id: int, version: int) -> Configuration:
    """The snapshot of the `version` that a statement has just read; of the next one if it changes at this moment.

    Costs nothing while the version stays the same, else one statement. Raises `Organization.DoesNotExist`.
    """
    with _kept_lock:
        kept = _kept.get(organization_id)
        if kept is not None and kept.version == version:
            _kept.move_to_end(organization_id)
            return kept
    # Row and version come from one statement, so the snapshot is right whatever happens meanwhile.
    made = Configuration(Organization.objects.defer("stored_sections").get(pk=organization_id))
    with _kept_lock:
        kept = _kept.get(organization_id)
        if kept is not None and kept.version == made.version:
            return kept
        _kept[organization_id] = made
        _kept.move_to_end(organization_id)
        while len(_kept) > MOST_ORGANIZATIONS:
            _kept.popitem(last=False)
    return made


def current_configuration() -> Configuration:
    """The configuration of the scope's organization as it is now, for work outside of calls: one statement.

    Raises `OutsideScopeError` without the scope of one organization, and `Organization.DoesNotExist`.
    """
    organization_id = scope_organization()
    version = _version_of(organization_id)
    if version is None:
        raise Organization.DoesNotExist
    return configuration_of(organization_id, version)


def forget_configurations() -> None:
    """Drop the snapshots that this process holds, as a restart would."""
    with _kept_lock:
        _kept.clear()


def _version_of(organization_id: int) -> int | None:
    rows = fetch(_VERSION, {"organization": organization_id})
    return int(rows[0][0]) if rows else None
