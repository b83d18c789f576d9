"""What statuses of customers block."""

import pytest

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from customers.statuses.rules import blocks, is_leaving, label_of
from organizations.policies import Policy

Block = CustomerStatus.Block
# docs/protocol.md 2.1
STATUSES = ("ACTIVE", "SUSPENDED", "DELETED", "FRAUD_SUSPECTED", "FRAUD_CONFIRMED", "INTERNAL", "PENDING_DELETION")
BLOCKS = (
    "coupon_redeem",
    "coupon_issue",
    "points_issue",
    "points_redeem",
    "identifier_change",
    "tier_upgrade",
    "transactions",
    "promotions",
)
BY_FRAUD, BY_LABEL = Policy(), Policy(lifecycle_status=True)
CLOSED_BY_FRAUD = {Block.IDENTIFIER_CHANGE, Block.POINTS_REDEEM, Block.COUPON_REDEEM, Block.COUPON_ISSUE}


def customer(*blocked: str, status: str = "", fraud: str = "NONE") -> Customer:
    """With a label that blocks these, if a status is given."""
    label = CustomerStatus(status=status, label="Label", blocks=list(blocked)) if status else None
    return Customer(fraud_status=fraud, status_label=label)


def closed(who: Customer, policy: Policy) -> set[str]:
    return {block for block in Block if blocks(who, block, policy)}


def test_statuses_and_blocks_are_those_of_the_protocol() -> None:
    assert tuple(Block.values) == BLOCKS
    assert tuple(CustomerStatus.Status.values) == STATUSES


@pytest.mark.parametrize("fraud", ["CONFIRMED", "RECONFIRMED", "INTERNAL"])
def test_fraud_blocks_redemptions_and_identity_not_purchases(fraud: str) -> None:
    assert closed(customer(fraud=fraud), BY_FRAUD) == CLOSED_BY_FRAUD


@pytest.mark.parametrize("fraud", ["NONE", "NOT_FRAUD", "MARKED"])
def test_other_fraud_statuses_block_nothing(fraud: str) -> None:
    assert closed(customer(fraud=fraud), BY_FRAUD) == set()


@pytest.mark.parametrize("status", STATUSES)
def test_a_label_blocks_its_actions_whatever_the_status(status: str) -> None:
    who = customer("transactions", "tier_upgrade", status=status, fraud="CONFIRMED")
    assert closed(who, BY_LABEL) == {Block.TRANSACTIONS, Block.TIER_UPGRADE}
    assert closed(customer(status=status, fraud="CONFIRMED"), BY_LABEL) == set()


def test_without_a_label_the_fraud_status_goes_on_deciding() -> None:
    assert closed(customer(fraud="CONFIRMED"), BY_LABEL) == CLOSED_BY_FRAUD


def test_a_label_means_nothing_where_statuses_are_switched_off() -> None:
    who = customer("transactions", status="DELETED", fraud="CONFIRMED")
    assert closed(who, BY_FRAUD) == CLOSED_BY_FRAUD
    assert (label_of(who, BY_FRAUD), label_of(who, BY_LABEL)) == (None, who.status_label)


@pytest.mark.parametrize("policy", [BY_FRAUD, BY_LABEL])
@pytest.mark.parametrize("status", ["", *STATUSES])
def test_accounts_are_leaving_while_their_label_is_pending_deletion(status: str, policy: Policy) -> None:
    leaving = policy.lifecycle_status and status in {"DELETED", "PENDING_DELETION"}
    assert is_leaving(customer(status=status), policy) is leaving
