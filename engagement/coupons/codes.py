"""Codes and sentences of coupons (docs/protocol.md, tills' part 6.3).

They have this meaning only in these calls and in imports of coupons; customer calls have codes of their own.
"""

from collections.abc import Mapping
from enum import unique
from typing import Final

from loyalty_project.protocol.codes import CodeTable


@unique
class CouponCode(CodeTable):
    """The codes of issuing, redeeming and reactivating coupons, in ascending order."""

    INVALID_REDEMPTION = 510, "Invalid redemption id"
    NO_REDEMPTION = 661, "No redemption id"
    NO_USES_LEFT = 696, "Redemption per coupon code limit has reached max limit"
    DONE = 700, "Coupon processing successful"
    CUSTOMER_NOT_FOUND = 701, "Customer not found"
    INVALID_CODE = 702, "Invalid coupon code"
    INVALID_SERIES = 707, "Invalid coupon series"
    FAILED = 709, "Coupon processing failed"
    OTHER_CUSTOMERS = 710, "Coupon belongs to another customer"
    ALREADY_REDEEMED = 711, "Coupon already redeemed"
    SERIES_EXPIRED = 712, "Coupon series has expired"
    EXPIRED = 713, "Coupon has expired"
    # Which of the two: `BILL_REQUIRED` or `BELOW_MINIMUM`.
    BILL_REFUSED = 718, "{x}"
    UNKNOWN_CODE = 719, "Coupon code does not exist"
    NOT_CREATED = 722, "Coupon could not be created"
    INVALID_AMOUNT = 733, "Invalid transaction amount"
    OTHER_STORE = 735, "Coupon is not valid at this store"
    INVALID_TIME = 739, "Invalid redemption date"
    REDEMPTION_BY_FRAUD = 740, "Customer is marked as fraud"
    BLOCKED_BY_STATUS = 742, "Coupons are blocked for this customer"
    ISSUE_TO_FRAUD = 750, "Customer is marked as fraud"


BILL_REQUIRED: Final = "Transaction number is required"
BELOW_MINIMUM: Final = "Bill amount is below the minimum of the coupon"
# The code of each broken constraint, if a race gets past the locks.
CONSTRAINTS: Final[Mapping[str, CouponCode]] = {
    "coupon_uses_within_limit": CouponCode.NO_USES_LEFT,
    "coupon_series_within_max": CouponCode.SERIES_EXPIRED,
    "coupon_nth_of_customer_unique": CouponCode.NOT_CREATED,
    "coupon_reference_unique": CouponCode.NOT_CREATED,
    "coupon_code_unique": CouponCode.NOT_CREATED,
    "coupon_redemption_reversed_once": CouponCode.INVALID_REDEMPTION,
}
