"""Recording of changes: one AuditEntry for each object, in the transaction of the change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loyalty_project import clock
from loyalty_project.db.instances import new_instance
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one object. `old` and `new` hold JSON values by field name, of changed fields only."""

    action: str
    object_type: str
    object_id: int
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)


def audit_entries(changes: Iterable[Change], *, by: Actor) -> list[AuditEntry]:
    """Unsaved entries for `changes`, for callers that write them in bulk."""
    at = clock.now()
    return [
        new_instance(
            AuditEntry,
            organization_id=by.organization.pk,
            at=at,
            source=by.source,
            actor=by.name,
            request_id=by.request_id,
            context=dict(by.user_context),
            action=change.action,
            object_type=change.object_type,
            object_id=change.object_id,
            old=dict(change.old),
            new=dict(change.new),
        )
        for change in changes
    ]


def record_changes(changes: Iterable[Change], *, by: Actor) -> None:
    """Write the entries of `changes`. Call it in the transaction of the changes."""
    AuditEntry.objects.bulk_create(audit_entries(changes, by=by))
