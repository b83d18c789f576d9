"""What customer/redemptions asks for, and redemptions as it reads them (docs/protocol.md 4.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from organizations.locations.names import LocationName


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionQuery:
    """What a read shows: the kinds; the first `limit` redemptions in this `order` (SQL), and the values of the `conditions`.

    The same for coupons. `values` are those of both kinds.

    Of the program `program_id`, or of all programs if `by_program`, or else of the program that applies at the till.
    """

    points: bool
    coupons: bool
    order: str
    conditions: tuple[str, ...]
    values: Mapping[str, Any]
    rows: int
    limit: int
    coupon_order: str
    coupon_conditions: tuple[str, ...]
    coupon_limit: int
    program_id: int
    by_program: bool
    with_user_id: bool


@dataclass(frozen=True, slots=True)
class ReversalRow:
    """Points of a redemption that were given back."""

    pk: int
    points: Decimal
    reversed_at: datetime
    till_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionRow:
    """A redemption with its location, its program and its reversals, the oldest first."""

    pk: int
    code: str
    points: Decimal
    redeemed_at: datetime
    transaction_number: str
    bill_id: int | None
    validation_code: str
    purpose: str
    note: str
    reference: str
    program_id: int
    program_name: str
    store: LocationName | None
    till: LocationName | None
    custom_fields: Sequence[Mapping[str, Any]]
    reversals: Sequence[ReversalRow]


@dataclass(frozen=True, slots=True)
class RedemptionPage:
    """A page of a customer's redemptions, and the number of all of them. `is_member`: the customer is in the program named."""

    redemptions: Sequence[RedemptionRow]
    count: int
    is_member: bool
