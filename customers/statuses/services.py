"""How does a customer come by a status? Staff give a label of the organization, always for a reason (docs/protocol.md 2.1)."""

from django.db import transaction

from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes

_COLUMNS = ("status_label", "status_changed_by", "status_changed_on", "status_reason", "updated_on", "version")


def set_status(customer: Customer, label: CustomerStatus | None, *, reason: str, by: Actor) -> bool:
    """Give the customer the label, or take theirs away (None: then the fraud status decides); False if that was so already.

    Raises `django.db.OperationalError` when somebody else is at work on the customer (55P03), and for somebody who was merged
    into another (40001).
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
            old=_told(before, stored.status_reason),
            new=_told(label, reason),
        )
        stored.status_label, stored.status_reason = label, reason
        stored.status_changed_by, stored.status_changed_on = by.name, now
        stored.updated_on = now
        stored.version += 1
        stored.save(update_fields=_COLUMNS)
        record_changes([change], by=by)
    return True


def _told(label: CustomerStatus | None, reason: str) -> dict[str, str]:
    return {"status": f"{label.status}: {label.label}" if label else "", "status_reason": reason}
