"""Setting the status of a customer (docs/protocol.md 2.1)."""

from django.db import transaction

from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from customers.webhook_events import announce_changes
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes

_COLUMNS = ("status_label", "status_changed_by", "status_changed_on", "status_reason", "updated_on", "version")


def set_status(customer: Customer, label: CustomerStatus | None, *, reason: str, by: Actor) -> bool:
    """Set the customer's status label, or remove it (None: the fraud status decides again); False if nothing changes.

    Raises `django.db.OperationalError` if the customer is not free in time (55P03), or was merged into another one (40001).
    """
    with transaction.atomic():
        stored = lock_customer(customer.pk)
        before, now = stored.status_label, clock.now()
        if (before, stored.status_reason) == (label, reason):
            return False
        change = Change(
            action="updated",
            object_type="customer",
            object_id=stored.pk,
            old=_audit_values(before, stored.status_reason),
            new=_audit_values(label, reason),
        )
        stored.status_label, stored.status_reason = label, reason
        stored.status_changed_by, stored.status_changed_on = by.name, now
        stored.updated_on = now
        stored.version += 1
        stored.save(update_fields=_COLUMNS)
        record_changes([change], by=by)
        announce_changes([change], organization=by.organization)
    return True


def _audit_values(label: CustomerStatus | None, reason: str) -> dict[str, str]:
    return {"status": f"{label.status}: {label.label}" if label else "", "status_reason": reason}
