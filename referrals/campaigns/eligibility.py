"""Who may refer others: a pure rule (docs/protocol.md 2.6, 4.11, 5)."""

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks, is_leaving
from loyalty_project.protocol.codes import Code
from organizations.policies import Policy


def refusal_of(customer: Customer, policy: Policy) -> Code | None:
    """The code that refuses this referrer, None for one who may refer.

    618 as fraud, or by a status label that blocks changes of identifiers or promotions, or means that the customer leaves; 1013
    if not LOYALTY; 1204 in the control group.
    """
    is_blocked = any(blocks(customer, action, policy) for action in (Block.IDENTIFIER_CHANGE, Block.PROMOTIONS))
    if is_blocked or is_leaving(customer, policy):
        return Code.FRAUD
    if customer.type != Customer.Type.LOYALTY:
        return Code.NOT_LOYALTY
    if customer.test_control_status == Customer.TestControl.CONTROL:
        return Code.NOT_ELIGIBLE_FOR_REFERRAL
    return None
