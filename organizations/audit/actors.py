"""Actors: who makes a change, and from where. Every service call takes one, and the audit keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.staff.models import StaffMember
from organizations.staff.reach import StaffReach
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The author of changes inside one organization.

    `name` is shown in the audit (`till:CODE`, `client:KEY`, `staff:NAME`, `command:NAME`). Changes are attributed to `till` and
    `store`: the caller's own, or those of the attribution headers. Both are None in imports and in the back office. `reach` is
    that of a member of staff; None for tills and commands, which have rules of their own.
    """

    organization: Organization
    source: AuditEntry.Source
    name: str
    till: Till | None = None
    store: Store | None = None
    request_id: str = ""
    user_context: Mapping[str, str] = field(default_factory=dict)
    reach: StaffReach | None = None

    def may(self, permission: str) -> bool:
        """True if the actor has the permission (`app.codename`)."""
        return self.reach is None or self.reach.may(permission)

    def covers(self, store_id: int | None) -> bool:
        """True if the actor sees what belongs to this store."""
        return self.reach is None or self.reach.covers(store_id)


def staff_actor(staff: StaffMember, organization: Organization) -> Actor:
    """A member of staff in the back office."""
    return Actor(organization=organization, source=AuditEntry.Source.BACK_OFFICE, name=f"staff:{staff.get_username()}")


def command_actor(command: str, organization: Organization) -> Actor:
    """A management command. It is an import if its name begins with `import_`."""
    source = AuditEntry.Source.IMPORT if command.startswith("import_") else AuditEntry.Source.COMMAND
    return Actor(organization=organization, source=source, name=f"command:{command}")


def till_actor(till: Till, organization: Organization) -> Actor:
    """A till, in its own store. Reads the store of the till, which `select_related` saves."""
    source = AuditEntry.Source.API
    return Actor(organization=organization, source=source, name=f"till:{till.code}", till=till, store=till.store)
