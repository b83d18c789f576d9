"""Printed fraud status of a customer (docs/protocol.md 3, 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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


def fraud_status_of(customer: Customer, policy: Policy) -> FraudStatus:
    """Printed fraud status by the customer's status label, or by the fraud status without one."""
    label = label_of(customer, policy)
    if label is None:
        return FraudStatus(
            status=customer.fraud_status,
            by=customer.fraud_marked_by,
            on=customer.fraud_marked_on,
            reason=customer.fraud_reason,
        )
    return FraudStatus(
        status=_FRAUD_STATUS_OF.get(label.status, Customer.FraudStatus.NONE),
        by=customer.status_changed_by,
        on=customer.status_changed_on,
        reason=customer.status_reason,
    )


def fraud_details(customer: Customer, policy: Policy, zone: ZoneInfo) -> dict[str, str]:
    """Printed fraud status with actor, time and reason; NONE and blanks without one (docs/protocol.md 7)."""
    fraud_status = fraud_status_of(customer, policy)
    return {
        "status": fraud_status.status,
        "marked_by": fraud_status.by,
        "modified_on": write_moment(fraud_status.on, zone) if fraud_status.on else "",
        "reason": fraud_status.reason,
    }
