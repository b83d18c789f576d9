"""Rules about what a customer's status blocks: pure functions.

The status label decides if the organization uses labels and the customer has one; otherwise the fraud status does
(docs/protocol.md 2.1, 2.6).
"""

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from organizations.policies import Policy

Block = CustomerStatus.Block
Status = CustomerStatus.Status

_FRAUD = frozenset({Customer.FraudStatus.CONFIRMED, Customer.FraudStatus.RECONFIRMED, Customer.FraudStatus.INTERNAL})
# Fraud blocks redemptions and changes of identifiers, not purchases (docs/protocol.md, tills' part 2.3).
_BLOCKED_BY_FRAUD = frozenset({Block.IDENTIFIER_CHANGE, Block.POINTS_REDEEM, Block.COUPON_REDEEM, Block.COUPON_ISSUE})
_LEAVING = frozenset({Status.DELETED, Status.PENDING_DELETION})


def label_of(customer: Customer, policy: Policy) -> CustomerStatus | None:
    """The label that decides about the customer, None if the fraud status does."""
    return customer.status_label if policy.lifecycle_status else None


def blocks(customer: Customer, action: Block, policy: Policy) -> bool:
    """True if the customer's label, or fraud status, blocks the action. Everything is blocked for an erased customer."""
    if customer.erased_at is not None:
        return True
    label = label_of(customer, policy)
    if label is not None:
        return action in label.blocks
    return customer.fraud_status in _FRAUD and action in _BLOCKED_BY_FRAUD


def is_leaving(customer: Customer, policy: Policy) -> bool:
    """True if the account is erased, deleted or pending deletion: it is no longer updated (docs/protocol.md 5, code 1024)."""
    if customer.erased_at is not None:
        return True
    label = label_of(customer, policy)
    return label is not None and label.status in _LEAVING
