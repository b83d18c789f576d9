"""Who is doing this, and from where? The answer travels with every service call and ends in the audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who acts inside one organization.

    `name` is what the audit shows (`till:CODE`, `client:KEY`, `staff:NAME`, `command:NAME`). `till` and `store` are where the
    act counts: the caller's own, or those of the attribution headers; both may be unknown (imports, the back office).
    """

    organization: Organization
    source: AuditEntry.Source
    name: str
    till: Till | None = None
    store: Store | None = None
    request_id: str = ""
    user_context: Mapping[str, str] = field(default_factory=dict)


def staff_actor(staff: StaffMember, organization: Organization) -> Actor:
    """A member of staff at work in the back office."""
    return Actor(organization=organization, source=AuditEntry.Source.BACK_OFFICE, name=f"staff:{staff.get_username()}")


def command_actor(command: str, organization: Organization) -> Actor:
    """A management command; imports are those whose name begins with `import_`."""
    source = AuditEntry.Source.IMPORT if command.startswith("import_") else AuditEntry.Source.COMMAND
    return Actor(organization=organization, source=source, name=f"command:{command}")
