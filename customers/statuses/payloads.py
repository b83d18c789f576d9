"""Printed fraud status of a customer (docs/protocol.md 3, 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from customers.statuses.rules import label_of
from loyalty_project.protocol.moments import write_moment
from organizations.policies import Policy

# Fraud status that is printed for the status of a label. Other statuses are printed as NONE (docs/protocol.md 2.1).
_FRAUD_STATUS_OF: Mapping[str, str] = {
    CustomerStatus.Status.FRAUD_SUSPECTED: Customer.FraudStatus.MARKED,
    CustomerStatus.Status.FRAUD_CONFIRMED: Customer.FraudStatus.CONFIRMED,
    CustomerStatus.Status.INTERNAL: Customer.FraudStatus.INTERNAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudStatus:
    """Printed fraud status: the status, the actor who set it, the time and the reason."""

    status: str
    by: str
    on: datetime | None
    reason: str


# What `printed_fraud_status` reads of the row `customer`: the status of its label, if the organization uses labels, ...
LABEL: Final = """(
        SELECT label.status FROM customers_customerstatus AS label
        WHERE label.organization_id = %(organization)s AND label.id = customer.status_label_id
    )"""
NO_LABEL: Final = "NULL"
# ... and these.
COLUMNS: Final = (
    "customer.status_changed_by",
    "customer.status_changed_on",
    "customer.status_reason",
    "customer.fraud_status",
    "customer.fraud_marked_by",
    "customer.fraud_marked_on",
    "customer.fraud_reason",
)


def fraud_status_of(customer: Customer, policy: Policy) -> FraudStatus:
    """Printed fraud status of a customer."""
    label = label_of(customer, policy)
    values = [
        label.status if label else None,
        customer.status_changed_by,
        customer.status_changed_on,
        customer.status_reason,
        customer.fraud_status,
        customer.fraud_marked_by,
        customer.fraud_marked_on,
        customer.fraud_reason,
    ]
    return printed_fraud_status(values, policy)


def printed_fraud_status(values: Sequence[Any], policy: Policy) -> FraudStatus:
    """Printed fraud status from label and `COLUMNS`: that of the status label, or the fraud status without one."""
    label, changed_by, changed_on, changed_for, status, marked_by, marked_on, marked_for = values
    if label is None or not policy.lifecycle_status:
        return FraudStatus(status=status, by=marked_by, on=marked_on, reason=marked_for)
    printed = _FRAUD_STATUS_OF.get(label, Customer.FraudStatus.NONE)
    return FraudStatus(status=printed, by=changed_by, on=changed_on, reason=changed_for)


def is_deleted(values: Sequence[Any], policy: Policy) -> bool:
    """True if the values of label and `COLUMNS` are those of a deleted account (docs/protocol.md 2.1)."""
    return policy.lifecycle_status and values[0] == CustomerStatus.Status.DELETED


def fraud_details(fraud_status: FraudStatus, zone: ZoneInfo) -> dict[str, str]:
    """Printed fraud status with actor, time and reason; NONE and blanks without one (docs/protocol.md 7)."""
    return {
        "status": fraud_status.status,
        "marked_by": fraud_status.by,
        "modified_on": write_moment(fraud_status.on, zone) if fraud_status.on else "",
        "reason": fraud_status.reason,
    }
